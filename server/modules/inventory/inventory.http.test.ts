import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openStockScene, rows, type StockScene } from '../../../test/races/stock-scene.ts'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { createHttpServer, type App, type Caller } from '../../platform/http/index.ts'
import { openMerchant } from '../merchant/index.ts'
import { mountInventory } from './index.ts'

let scene: StockScene
let app: App
const clerk: Caller = { kind: 'secret', keyId: newId(), scopes: ['inventory:read', 'inventory:write'] }
const reader: Caller = { kind: 'secret', keyId: newId(), scopes: ['inventory:read'] }
const callers: Record<string, Caller> = { clerk, reader }

before(async () => {
  scene = await openStockScene()
  callers.near = { kind: 'partner', keyId: newId(), locationIds: [scene.locationIds.near] }
  app = createHttpServer({ authenticate: (token) => callers[token] ?? null, checkResponses: true })
  mountInventory(app, { db: scene.db, inventory: scene.inventory, merchant: openMerchant({ db: scene.db }) })
})
after(async () => {
  await app.close()
  await scene.close()
})

interface Answer {
  readonly status: number
  readonly etag: unknown
  readonly body: ReturnType<typeof JSON.parse>
}

async function send(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  url: string,
  body?: object,
  { as = 'clerk', ...headers }: Record<string, string> = {},
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url: `/v1/${url}`,
    headers: { authorization: `Bearer ${as}`, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: answer.statusCode, etag: answer.headers['etag'], body: answer.json() }
}

const hall = {
  code: 'hall-7',
  name: 'Hall 7',
  kind: 'warehouse',
  timeZone: 'Europe/Berlin',
  country: 'DE',
  city: 'Leipzig',
  postalCode: '04158',
  latitude: 51.41,
  longitude: 12.41,
}

test('a location is added, read, edited with its version, and listed', async () => {
  const legalEntityId = await entityId()
  const key = randomUUID()
  const made = await send('POST', 'admin/locations', { ...hall, legalEntityId }, { 'idempotency-key': key })
  assert.equal(made.status, 201)
  assert.equal(made.etag, '"1"')
  const { id, ...rest } = made.body
  assert.deepEqual(rest, { ...hall, legalEntityId, region: null, active: true, version: 1 })
  assert.deepEqual(
    (await send('POST', 'admin/locations', { ...hall, legalEntityId }, { 'idempotency-key': key })).body,
    made.body,
  )

  assert.deepEqual((await send('GET', `admin/locations/${id}`)).body, made.body)
  const edited = await send('PATCH', `admin/locations/${id}`, { active: false, region: 'SN' }, { 'if-match': '"1"' })
  assert.deepEqual(edited.body, { ...made.body, active: false, region: 'SN', version: 2 })
  assert.equal((await send('PATCH', `admin/locations/${id}`, { name: 'x' }, { 'if-match': '"1"' })).status, 412)
  assert.equal((await send('PATCH', `admin/locations/${id}`, { code: 'x' }, { 'if-match': '"2"' })).status, 422)

  const first = (await send('GET', 'admin/locations?limit=2')).body
  const second = (await send('GET', `admin/locations?limit=2&cursor=${first.nextCursor}`)).body
  assert.deepEqual(
    [...first.items, ...second.items].map(({ code }: { code: string }) => code),
    ['far', 'hall-7', 'near'],
  )
  assert.equal(second.nextCursor, null)
})

// Each says why, and none of them is made.
// oxfmt-ignore
const wrongLocations = [
  [{ code: 'Hall 8' },                       'location_code_invalid'],
  [{ code: 'near' },                         'location_code_taken'],
  [{ name: '  ' },                           'location_name_blank'],
  [{ timeZone: 'Berlin' },                   'location_time_zone_unknown'],
  [{ timeZone: '+02:00' },                   'location_time_zone_unknown'],
  [{ country: 'XX' },                        'location_country_unknown'],
  [{ latitude: 90.1 },                       'coordinates_invalid'],
  [{ longitude: -181 },                      'coordinates_invalid'],
  [{ legalEntityId: formatId('legalEntity', newId()) }, 'location_legal_entity_unknown'],
  [{ latitude: '51' },                       'invalid_request'],
  [{ kind: 'garage' },                       'invalid_request'],
  [{ colour: 'red' },                        'invalid_request'],
] as const

for (const [wrong, code] of wrongLocations) {
  test(`a location with ${JSON.stringify(wrong)} is refused: ${code}`, async () => {
    const body = { ...hall, code: 'hall-8', legalEntityId: await entityId(), ...wrong }
    const answer = await send('POST', 'admin/locations', body, { 'idempotency-key': randomUUID() })
    assert.equal(answer.body.code, code)
    assert.equal(answer.status, code === 'location_code_taken' ? 409 : 422)
  })
}

test('a code that reads like an id is refused: it would name two locations', async () => {
  const body = { ...hall, code: formatId('location', newId()), legalEntityId: await entityId() }
  const answer = await send('POST', 'admin/locations', body, { 'idempotency-key': randomUUID() })
  assert.equal(answer.body.code, 'location_code_invalid')
})

test('stock is adjusted, counted, limited and read', async () => {
  await scene.clock('12:00')
  await scene.addSkus('A-1', 'A-2', 'A-3')
  const adjustments = {
    commandKey: randomUUID(),
    entries: [
      { sku: 'A-1', location: 'near', delta: 10, reason: 'opening' },
      { sku: 'A-1', location: 'near', channel: 'web', delta: 2, reason: 'opening' },
      { sku: 'A-2', location: 'near', delta: 5, reason: 'opening' },
      { sku: 'A-3', location: 'far', delta: 1, reason: 'opening', disposition: 'refurbish' },
    ],
  }
  assert.equal((await send('POST', 'admin/inventory/adjustments', adjustments)).status, 200)
  await scene.claim('A-1', 'near', { kind: 'accepted', units: 3 })
  const counted = await send('PUT', 'admin/inventory/counts', {
    asOf: '2026-11-23T12:01:00Z',
    meaning: 'physical',
    entries: [{ sku: 'A-2', location: 'near', quantity: 4 }],
  })
  assert.deepEqual(counted.body, {
    results: [
      {
        sku: 'A-2',
        location: 'near',
        disposition: 'sellable',
        outcome: 'applied',
        onHand: 4,
        difference: -1,
        freedUnits: 0,
      },
    ],
  })
  const limited = await send('PUT', 'admin/inventory/limits', {
    entries: [{ sku: 'A-1', location: 'near', backorderLimit: 6, backorderLeadDays: 9, safetyStock: 1 }],
  })
  assert.deepEqual(limited.body, {
    entries: [
      { sku: 'A-1', location: 'near', backorderLimit: 6, backorderUsed: 0, backorderLeadDays: 9, safetyStock: 1 },
    ],
  })
  const inbound = await send('POST', 'admin/inventory/inbound', {
    reference: 'PO-1',
    location: 'near',
    eta: '2026-12-01T08:00:00Z',
    lines: [{ sku: 'A-1', quantity: 20 }],
  })
  assert.equal(inbound.status, 201)

  const level = (await send('GET', 'admin/inventory/levels?sku=A-1&location=near')).body.items[0]
  const channelId = formatId('channel', scene.channelId)
  assert.deepEqual(level, {
    sku: 'A-1',
    variantId: formatId('variant', scene.variantId('A-1')),
    location: 'near',
    locationId: formatId('location', scene.locationIds.near),
    onHand: 12,
    claimed: 3,
    safetyStock: 1,
    available: 8,
    fenced: [{ channelId, onHand: 2, claimed: 0 }],
    unsellable: [],
    inbound: [
      { inboundId: inbound.body.id, channelId: null, eta: '2026-12-01T08:00:00.000Z', expected: 20, claimed: 0 },
    ],
    backorder: { limit: 6, used: 0, leadDays: 9 },
  })
})

test('levels are read page by page: all, of a SKU, at a location', async () => {
  const bySku = async (query: string): Promise<string[]> => {
    const found: string[] = []
    let cursor = ''
    do {
      const { body, status } = await send('GET', `admin/inventory/levels?limit=1${query}${cursor}`)
      assert.equal(status, 200)
      found.push(...body.items.map(({ sku, location }: { sku: string; location: string }) => `${sku} ${location}`))
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
    } while (cursor !== '')
    return found.toSorted()
  }
  assert.deepEqual(await bySku(''), ['A-1 near', 'A-2 near', 'A-3 far'])
  assert.deepEqual(await bySku('&sku=A-1'), ['A-1 near'])
  assert.deepEqual(await bySku('&location=near'), ['A-1 near', 'A-2 near'])
  assert.deepEqual(await bySku(`&location=${formatId('location', scene.locationIds.far)}`), ['A-3 far'])
  assert.equal((await send('GET', 'admin/inventory/levels?sku=nothing')).status, 404)
  assert.equal((await send('GET', 'admin/inventory/levels?location=nowhere')).status, 404)
  assert.equal((await send('GET', 'admin/inventory/levels?cursor=bm9uc2Vuc2U')).status, 422)
})

test('the ledger tells what happened, newest first, page by page', async () => {
  const reasons: string[] = []
  let cursor = ''
  do {
    const { body } = await send('GET', `admin/inventory/ledger?sku=A-1&location=near&limit=2${cursor}`)
    for (const entry of body.items)
      reasons.push(`${entry.supply} ${entry.reason} ${entry.quantityDelta}/${entry.claimedDelta}`)
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
  } while (cursor !== '')
  assert.deepEqual(reasons, [
    'inbound expected 20/0',
    'backorder limit_set 6/0',
    'on_hand claimed 0/3',
    'on_hand adjusted 2/0',
    'on_hand adjusted 10/0',
  ])
  const [entry] = (await send('GET', 'admin/inventory/ledger?sku=A-1&location=near&limit=1')).body.items
  assert.equal(entry.inboundReference, 'PO-1')
})

test('an inbound is listed, edited, received and cancelled', async () => {
  const listed = await send('GET', 'admin/inventory/inbound?location=near&status=open')
  const { id } = listed.body.items[0]
  assert.deepEqual(listed.body.items[0].lines, [
    {
      sku: 'A-1',
      channelId: null,
      expected: 20,
      received: 0,
      open: 20,
      claimed: 0,
    },
  ])
  const edited = await send(
    'PATCH',
    `admin/inventory/inbound/${id}`,
    { lines: [{ sku: 'A-1', expected: 12 }] },
    { 'if-match': '"1"' },
  )
  assert.equal(edited.body.lines[0].open, 12)
  assert.equal((await send('PATCH', `admin/inventory/inbound/${id}`, {}, { 'if-match': '"1"' })).status, 412)
  const receipt = { commandKey: randomUUID(), lines: [{ sku: 'A-1', quantity: 5 }] }
  const received = await send('POST', `admin/inventory/inbound/${id}/receive`, receipt)
  assert.deepEqual(received.body, {
    commandKey: receipt.commandKey,
    inboundId: id,
    status: 'open',
    lines: [{ sku: 'A-1', received: 5, onHandGained: 5, servedUnits: 0, freedUnits: 0 }],
  })
  assert.deepEqual((await send('POST', `admin/inventory/inbound/${id}/receive`, receipt)).body, received.body)
  const cancelled = await send('POST', `admin/inventory/inbound/${id}/cancel`)
  assert.deepEqual([cancelled.body.status, cancelled.body.lines[0].open], ['cancelled', 0])
  assert.equal((await send('GET', `admin/inventory/inbound/${id}`)).etag, '"4"')
  const unknown = formatId('inbound', newId<'inbound'>())
  assert.equal((await send('POST', `admin/inventory/inbound/${unknown}/cancel`)).status, 404)
  await scene.assertBooks()
})

test('a partner counts at its own location; another’s is nothing to it', async () => {
  const message = (location: string, sku = 'A-2') => ({
    messageId: randomUUID(),
    asOf: '2026-11-23T12:01:00Z',
    meaning: 'physical',
    entries: [{ sku, location, quantity: 3 }],
  })
  const own = await send('PUT', 'partner/counts', message('near'), { as: 'near' })
  assert.deepEqual([own.status, own.body.results[0].outcome], [200, 'applied'])
  const others = await send('PUT', 'partner/counts', message('far'), { as: 'near' })
  const nobodys = await send('PUT', 'partner/counts', message('nowhere'), { as: 'near' })
  assert.equal(others.status, 404)
  const { requestId: one, ...foreign } = others.body
  const { requestId: two, ...absent } = nobodys.body
  assert.deepEqual(foreign, absent)
  assert.notEqual(one, two)
  assert.equal((await send('PUT', 'partner/counts', message('near', 'X'), { as: 'near' })).body.code, 'sku_unknown')
  assert.equal((await send('PUT', 'partner/counts', message('near'))).status, 403)
  const anonymous = { ...message('near'), messageId: undefined }
  assert.equal((await send('PUT', 'partner/counts', anonymous, { as: 'near' })).status, 422)
})

const entry = { sku: 'A-1', location: 'near', delta: 1, reason: 'x' }
// oxfmt-ignore
const wrongBodies: readonly (readonly [string, unknown])[] = [
  ['no entry',            { commandKey: 'k', entries: [] }],
  ['1,001 entries',       { commandKey: 'k', entries: Array.from({ length: 1_001 }, () => entry) }],
  ['a delta of 0',        { commandKey: 'k', entries: [{ ...entry, delta: 0 }] }],
  ['half a unit',         { commandKey: 'k', entries: [{ ...entry, delta: 1.5 }] }],
  ['2^53 units',          { commandKey: 'k', entries: [{ ...entry, delta: 2 ** 53 }] }],
  ['a text for a number', { commandKey: 'k', entries: [{ ...entry, delta: '1' }] }],
  ['no key',              { entries: [entry] }],
  ['an unknown property', { commandKey: 'k', entries: [{ ...entry, price: 1 }] }],
  ['no reason',           { commandKey: 'k', entries: [{ ...entry, reason: '' }] }],
]

for (const [what, body] of wrongBodies) {
  test(`an adjustment with ${what} is refused`, async () => {
    const answer = await send('POST', 'admin/inventory/adjustments', body as object)
    assert.deepEqual([answer.status, answer.body.code], [422, 'invalid_request'])
  })
}

test('who may only read writes nothing', async () => {
  const answer = await send(
    'POST',
    'admin/inventory/adjustments',
    { commandKey: 'k', entries: [entry] },
    { as: 'reader' },
  )
  assert.equal(answer.status, 403)
  assert.equal((await send('PUT', 'admin/inventory/limits', { entries: [] }, { as: 'near' })).status, 403)
})

async function entityId(): Promise<string> {
  const [row] = await rows<{ id: Id<'legalEntity'> }>(scene.db, 'select id from merchant.legal_entity', [])
  assert.ok(row)
  return formatId('legalEntity', row.id)
}
