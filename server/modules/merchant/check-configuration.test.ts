import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, type LocalDate } from '../../kernel/local-time.ts'
import { newId } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { ConfigurationByKind, ConfigurationKind, ConfigurationRows } from './book.ts'
import { checkConfiguration, type ConfigurationRefusal } from './check-configuration.ts'
import { refusals } from './merchant.refusals.ts'

const entity: ConfigurationByKind['legalEntity'] = {
  id: newId(),
  code: 'us',
  name: 'Fernway Inc.',
  country: 'US',
  currency: 'USD' as CurrencyCode,
  timeZone: 'America/New_York',
  version: 1,
}
const market: ConfigurationByKind['market'] = {
  id: newId(),
  code: 'eu',
  name: 'EU',
  countries: ['DE', 'FR'],
  version: 1,
}
const channel: ConfigurationByKind['channel'] = {
  id: newId(),
  code: 'web',
  name: 'Web',
  kind: 'web',
  legalEntityId: entity.id,
  marketId: market.id,
  currency: 'USD' as CurrencyCode,
  currencies: ['USD', 'EUR'] as CurrencyCode[],
  locale: 'en-US',
  timeZone: 'America/New_York',
  taxIncluded: false,
  taxIncludedExcept: ['EUR' as CurrencyCode],
  taxRounding: 'line',
  trusted: false,
  cartTtlS: 3_600,
  quoteTtlS: 900,
  claimsAt: 'order',
  paymentTtlS: 1_800,
  paymentCapS: 86_400,
  active: true,
  version: 1,
}
const zone: ConfigurationByKind['zone'] = {
  id: newId(),
  code: 'us-ca',
  name: 'California',
  country: 'US',
  regions: ['CA'],
  postalPrefixes: ['90', '91'],
  version: 1,
}
const calendar: ConfigurationByKind['calendar'] = {
  id: newId(),
  code: 'office',
  name: 'Office',
  workingDays: [1, 2, 3, 4, 5],
  closedDates: ['2026-12-25'],
  version: 1,
}
const samples: ConfigurationByKind = { legalEntity: entity, market, channel, zone, calendar }

const others: ConfigurationRows = {
  legalEntity: [entity],
  market: [market],
  channel: [{ ...channel, id: newId(), code: 'pos' }],
  zone: [
    { ...zone, id: newId(), code: 'us', regions: [], postalPrefixes: [] },
    { ...zone, id: newId(), code: 'us-nv', regions: ['NV'], postalPrefixes: ['889', '9'] },
  ],
  calendar: [],
}

/** So many days, one every `step`. */
function daysFrom(first: string, count: number, step = 1): string[] {
  return Array.from({ length: count }, (_, index) => addDays(first as LocalDate, index * step))
}

type Row = readonly [kind: ConfigurationKind, changed: object, expected: ConfigurationRefusal['code'] | 'may be saved']
const rows: readonly Row[] = [
  ['channel', {}, 'may be saved'],
  ['channel', { code: 'Web' }, 'code_invalid'],
  ['channel', { code: '' }, 'code_invalid'],
  ['channel', { code: 'web shop' }, 'code_invalid'],
  ['channel', { code: '-web' }, 'code_invalid'],
  ['channel', { code: 'w'.repeat(40) }, 'may be saved'],
  ['channel', { code: 'w'.repeat(41) }, 'code_invalid'],
  ['channel', { code: 'pos' }, 'code_taken'],
  ['channel', { name: ' \t' }, 'name_blank'],
  ['channel', { legalEntityId: newId() }, 'legal_entity_unknown'],
  ['channel', { marketId: newId() }, 'market_unknown'],
  ['channel', { marketId: null }, 'may be saved'],
  ['channel', { currency: 'XTS', currencies: ['XTS'] }, 'currency_unknown'],
  ['channel', { currencies: ['USD', 'EUX'] }, 'currency_unknown'],
  ['channel', { currency: 'EUR', currencies: ['USD'] }, 'currency_not_sold'],
  ['channel', { currencies: [] }, 'currency_not_sold'],
  ['channel', { currencies: ['USD', 'USD'], taxIncludedExcept: [] }, 'value_repeated'],
  ['channel', { currencies: ['USD'] }, 'currency_not_sold'],
  ['channel', { currencies: ['USD'], taxIncludedExcept: [] }, 'may be saved'],
  ['channel', { taxIncludedExcept: ['EUR', 'EUR'] }, 'value_repeated'],
  ['channel', { timeZone: 'America/Gotham' }, 'time_zone_unknown'],
  ['channel', { locale: 'en_US' }, 'locale_unknown'],
  ['channel', { trusted: true }, 'trust_not_allowed'],
  ['channel', { kind: 'app', trusted: true }, 'trust_not_allowed'],
  ['channel', { kind: 'pos', trusted: true }, 'may be saved'],
  ['channel', { kind: 'marketplace', trusted: true }, 'may be saved'],
  ['channel', { kind: 'import', trusted: true }, 'may be saved'],
  ['channel', { cartTtlS: 59 }, 'duration_out_of_range'],
  ['channel', { cartTtlS: 60, quoteTtlS: 60 }, 'may be saved'],
  ['channel', { cartTtlS: 900, quoteTtlS: 900 }, 'may be saved'],
  ['channel', { cartTtlS: 899, quoteTtlS: 900 }, 'duration_out_of_range'],
  ['channel', { cartTtlS: 60.5 }, 'duration_out_of_range'],
  ['channel', { cartTtlS: 30 * 86_400 }, 'may be saved'],
  ['channel', { cartTtlS: 30 * 86_400 + 1 }, 'duration_out_of_range'],
  ['channel', { quoteTtlS: 59 }, 'duration_out_of_range'],
  ['channel', { quoteTtlS: 86_401 }, 'duration_out_of_range'],
  ['channel', { quoteTtlS: 60, claimsAt: 'checkout' }, 'may be saved'],
  ['channel', { paymentTtlS: 7 * 86_400 + 1, paymentCapS: 30 * 86_400 }, 'duration_out_of_range'],
  ['channel', { paymentTtlS: 86_400, paymentCapS: 86_399 }, 'duration_out_of_range'],
  ['channel', { paymentTtlS: 86_400, paymentCapS: 86_400 }, 'may be saved'],

  ['legalEntity', { code: 'ca' }, 'may be saved'],
  ['legalEntity', {}, 'code_taken'],
  ['legalEntity', { code: 'ca', country: 'ZZ' }, 'country_unknown'],
  ['legalEntity', { code: 'ca', currency: 'CDN' }, 'currency_unknown'],
  ['legalEntity', { code: 'ca', timeZone: 'EST' }, 'time_zone_unknown'],

  ['market', { code: 'dach', countries: ['DE', 'AT', 'CH'] }, 'may be saved'],
  ['market', { code: 'dach', countries: [] }, 'list_empty'],
  ['market', { code: 'dach', countries: ['DE', 'XX'] }, 'country_unknown'],
  ['market', { code: 'dach', countries: ['DE', 'AT', 'DE'] }, 'value_repeated'],

  ['zone', {}, 'may be saved'],
  ['zone', { country: 'XX' }, 'country_unknown'],
  ['zone', { regions: ['ca'] }, 'region_invalid'],
  ['zone', { regions: ['US-CA'] }, 'region_invalid'],
  ['zone', { regions: ['CALI'] }, 'region_invalid'],
  ['zone', { regions: ['ZZ'] }, 'region_invalid'],
  ['zone', { country: 'DE', regions: ['ZZ'] }, 'may be saved'],
  ['zone', { postalPrefixes: ['90 1'] }, 'postal_prefix_invalid'],
  ['zone', { postalPrefixes: [''] }, 'postal_prefix_invalid'],
  ['zone', { regions: ['CA', 'CA'] }, 'value_repeated'],
  ['zone', { postalPrefixes: ['90', '90'] }, 'value_repeated'],
  ['zone', { regions: ['CA', 'NV'] }, 'zone_overlaps'],
  ['zone', { postalPrefixes: ['889'] }, 'zone_overlaps'],
  ['zone', { postalPrefixes: ['8891', '88'] }, 'may be saved'],
  ['zone', { regions: [], postalPrefixes: [] }, 'zone_overlaps'],
  ['zone', { regions: [], postalPrefixes: [], country: 'CA' }, 'may be saved'],
  ['zone', { regions: ['ON'], country: 'CA' }, 'may be saved'],

  ['calendar', {}, 'may be saved'],
  ['calendar', { workingDays: [] }, 'list_empty'],
  ['calendar', { workingDays: [0, 1] }, 'weekday_unknown'],
  ['calendar', { workingDays: [1, 8] }, 'weekday_unknown'],
  ['calendar', { workingDays: [1.5] }, 'weekday_unknown'],
  ['calendar', { workingDays: [1, 1] }, 'value_repeated'],
  ['calendar', { closedDates: ['2026-02-30'] }, 'date_unknown'],
  ['calendar', { closedDates: ['2026-12-25', '2026-12-25'] }, 'value_repeated'],
  ['calendar', { workingDays: [1, 2, 3, 4, 5, 6, 7], closedDates: daysFrom('2027-01-01', 365) }, 'may be saved'],
  ['calendar', { workingDays: [1, 2, 3, 4, 5, 6, 7], closedDates: daysFrom('2027-01-01', 366) }, 'closed_too_long'],
  ['calendar', { workingDays: [1], closedDates: daysFrom('2027-01-04', 1_000, 7) }, 'closed_too_long'],
  ['calendar', { workingDays: [1], closedDates: daysFrom('2027-01-05', 1_000, 7) }, 'may be saved'],
  ['calendar', { workingDays: [6], closedDates: ['9999-12-31'] }, 'may be saved'],
  ['calendar', { workingDays: [6], closedDates: ['1001-01-03'] }, 'may be saved'],
  ['calendar', { workingDays: [1, 2], closedDates: daysFrom('2027-01-04', 1_000, 7) }, 'may be saved'],
]

for (const [kind, changed, expected] of rows) {
  test(`${kind} ${JSON.stringify(changed)}: ${expected}`, () => {
    const [first] = checkConfiguration(kind, { ...samples[kind], ...changed }, others)
    assert.equal(first?.code ?? 'may be saved', expected)
  })
}

const manyRows: readonly (readonly [kind: ConfigurationKind, changed: object, codes: readonly string[]])[] = [
  [
    'channel',
    {
      code: 'Web',
      name: '',
      marketId: newId(),
      currencies: ['USX', 'USD'],
      locale: 'en_US',
      cartTtlS: 1,
      quoteTtlS: 1,
    },
    [
      'code_invalid',
      'name_blank',
      'market_unknown',
      'currency_unknown',
      'currency_not_sold',
      'locale_unknown',
      'duration_out_of_range',
      'duration_out_of_range',
    ],
  ],
  ['legalEntity', { code: 'ca', country: 'ZZ', currency: 'CDN' }, ['country_unknown', 'currency_unknown']],
  ['market', { code: 'dach', countries: ['XX', 'YY', 'XX'] }, ['country_unknown', 'country_unknown', 'value_repeated']],
  [
    'zone',
    { regions: ['CA', 'NV', 'cali'], postalPrefixes: ['889', '9 0'] },
    ['region_invalid', 'postal_prefix_invalid', 'zone_overlaps', 'zone_overlaps'],
  ],
  ['zone', { country: 'XX', regions: ['cali'] }, ['country_unknown']],
  ['calendar', { workingDays: [0, 8], closedDates: ['then'] }, ['weekday_unknown', 'weekday_unknown', 'date_unknown']],
]

for (const [kind, changed, codes] of manyRows) {
  test(`${kind} ${JSON.stringify(changed)} is told everything at once: ${codes.join(', ')}`, () => {
    const reasons = checkConfiguration(kind, { ...samples[kind], ...changed }, others)
    assert.deepEqual(
      reasons.map(({ code }) => code),
      codes,
    )
  })
}

test('every refusal of the table can happen', () => {
  // What only other rooms know is told where a row is saved.
  const seen = new Set<string>([...rows.map(([, , expected]) => expected), 'price_lists_orphaned'])
  assert.deepEqual(
    Object.keys(refusals).filter((code) => !seen.has(code)),
    [],
  )
})
