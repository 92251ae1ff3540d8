import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatId, newId } from '../../kernel/id.ts'
import { openStockScene, rows, type StockScene } from '../../../test/races/stock-scene.ts'
import type { Adjustment, AdjustStockOutcome } from './adjust-stock.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

test('units come and go, each with a person’s word for it', async () => {
  const sku = await freshSku()
  const outcome = await adjust({
    entries: [
      { sku, location: 'near', delta: 12, reason: 'first delivery' },
      { sku, location: 'near', delta: -2, reason: 'damaged' },
      { sku, location: 'near', delta: 2, reason: 'damaged', disposition: 'scrap' },
      { sku, location: 'far', delta: 1, reason: 'sample' },
    ],
  })
  assert.deepEqual(
    answerOf(outcome).entries.map(({ onHand, disposition }) => [disposition, onHand]),
    [
      ['sellable', 10],
      ['sellable', 10],
      ['scrap', 2],
      ['sellable', 1],
    ],
  )
  assert.deepEqual(
    await rows(
      scene.db,
      `
    select quantity_delta, note from inventory.stock_entry join inventory.supply on supply.id = supply_id
     where variant_id = $1 and location_id = $2 and disposition = 'sellable' order by stock_entry.id`,
      [scene.variantId(sku), scene.locationIds.near],
    ),
    [
      { quantity_delta: 12, note: 'first delivery' },
      { quantity_delta: -2, note: 'damaged' },
    ],
  )
  await scene.assertBooks()
})

test('the same key and content answers the same; other content is refused; another sender’s key is its own', async () => {
  const sku = await freshSku()
  const command = { commandKey: newId(), entries: [{ sku, location: 'near', delta: 5, reason: 'found' }] }
  const first = await adjust(command)
  assert.deepEqual(await adjust(command), first)
  // The same place under its other name is the same content.
  const byId = formatId('location', scene.locationIds.near)
  assert.deepEqual(await adjust({ ...command, entries: [{ sku, location: byId, delta: 5, reason: 'found' }] }), first)
  assert.deepEqual(await adjust({ ...command, entries: [{ sku, location: 'near', delta: 6, reason: 'found' }] }), {
    kind: 'refused',
    refusal: { code: 'command_key_reused' },
  })
  await adjust({ ...command, actor: 'key_other' })
  assert.equal((await scene.onHand(sku, 'near')).onHand, 10)
})

test('forty deliveries of one command at once have one effect', async () => {
  const sku = await freshSku()
  const command = { commandKey: newId(), entries: [{ sku, location: 'near', delta: 5, reason: 'found' }] }
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => adjust(command)))
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0])
  assert.equal((await scene.onHand(sku, 'near')).onHand, 5)
  await scene.assertBooks()
})

test('all entries or none', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 3)
  const key = newId()
  const entries = [
    { sku, location: 'far', delta: 5, reason: 'found' },
    { sku, location: 'near', delta: -4, reason: 'lost' },
  ]
  assert.deepEqual(await adjust({ commandKey: key, entries }), {
    kind: 'refused',
    refusal: { code: 'stock_below_zero', path: '/entries/1/delta', onHand: 3 },
  })
  assert.equal((await scene.onHand(sku, 'far')).onHand, 0)
  // A refused command leaves its key free.
  assert.equal((await adjust({ commandKey: key, entries: entries.slice(0, 1) })).kind, 'adjusted')
  await scene.assertBooks()
})

// `path` says where, as a JSON pointer into the request.
// oxfmt-ignore
const misnamed = [
  [{ sku: 'no such' },      { code: 'sku_unknown', path: '/entries/1/sku', sku: 'no such' }],
  [{ sku: 'download' },     { code: 'sku_not_stocked', path: '/entries/1/sku', sku: 'download' }],
  [{ location: 'no such' }, { code: 'location_unknown', path: '/entries/1/location', location: 'no such' }],
  [{ channel: 'no such' },  { code: 'channel_unknown', path: '/entries/1/channel', channel: 'no such' }],
] as const

for (const [wrong, refusal] of misnamed) {
  test(`${refusal.code} says where`, async () => {
    const sku = await freshSku()
    await scene.addDigital('download')
    const good = { sku, location: 'near', delta: 5, reason: 'found' }
    assert.deepEqual(await adjust({ entries: [good, { ...good, ...wrong }] }), { kind: 'refused', refusal })
    assert.equal((await scene.onHand(sku, 'near')).onHand, 0)
  })
}

test('what is lost is lost, but not from under the hands of the location', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 10)
  const [inWork, order, cart] = await scene.claim(
    sku,
    'near',
    { kind: 'in_work', units: 4 },
    { kind: 'accepted', units: 3 },
    { kind: 'cart', units: 2 },
  )
  const lost = answerOf(await adjust({ entries: [{ sku, location: 'near', delta: -4, reason: 'stolen' }] }))
  assert.deepEqual(lost.entries, [
    {
      sku,
      location: 'near',
      disposition: 'sellable',
      delta: -4,
      onHand: 6,
      claimed: 6,
      available: 0,
      freedUnits: 3,
    },
  ])
  assert.deepEqual(await held(inWork, order, cart), [4, 2, 0])

  assert.deepEqual(await adjust({ entries: [{ sku, location: 'near', delta: -3, reason: 'stolen' }] }), {
    kind: 'refused',
    refusal: { code: 'stock_in_work', path: '/entries/0/delta', inWork: 4 },
  })
  assert.deepEqual(await held(inWork, order, cart), [4, 2, 0])
  await scene.assertBooks()
})

test('a claim that gives way bit by bit is split each time, and its parts add up', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 9)
  const [order] = await scene.claim(sku, 'near', { kind: 'accepted', units: 9 })
  for (const delta of [-2, -3, -4]) {
    answerOf(await adjust({ entries: [{ sku, location: 'near', delta, reason: 'stolen' }] }))
    await scene.assertBooks()
  }
  assert.deepEqual(
    await rows(
      scene.db,
      `
    select quantity, stage, split_from is null as "isRoot" from inventory.claim where demand_id = $1 order by id`,
      [order?.demandId],
    ),
    [
      { quantity: 4, stage: 'freed', isRoot: true },
      { quantity: 2, stage: 'freed', isRoot: false },
      { quantity: 3, stage: 'freed', isRoot: false },
    ],
  )
})

test('readers hear what changed and what fell short', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 2)
  await scene.claim(sku, 'near', { kind: 'accepted', units: 2 })
  const position = await lastEvent()
  answerOf(await adjust({ entries: [{ sku, location: 'near', delta: -1, reason: 'stolen' }] }))
  const events = await rows<{ type: string; data: Record<string, unknown> }>(
    scene.db,
    'select type, data from platform.event where position > $1 order by position',
    [position],
  )
  assert.deepEqual(
    events.map(({ type }) => type),
    ['inventory.changed', 'supply.shortfall'],
  )
  assert.equal(events[1]?.data.freedUnits, 1)
  assert.equal(events[1]?.data.location, 'near')
})

test('an order that somebody is working on is passed over for the next in line, and waited for when there is none', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 4)
  const [soon, late] = await scene.claim(
    sku,
    'near',
    { kind: 'accepted', units: 2, days: 1 },
    { kind: 'accepted', units: 2, days: 9 },
  )
  assert.ok(soon && late)
  // Found only under the gates: it was not there yet when the adjustment looked whom to lock.
  scene.beforeGates = async () => {
    scene.beforeGates = null
    const [latest] = await scene.claim(sku, 'near', { kind: 'accepted', units: 1, days: 30 })
    held30 = latest?.demandId ?? ''
    release = await scene.holdOrder(held30)
  }
  let held30 = ''
  let release = (): Promise<void> => Promise.resolve()
  await scene.stock(sku, 'near', 1)
  const outcome = await adjust({ entries: [{ sku, location: 'near', delta: -2, reason: 'stolen' }] })
  assert.equal(answerOf(outcome).entries[0]?.freedUnits, 2)
  assert.deepEqual([await scene.heldUnits(held30), await scene.heldUnits(late.demandId)], [1, 0])

  const rest = adjust({ entries: [{ sku, location: 'near', delta: -3, reason: 'stolen' }] })
  setTimeout(() => void release(), 50)
  assert.equal(answerOf(await rest).entries[0]?.freedUnits, 3)
  assert.equal((await scene.onHand(sku, 'near')).onHand, 0)
  await scene.assertBooks()
})

test('an order that is being paid at this moment loses what it is by then: an allocated unit', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 2)
  const [order] = await scene.claim(sku, 'near', { kind: 'unpaid', units: 2 })
  const demandId = order?.demandId ?? ''
  const commit = await scene.holdOrder(demandId, (tx) => scene.accept(tx, demandId))
  const losing = adjust({ entries: [{ sku, location: 'near', delta: -1, reason: 'stolen' }] })
  setTimeout(() => void commit(), 50)
  assert.equal(answerOf(await losing).entries[0]?.freedUnits, 1)
  assert.deepEqual(await scene.freed(sku), [{ demandId, stage: 'allocated', units: 1 }])
  await scene.assertBooks()
})

test('so does an order that was found only under the gates', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 4)
  await scene.claim(sku, 'near', { kind: 'accepted', units: 2 })
  let demandId = ''
  scene.beforeGates = async () => {
    scene.beforeGates = null
    demandId = (await scene.claim(sku, 'near', { kind: 'unpaid', units: 2, days: 30 }))[0]?.demandId ?? ''
  }
  scene.beforeLateLock = async () => {
    scene.beforeLateLock = null
    await scene.db.inTransaction((tx) => scene.accept(tx, demandId))
  }
  answerOf(await adjust({ entries: [{ sku, location: 'near', delta: -3, reason: 'stolen' }] }))
  assert.deepEqual(
    (await scene.freed(sku)).filter((each) => each.demandId === demandId),
    [{ demandId, stage: 'allocated', units: 2 }],
  )
  await scene.assertBooks()
})

let skus = 0

async function freshSku(): Promise<string> {
  const sku = `sku-${++skus}`
  await scene.addSkus(sku)
  return sku
}

function adjust(told: {
  readonly entries: readonly Adjustment[]
  readonly commandKey?: string
  readonly actor?: string
}): Promise<AdjustStockOutcome> {
  return scene.inventory.adjustStock({ actor: 'key_test', commandKey: newId(), ...told })
}

function answerOf(outcome: AdjustStockOutcome) {
  assert.ok(outcome.kind === 'adjusted', JSON.stringify(outcome))
  return outcome.answer
}

function held(...claims: readonly ({ readonly demandId: string } | undefined)[]): Promise<number[]> {
  return Promise.all(claims.map((claim) => scene.heldUnits(claim?.demandId ?? '')))
}

async function lastEvent(): Promise<bigint> {
  const [row] = await rows<{ position: bigint }>(scene.db, 'select max(position) as position from platform.event', [])
  return row?.position ?? 0n
}
