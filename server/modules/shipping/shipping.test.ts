import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { openMerchant, type Calendar, type Merchant } from '../merchant/index.ts'
import { buildBook, transitDays, type Service, type Transit } from './book.ts'
import { checkCarrier, checkService, type ShippingRefusal } from './check-shipping.ts'
import { openShipping, type Shipping } from './open-shipping.ts'
import { saveCarrier } from './save-carrier.ts'
import { createService, editService, type NewService } from './save-service.ts'
import { refusals } from './shipping.refusals.ts'

let database: TestDatabase
let db: Db
let shipping: Shipping
let merchant: Merchant

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  shipping = openShipping({ db })
  merchant = openMerchant({ db })
  await carrier('swift', 'Swiftline')
})
after(async () => {
  await db.close()
  await database.drop()
})

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
const us = { country: 'US', postalCode: '' }
const canada = { country: 'CA', postalCode: '' }
/** `US89` is the postal codes of the country that begin with 89. */
const route = (from: string, to: string, daysMin: number, daysMax: number): Transit => ({
  from: from.slice(0, 2),
  fromPostalPrefix: from.slice(2),
  to: to.slice(0, 2),
  toPostalPrefix: to.slice(2),
  daysMin,
  daysMax,
})
const carrier = (code: string, name: string) => db.inTransaction((tx) => saveCarrier(tx, { actor, code, name }))

const fields = (code: string): NewService => ({
  code,
  name: 'Ground',
  carrier: 'swift',
  calendarId: null,
  active: true,
  transit: [route('US', 'CA', 3, 6), route('US', 'US', 2, 5)],
})
async function create(code: string): Promise<Service> {
  const outcome = await db.inTransaction((tx) => createService(tx, { merchant }, { actor, fields: fields(code) }))
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return outcome.service
}

test('transit days are those of the route, in its direction, while the service is active', async () => {
  const { id } = await create('ground')
  const book = await shipping.currentBook()
  assert.deepEqual(transitDays(book, id, us, us), { min: 2, max: 5 })
  assert.deepEqual(transitDays(book, id, us, canada), { min: 3, max: 6 })
  assert.equal(transitDays(book, id, canada, us), null)
  assert.equal(transitDays(book, newId(), us, us), null)

  await db.inTransaction((tx) =>
    editService(tx, { merchant }, { actor, id, seenVersion: 1, changes: { active: false } }),
  )
  assert.equal(transitDays(await shipping.currentBook(), id, us, us), null)
})

// oxfmt-ignore
const ways = [
  // from      to        takes    by the route
  ['US89502', 'US94105', '1-2'], // Nevada to San Francisco
  ['US89502', 'US95814', '2-3'], // Nevada to California
  ['US43217', 'US94105', '3-4'], // anywhere to San Francisco
  ['US43217', 'US10001', '4-6'], // anywhere to anywhere
  ['US43217', 'US',      '4-6'], // where in the country is not known
  ['US',      'US9',     '4-6'], // too short to be of a prefix
  ['US89502', 'CAV6B',   '5-7'], // to Vancouver
  ['US89502', 'CAM5V',   'never'],
] as const
for (const [from, to, takes] of ways) {
  test(`from ${from} to ${to} takes ${takes}: the destination's longest prefix speaks, then the origin's`, () => {
    const id = newId<'shippingService'>()
    const transit = [
      route('US', 'US', 4, 6),
      route('US', 'US941', 3, 4),
      route('US89', 'US9', 2, 3),
      route('US89', 'US941', 1, 2),
      route('US', 'CAV', 5, 7),
    ]
    const book = buildBook({ carriers: [], services: [{ ...fields('ways'), id, version: 1, transit }] })
    const place = (text: string) => ({ country: text.slice(0, 2), postalCode: text.slice(2) })
    const days = transitDays(book, id, place(from), place(to))
    assert.equal(days === null ? 'never' : `${days.min}-${days.max}`, takes)
  })
}

test('a service is held as it was saved; an edit replaces its routes and is told and audited', async () => {
  const service = await create('edited')
  assert.deepEqual((await shipping.currentBook()).serviceByCode.get('edited'), service)
  const transit = [route('DE', 'FR', 0, 1)]
  const outcome = await db.inTransaction((tx) =>
    editService(tx, { merchant }, { actor, id: service.id, seenVersion: 1, changes: { name: 'Ground EU', transit } }),
  )
  const expected = { ...service, name: 'Ground EU', transit, version: 2 }
  assert.deepEqual(outcome, { kind: 'edited', service: expected })
  assert.deepEqual((await shipping.currentBook()).serviceById.get(service.id), expected)

  const id = formatId('shippingService', service.id)
  const events = await db.rows({
    name: 'test.events',
    text: 'select type, version, data from platform.event where aggregate_id = $1 order by position',
    values: [service.id],
  })
  assert.deepEqual(events, [
    { type: 'shipping_service.created', version: 1, data: { id, code: 'edited', fields: Object.keys(fields('')) } },
    { type: 'shipping_service.edited', version: 2, data: { id, code: 'edited', fields: ['name', 'transit'] } },
  ])
  const audit = await db.rows<{ action: string }>({
    name: 'test.audit',
    text: 'select action from platform.audit_entry where object = $1 order by id',
    values: [id],
  })
  assert.deepEqual(
    audit.map(({ action }) => action),
    ['shipping_service.created', 'shipping_service.edited'],
  )
})

test('a stale version and an unknown service are not edited', async () => {
  const { id } = await create('stale')
  const edit = (serviceId: typeof id, seenVersion: number) =>
    db.inTransaction((tx) =>
      editService(tx, { merchant }, { actor, id: serviceId, seenVersion, changes: { name: 'X' } }),
    )
  assert.equal((await edit(id, 1)).kind, 'edited')
  assert.deepEqual(await edit(id, 1), { kind: 'version_mismatch', currentVersion: 2 })
  assert.deepEqual(await edit(newId(), 1), { kind: 'unknown' })
})

test('saving a carrier again changes nothing; another name renames it', async () => {
  const first = await carrier('atlas', 'Atlas')
  assert.deepEqual(await carrier('atlas', 'Atlas'), first)
  const renamed = await carrier('atlas', 'Atlas Global')
  assert.ok(first.kind === 'saved' && renamed.kind === 'saved')
  assert.deepEqual(renamed.carrier, { ...first.carrier, name: 'Atlas Global', version: 2 })
  assert.deepEqual((await shipping.currentBook()).carrierByCode.get('atlas'), renamed.carrier)
  const events = await db.rows<{ data: { name: string } }>({
    name: 'test.carrier_events',
    text: 'select data from platform.event where aggregate_id = $1 order by position',
    values: [first.carrier.id],
  })
  assert.deepEqual(
    events.map(({ data }) => data.name),
    ['Atlas', 'Atlas Global'],
  )
})

test('forty carriers of one code at once are one carrier', async () => {
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => carrier('race', 'Race')))
  const ids = new Set(outcomes.map((outcome) => (outcome.kind === 'saved' ? outcome.carrier.id : outcome.kind)))
  assert.equal(ids.size, 1)
})

const weekdays: Calendar = { id: newId(), code: 'w', name: 'W', workingDays: [1], closedDates: [], version: 1 }
const calendarById = new Map([[weekdays.id, weekdays]])
type Row = readonly [changed: Partial<NewService>, expected: ShippingRefusal['code'] | 'may be saved']
const rows: readonly Row[] = [
  [{}, 'may be saved'],
  [{ transit: [] }, 'may be saved'],
  [{ code: 'Ground' }, 'shipping_code_invalid'],
  [{ code: 'g'.repeat(41) }, 'shipping_code_invalid'],
  [{ code: 'taken' }, 'service_code_taken'],
  [{ name: ' ' }, 'shipping_name_blank'],
  [{ carrier: 'pigeon' }, 'carrier_unknown'],
  [{ transit: [route('US', 'XX', 1, 2)] }, 'route_country_unknown'],
  [{ transit: [route('us', 'US', 1, 2)] }, 'route_country_unknown'],
  [{ calendarId: newId() }, 'service_calendar_unknown'],
  [{ calendarId: weekdays.id }, 'may be saved'],
  [{ transit: [route('US89', 'US1', 1, 2), route('US89', 'US10', 1, 2), route('US', 'US1', 1, 2)] }, 'may be saved'],
  [{ transit: [route('US8 9', 'US', 1, 2)] }, 'route_prefix_invalid'],
  [{ transit: [route('US', 'USab', 1, 2)] }, 'route_prefix_invalid'],
  [{ transit: [route('US', 'US01234567890', 1, 2)] }, 'route_prefix_invalid'],
  [{ transit: [route('US89', 'US1', 1, 2), route('US89', 'US1', 1, 2)] }, 'route_repeated'],
  [{ transit: [route('US', 'DE', 1, 2), route('US', 'DE', 1, 2)] }, 'route_repeated'],
  [{ transit: [route('US', 'DE', 1, 2), route('DE', 'US', 1, 2)] }, 'may be saved'],
  [{ transit: [route('US', 'US', 0, 0)] }, 'may be saved'],
  [{ transit: [route('US', 'US', 2, 1)] }, 'transit_days_invalid'],
  [{ transit: [route('US', 'US', -1, 1)] }, 'transit_days_invalid'],
  [{ transit: [route('US', 'US', 0.5, 1)] }, 'transit_days_invalid'],
  [{ transit: [route('US', 'US', 1, 365)] }, 'may be saved'],
  [{ transit: [route('US', 'US', 1, 366)] }, 'transit_days_invalid'],
]
for (const [changed, expected] of rows) {
  test(`service ${JSON.stringify(changed)}: ${expected}`, () => {
    const others = {
      carriers: [{ id: '', code: 'swift', name: 'Swiftline', version: 1 }],
      services: [{ ...fields('taken'), id: newId<'shippingService'>(), version: 1 }],
    }
    assert.equal(
      checkService({ ...fields('new'), ...changed }, others, { calendarById })[0]?.code ?? 'may be saved',
      expected,
    )
  })
}

test('a carrier needs a code and a name', () => {
  const codes = (code: string, name: string) => checkCarrier({ code, name }).map((reason) => reason.code)
  assert.deepEqual(codes('UPS', 'UPS'), ['shipping_code_invalid'])
  assert.deepEqual(codes('ups', ''), ['shipping_name_blank'])
  assert.deepEqual(codes('UPS', ''), ['shipping_code_invalid', 'shipping_name_blank'])
  assert.deepEqual(codes('ups', 'UPS'), [])
})

test('everything that is wrong with a service is told at once', () => {
  const transit = [route('US', 'XX', 3, 2), route('USab', 'DE', 1, 2), route('USab', 'DE', 1, 2)]
  const wrong = { ...fields('new'), name: '', carrier: 'pigeon', calendarId: newId<'calendar'>(), transit }
  assert.deepEqual(
    checkService(wrong, { carriers: [], services: [] }, { calendarById }).map(({ code }) => code),
    [
      'shipping_name_blank',
      'carrier_unknown',
      'service_calendar_unknown',
      'route_country_unknown',
      'transit_days_invalid',
      'route_prefix_invalid',
      'route_prefix_invalid',
      'route_repeated',
    ],
  )
})

test('every refusal of the table can happen', () => {
  const seen = new Set<string>(rows.map(([, expected]) => expected))
  assert.deepEqual(
    Object.keys(refusals).filter((code) => !seen.has(code)),
    [],
  )
})
