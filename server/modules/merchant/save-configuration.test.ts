import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, sqlState, type Db } from '../../platform/db.ts'
import { pricesIncludeTax, type Channel, type ConfigurationByKind, type ConfigurationKind } from './book.ts'
import { openMerchant, type Merchant } from './open-merchant.ts'
import {
  createConfiguration,
  editConfiguration,
  type ConfigurationChanges,
  type NewConfiguration,
} from './save-configuration.ts'

let database: TestDatabase
let db: Db
let merchant: Merchant

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  merchant = openMerchant({ db })
})
after(async () => {
  await db.close()
  await database.drop()
})

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'

function make<Kind extends ConfigurationKind>(kind: Kind, fields: NewConfiguration<Kind>) {
  return db.inTransaction((tx) => createConfiguration(tx, { actor, kind, fields }))
}

async function create<Kind extends ConfigurationKind>(
  kind: Kind,
  fields: NewConfiguration<Kind>,
): Promise<ConfigurationByKind[Kind]> {
  const outcome = await make(kind, fields)
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return outcome.row
}

function edit<Kind extends ConfigurationKind>(
  kind: Kind,
  id: ConfigurationByKind[Kind]['id'],
  seenVersion: number,
  changes: ConfigurationChanges<Kind>,
) {
  return db.inTransaction((tx) =>
    editConfiguration(tx, { orphanedPriceLists: async () => [] }, { actor, kind, id, seenVersion, changes }),
  )
}

const entityFields = (code: string): NewConfiguration<'legalEntity'> => ({
  code,
  name: 'Fernway',
  country: 'US',
  currency: 'USD' as CurrencyCode,
  timeZone: 'America/New_York',
})
const channelFields = (code: string, legalEntityId: Id<'legalEntity'>): NewConfiguration<'channel'> => ({
  code,
  name: 'Web',
  kind: 'web',
  legalEntityId,
  marketId: null,
  currency: 'USD' as CurrencyCode,
  currencies: ['USD', 'EUR'] as CurrencyCode[],
  locale: 'en-US',
  timeZone: 'America/New_York',
  taxIncluded: false,
  trusted: false,
  cartTtlS: 3_600,
  quoteTtlS: 900,
  claimsAt: 'order',
  paymentTtlS: 1_800,
  paymentCapS: 86_400,
  active: true,
})

test('what was saved is what the book holds, for every kind', async () => {
  const entity = await create('legalEntity', entityFields('book'))
  const market = await create('market', { code: 'book', name: 'Here', countries: ['US', 'CA'] })
  const channel = await create('channel', { ...channelFields('book', entity.id), marketId: market.id })
  const zone = await create('zone', {
    code: 'book',
    name: 'Texas',
    country: 'US',
    regions: ['TX'],
    postalPrefixes: ['75', '76'],
  })
  const calendar = await create('calendar', {
    code: 'book',
    name: 'Office',
    workingDays: [1, 2, 3],
    closedDates: ['2026-12-25', '2027-01-01'],
  })

  const book = await merchant.currentBook()
  assert.deepEqual(book.legalEntityById.get(entity.id), entity)
  assert.deepEqual(book.marketById.get(market.id), market)
  assert.deepEqual(book.channelById.get(channel.id), channel)
  assert.deepEqual(book.channelByCode.get('book'), channel)
  assert.deepEqual(book.zoneById.get(zone.id), zone)
  assert.deepEqual(book.calendarById.get(calendar.id), calendar)
})

test('an edit changes the fields it names, counts the version up and is told and audited once', async () => {
  const entity = await create('legalEntity', entityFields('edit'))
  const channel = await create('channel', channelFields('edit', entity.id))
  const outcome = await edit('channel', channel.id, 1, { name: 'Web shop', active: false })
  const expected: Channel = { ...channel, name: 'Web shop', active: false, version: 2 }
  assert.deepEqual(outcome, { kind: 'edited', row: expected })
  assert.deepEqual((await merchant.currentBook()).channelById.get(channel.id), expected)

  const events = await db.rows({
    name: 'test.events',
    text: `select type, aggregate_kind, version, data from platform.event where aggregate_id = $1 order by position`,
    values: [channel.id],
  })
  const id = formatId('channel', channel.id)
  assert.deepEqual(events, [
    {
      type: 'channel.created',
      aggregate_kind: 'channel',
      version: 1,
      data: { id, code: 'edit', fields: Object.keys(channelFields('', entity.id)) },
    },
    {
      type: 'channel.edited',
      aggregate_kind: 'channel',
      version: 2,
      data: { id, code: 'edit', fields: ['name', 'active'] },
    },
  ])
  const audit = await db.rows({
    name: 'test.audit',
    text: 'select actor, action from platform.audit_entry where object = $1 order by id',
    values: [id],
  })
  assert.deepEqual(audit, [
    { actor, action: 'channel.created' },
    { actor, action: 'channel.edited' },
  ])
})

test('a shop tells dollars without tax and euros with it', async () => {
  const [usd, eur] = ['USD', 'EUR'] as [CurrencyCode, CurrencyCode]
  const entity = await create('legalEntity', entityFields('taxes'))
  const shop = await create('channel', { ...channelFields('taxes', entity.id), taxIncludedExcept: [eur] })
  assert.deepEqual([pricesIncludeTax(shop, usd), pricesIncludeTax(shop, eur)], [false, true])
  const turned = { ...shop, taxIncluded: true }
  assert.deepEqual([pricesIncludeTax(turned, usd), pricesIncludeTax(turned, eur)], [true, false])
})

test('every kind can be edited', async () => {
  const entity = await create('legalEntity', entityFields('all'))
  const market = await create('market', { code: 'all', name: 'All', countries: ['US'] })
  const zone = await create('zone', { code: 'all', name: 'All', country: 'MX', regions: [], postalPrefixes: [] })
  const calendar = await create('calendar', {
    code: 'all',
    name: 'All',
    workingDays: [1],
    closedDates: [],
  })
  await edit('legalEntity', entity.id, 1, { name: 'New', timeZone: 'UTC' })
  await edit('market', market.id, 1, { countries: ['US', 'MX'] })
  await edit('zone', zone.id, 1, { postalPrefixes: ['01'] })
  await edit('calendar', calendar.id, 1, { workingDays: [1, 7], closedDates: ['2028-02-29'] })

  const book = await merchant.currentBook()
  assert.deepEqual(book.legalEntityById.get(entity.id), { ...entity, name: 'New', timeZone: 'UTC', version: 2 })
  assert.deepEqual(book.marketById.get(market.id), { ...market, countries: ['US', 'MX'], version: 2 })
  assert.deepEqual(book.zoneById.get(zone.id), { ...zone, postalPrefixes: ['01'], version: 2 })
  assert.deepEqual(book.calendarById.get(calendar.id), {
    ...calendar,
    workingDays: [1, 7],
    closedDates: ['2028-02-29'],
    version: 2,
  })
})

test('what cannot be is refused and not written', async () => {
  const entity = await create('legalEntity', entityFields('refuse'))
  const market = await create('market', { code: 'refuse', name: 'Here', countries: ['US'] })
  const outcomes = [
    await make('legalEntity', entityFields('refuse')),
    await edit('market', market.id, 1, { countries: ['XX'] }),
    await edit('market', market.id, 7, { countries: ['DE'] }),
    await edit('market', newId(), 1, { countries: ['DE'] }),
  ]
  const unknownCountry = { code: 'country_unknown', country: 'XX' }
  assert.deepEqual(outcomes, [
    { kind: 'refused', refusal: { code: 'code_taken', reasons: [{ code: 'code_taken' }] } },
    { kind: 'refused', refusal: { ...unknownCountry, reasons: [unknownCountry] } },
    { kind: 'version_mismatch', currentVersion: 1 },
    { kind: 'unknown' },
  ])
  const book = await merchant.currentBook()
  assert.deepEqual(book.marketById.get(market.id), market)
  assert.deepEqual(
    book.rows.legalEntity.filter(({ code }) => code === 'refuse'),
    [entity],
  )
})

test('of forty who want the same code one gets it; of forty who edit the same version one does', async () => {
  const makes = await Promise.all(Array.from({ length: 40 }, () => make('legalEntity', entityFields('race'))))
  assert.equal(makes.filter(({ kind }) => kind === 'created').length, 1)
  assert.equal(makes.filter((made) => made.kind === 'refused' && made.refusal.code === 'code_taken').length, 39)

  const { rows } = await merchant.currentBook()
  const { id } = must(
    rows.legalEntity.find(({ code }) => code === 'race'),
    'the one made',
  )
  const edits = await Promise.all(
    Array.from({ length: 40 }, (_, n) => edit('legalEntity', id, 1, { name: `Name ${n}` })),
  )
  assert.equal(edits.filter(({ kind }) => kind === 'edited').length, 1)
  assert.equal(edits.filter(({ kind }) => kind === 'version_mismatch').length, 39)
})

test('a book at a revision is at least that new, and no statement is sent for one that is held', async () => {
  const reader = openMerchant({ db })
  assert.equal(reader.peek(), undefined)
  const first = await reader.currentBook()
  assert.equal(reader.peek(), first)
  const noDatabase = { rows: () => assert.fail('asked'), execute: () => assert.fail('asked') }
  assert.equal(await reader.bookAt(noDatabase, 0n), first)

  await create('market', { code: 'newer', name: 'Newer', countries: ['US'] })
  assert.equal(reader.peek(), first, 'nobody told this node')
  const second = await reader.currentBook()
  assert.ok(second.rows.market.some(({ code }) => code === 'newer'))
})

test('the schema refuses what the checks refuse, should the code forget', async () => {
  const nonsense = [
    ['a web channel that is trusted', `update merchant.channel set trusted = true where code = 'book'`],
    ['a default currency that is not sold', `update merchant.channel set currency = 'CHF' where code = 'book'`],
    ['a tax rule for francs', `update merchant.channel set tax_included_except = '{CHF}' where code = 'book'`],
    ['a code in capitals', `update merchant.market set code = 'Book' where code = 'book'`],
    ['a blank name', `update merchant.market set name = ' ' where code = 'book'`],
    ['a market nowhere', `update merchant.market set countries = '{}' where code = 'book'`],
    ['a calendar without a working day', `update merchant.calendar set working_days = '{}' where code = 'book'`],
    ['an eighth weekday', `update merchant.calendar set working_days = '{8}' where code = 'book'`],
  ] as const
  for (const [what, text] of nonsense) {
    await assert.rejects(db.execute({ name: `test.${what}`, text }), (error) => sqlState(error) === '23514', what)
  }
})
