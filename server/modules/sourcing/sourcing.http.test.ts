import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { createDb, type Db } from '../../platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { readRevisions } from '../../platform/revision.ts'
import { openRooms, type Rooms } from '../../rooms.ts'
import { createConfiguration } from '../merchant/index.ts'
import { mountSourcing } from './sourcing.http.ts'

let database: TestDatabase
let db: Db
let rooms: Rooms
let app: App
let locationId: Id<'location'>

before(async () => {
  database = await createTestDatabase()
  db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  rooms = openRooms({ db, masterKey: new Uint8Array(32), providers: [] })
  const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['sourcing:read', 'sourcing:write'] }
  app = createHttpServer({ authenticate: () => caller, checkResponses: true })
  mountSourcing(app, { db, ...rooms })
  locationId = await db.inTransaction(async (tx) => {
    const entity = await createConfiguration(tx, {
      actor: 'test',
      kind: 'legalEntity',
      fields: {
        code: 'us',
        name: 'US',
        country: 'US',
        currency: 'USD' as CurrencyCode,
        timeZone: 'America/New_York',
      },
    })
    assert.ok(entity.kind === 'created')
    const location = await rooms.inventory.createLocation(tx, {
      actor: 'test',
      fields: {
        code: 'store',
        name: 'Store',
        kind: 'store',
        legalEntityId: entity.row.id,
        timeZone: 'America/New_York',
        country: 'US',
        region: 'NY',
        city: 'New York',
        postalCode: '10001',
        latitude: 40.75,
        longitude: -74,
        active: true,
      },
    })
    assert.ok(location.kind === 'created')
    return location.location.id
  })
})
after(async () => {
  await app.close()
  await db.close()
  await database.drop()
})

const sensible = {
  ships: true,
  offersPickup: true,
  channelIds: [],
  countries: ['US'],
  calendarId: null as string | null,
  handlingDays: 1,
  handlingMinutes: 0,
  cutOff: '14:00',
  cutOffs: [] as { serviceId: string; at: string }[],
  openingHours: [
    { weekday: 1, opens: '09:00', closes: '12:30' },
    { weekday: 1, opens: '13:00', closes: '24:00' },
  ],
  pickupMinutes: 90,
}

const path = (id: string) => `/v1/admin/locations/${id}/network`
const authorization = 'Bearer key'
const read = (id = formatId('location', locationId)) => app.inject({ url: path(id), headers: { authorization } })
const put = (body: object, version: number, id = formatId('location', locationId)) =>
  app.inject({
    method: 'PUT',
    url: path(id),
    headers: { authorization, 'if-match': `"${version}"` },
    payload: body,
  })

test("a location's part in the network is nothing until it is said, then what was said", async () => {
  const before = await read()
  assert.equal(before.statusCode, 200)
  assert.equal(before.headers['etag'], '"0"')
  assert.deepEqual([before.json().ships, before.json().offersPickup], [false, false])

  const saved = await put(sensible, 0)
  assert.equal(saved.statusCode, 200, saved.body)
  const expected = { locationId: formatId('location', locationId), ...sensible, version: 1 }
  assert.deepEqual(saved.json(), expected)
  assert.deepEqual((await read()).json(), expected)

  const { network } = await rooms.sourcing.bookAt(db, await readRevisions(db))
  const node = network.nodeById.get(locationId)
  assert.deepEqual([node?.cutOffMinutes, node?.pickupMinutes, node?.opening.length], [840, 90, 2])

  assert.equal((await put(sensible, 0)).statusCode, 412)
  const again = await put({ ...sensible, openingHours: [], cutOff: '24:00' }, 1)
  assert.deepEqual([again.json().version, again.json().openingHours, again.json().cutOff], [2, [], '24:00'])
  const events = await db.rows<{ type: string; version: number }>({
    name: 'test.node_events',
    text: "select type, version from platform.event where aggregate_kind = 'network_node' order by position",
  })
  assert.deepEqual(
    events.map(({ type, version }) => `${type} ${version}`),
    ['network_node.saved 1', 'network_node.saved 2'],
  )
})

const unknownCalendar = formatId('calendar', newId<'calendar'>())
const unknownService = formatId('shippingService', newId<'shippingService'>())
const hours = (opens: string, closes: string) => ({ weekday: 2, opens, closes })
const nonsense: readonly (readonly [string, object, readonly string[]])[] = [
  ['sends, but nowhere', { countries: [] }, ['/countries ships_nowhere']],
  ['a country of fiction', { countries: ['US', 'XX'] }, ['/countries/1 country_unknown']],
  ['a country twice', { countries: ['US', 'US'] }, ['/countries/1 repeated']],
  ['no such calendar', { calendarId: unknownCalendar }, ['/calendarId calendar_unknown']],
  [
    'no such service, twice',
    {
      cutOffs: [
        { serviceId: unknownService, at: '10:00' },
        { serviceId: unknownService, at: '11:00' },
      ],
    },
    ['/cutOffs/0/serviceId service_unknown', '/cutOffs/1/serviceId service_unknown', '/cutOffs/1/serviceId repeated'],
  ],
  ['closes first', { openingHours: [hours('12:00', '12:00')] }, ['/openingHours/0 closes_before_it_opens']],
  [
    'hours that overlap',
    { openingHours: [hours('09:00', '13:00'), hours('12:59', '18:00')] },
    ['/openingHours/1 hours_overlap'],
  ],
  [
    'several things at once',
    { countries: [], channelIds: [formatId('channel', newId<'channel'>())], calendarId: unknownCalendar },
    ['/countries ships_nowhere', '/calendarId calendar_unknown', '/channelIds/0 channel_unknown'],
  ],
]
for (const [what, changed, expected] of nonsense) {
  test(`nonsense is told with every reason: ${what}`, async () => {
    const { version } = (await read()).json()
    const answer = await put({ ...sensible, ...changed }, version)
    assert.equal(answer.statusCode, 422, answer.body)
    assert.equal(answer.json().code, 'network_invalid')
    const problems = answer.json().problems as { path: string; reason: string }[]
    assert.deepEqual(
      problems.map((problem) => `${problem.path} ${problem.reason}`),
      expected,
    )
    assert.equal((await read()).json().version, version)
  })
}

test('wall clocks that there are not, and a cut-off that leaves no day, are no requests', async () => {
  const { version } = (await read()).json()
  for (const cutOff of ['25:00', '00:00', '9:00', '24:01']) {
    const answer = await put({ ...sensible, cutOff }, version)
    assert.deepEqual([answer.statusCode, answer.json().code], [422, 'invalid_request'], cutOff)
  }
})

test('forty editors of one version: one wins', async () => {
  const { version } = (await read()).json()
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => put({ ...sensible, pickupMinutes: index }, version)),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).toSorted()
  assert.deepEqual(statuses, [200, ...Array.from({ length: 39 }, () => 412)])
  const winner = answers.findIndex(({ statusCode }) => statusCode === 200)
  assert.equal((await read()).json().pickupMinutes, winner)
})

test('a location that there is not is not found', async () => {
  const nobody = formatId('location', newId<'location'>())
  assert.equal((await read(nobody)).statusCode, 404)
  assert.equal((await put(sensible, 0, nobody)).statusCode, 404)
})
