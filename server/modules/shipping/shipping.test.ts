import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId } from '../../kernel/id.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { transitDays, type Service } from './book.ts'
import { checkCarrier, checkService, type ShippingRefusal } from './check-shipping.ts'
import { openShipping, type Shipping } from './open-shipping.ts'
import { saveCarrier } from './save-carrier.ts'
import { createService, editService, type NewService } from './save-service.ts'
import { refusals } from './shipping.refusals.ts'

let database: TestDatabase
let db: Db
let shipping: Shipping

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  shipping = openShipping({ db })
  await carrier('swift', 'Swiftline')
})
after(async () => {
  await db.close()
  await database.drop()
})

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
const carrier = (code: string, name: string) => db.inTransaction((tx) => saveCarrier(tx, { actor, code, name }))

const fields = (code: string): NewService => ({
  code,
  name: 'Ground',
  carrier: 'swift',
  active: true,
  transit: [
    { from: 'US', to: 'CA', daysMin: 3, daysMax: 6 },
    { from: 'US', to: 'US', daysMin: 2, daysMax: 5 },
  ],
})
async function create(code: string): Promise<Service> {
  const outcome = await db.inTransaction((tx) => createService(tx, { actor, fields: fields(code) }))
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return outcome.service
}

test('transit days are those of the route, in its direction, while the service is active', async () => {
  const { id } = await create('ground')
  const book = await shipping.currentBook()
  assert.deepEqual(transitDays(book, id, 'US', 'US'), { min: 2, max: 5 })
  assert.deepEqual(transitDays(book, id, 'US', 'CA'), { min: 3, max: 6 })
  assert.equal(transitDays(book, id, 'CA', 'US'), null)
  assert.equal(transitDays(book, newId(), 'US', 'US'), null)

  await db.inTransaction((tx) => editService(tx, { actor, id, seenVersion: 1, changes: { active: false } }))
  assert.equal(transitDays(await shipping.currentBook(), id, 'US', 'US'), null)
})

test('a service is held as it was saved; an edit replaces its routes and is told and audited', async () => {
  const service = await create('edited')
  assert.deepEqual((await shipping.currentBook()).serviceByCode.get('edited'), service)
  const transit = [{ from: 'DE', to: 'FR', daysMin: 0, daysMax: 1 }]
  const outcome = await db.inTransaction((tx) =>
    editService(tx, { actor, id: service.id, seenVersion: 1, changes: { name: 'Ground EU', transit } }),
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
    db.inTransaction((tx) => editService(tx, { actor, id: serviceId, seenVersion, changes: { name: 'X' } }))
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

const route = (from: string, to: string, daysMin: number, daysMax: number) => ({ from, to, daysMin, daysMax })
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
  [{ transit: [route('usa', 'US', 1, 2)] }, 'route_country_unknown'],
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
    assert.equal(checkService({ ...fields('new'), ...changed }, others)?.code ?? 'may be saved', expected)
  })
}

test('a carrier needs a code and a name', () => {
  assert.equal(checkCarrier({ code: 'UPS', name: 'UPS' })?.code, 'shipping_code_invalid')
  assert.equal(checkCarrier({ code: 'ups', name: '' })?.code, 'shipping_name_blank')
  assert.equal(checkCarrier({ code: 'ups', name: 'UPS' }), null)
})

test('every refusal of the table can happen', () => {
  const seen = new Set<string>(rows.map(([, expected]) => expected))
  assert.deepEqual(
    Object.keys(refusals).filter((code) => !seen.has(code)),
    [],
  )
})
