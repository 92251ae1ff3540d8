import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openStockScene, rows, type StockScene } from '../../../test/races/stock-scene.ts'
import { readFreeSupply, readSummaries } from './index.ts'
import type { LimitEntry, SetLimitsOutcome } from './set-limits.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

test('a backorder limit can be sold up to, and cannot fall below what is sold', async () => {
  await scene.addSkus('tee')
  assert.deepEqual(await setLimits({ backorderLimit: 5 }), {
    kind: 'refused',
    refusal: { code: 'backorder_lead_missing', path: '/entries/0/backorderLeadDays' },
  })
  assert.deepEqual(await set({ backorderLimit: 5, backorderLeadDays: 21 }), [
    { backorderLimit: 5, backorderUsed: 0, backorderLeadDays: 21, safetyStock: 0 },
  ])
  await scene.claim('tee', 'near', { kind: 'accepted', units: 4, supplyId: await backorderRow('tee') })
  await assert.rejects(
    scene.claim('tee', 'near', { kind: 'accepted', units: 2, supplyId: await backorderRow('tee') }),
    /claimed <= quantity|supply_check/,
  )
  assert.deepEqual(await setLimits({ backorderLimit: 3 }), {
    kind: 'refused',
    refusal: { code: 'backorder_limit_below_claims', path: '/entries/0/backorderLimit', claimed: 4 },
  })
  assert.deepEqual(await set({ backorderLimit: 4 }), [
    { backorderLimit: 4, backorderUsed: 4, backorderLeadDays: 21, safetyStock: 0 },
  ])
  assert.deepEqual(await set({ backorderLeadDays: 9 }), [
    { backorderLimit: 4, backorderUsed: 4, backorderLeadDays: 9, safetyStock: 0 },
  ])
  await scene.assertBooks()
})

test('safety stock stays on the shelf, and what is left out of an entry stays as it was', async () => {
  await scene.addSkus('mug')
  await scene.stock('mug', 'near', 10)
  assert.deepEqual(await set({ sku: 'mug', safetyStock: 4, backorderLimit: 7, backorderLeadDays: 0 }), [
    { backorderLimit: 7, backorderUsed: 0, backorderLeadDays: 0, safetyStock: 4 },
  ])
  assert.deepEqual(await set({ sku: 'mug', backorderLimit: 0 }), [
    { backorderLimit: 0, backorderUsed: 0, backorderLeadDays: 0, safetyStock: 4 },
  ])
  const free = await readFreeSupply(scene.db, [scene.variantId('mug')])
  assert.deepEqual(
    free.map((row) => [row.kind, row.free]),
    [['on_hand', 6]],
  )
  const summaries = await readSummaries(scene.db, [scene.variantId('mug'), scene.variantId('tee')])
  assert.deepEqual(summaries.get(scene.variantId('mug')), [
    {
      locationId: scene.locationIds.near,
      kind: 'on_hand',
      channelId: null,
      quantity: 10,
      claimed: 0,
      safetyStock: 4,
      eta: null,
      leadDays: null,
    },
  ])
  await scene.assertBooks()
})

test('a limit of one channel stands beside the limit of all', async () => {
  await scene.addSkus('cap')
  const outcome = await scene.inventory.setLimits({
    actor: 'key_test',
    entries: [
      { sku: 'cap', location: 'near', backorderLimit: 2, backorderLeadDays: 5 },
      { sku: 'cap', location: 'near', channel: 'web', backorderLimit: 3, backorderLeadDays: 6 },
    ],
  })
  assert.ok(outcome.kind === 'set')
  assert.deepEqual(
    outcome.limits.map((each) => each.backorderLimit),
    [2, 3],
  )
  assert.deepEqual(await setLimits({ sku: 'cap', channel: 'web', safetyStock: 1 }), {
    kind: 'refused',
    refusal: { code: 'safety_stock_fenced', path: '/entries/0/safetyStock' },
  })
})

function setLimits(entry: Partial<LimitEntry>): Promise<SetLimitsOutcome> {
  return scene.inventory.setLimits({ actor: 'key_test', entries: [{ sku: 'tee', location: 'near', ...entry }] })
}

async function set(entry: Partial<LimitEntry>) {
  const outcome = await setLimits(entry)
  assert.ok(outcome.kind === 'set', JSON.stringify(outcome))
  return outcome.limits
}

async function backorderRow(sku: string): Promise<bigint> {
  const [row] = await rows<{ id: bigint }>(
    scene.db,
    `select id from inventory.supply where variant_id = $1 and kind = 'backorder'`,
    [scene.variantId(sku)],
  )
  assert.ok(row)
  return row.id
}
