import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { openStockScene, type StockScene } from '../../../test/races/stock-scene.ts'
import { consumeClaims, freeClaims, lockGates, postFound, promoteClaims, type HandOver } from './index.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

test('goods leave in parcels: each takes its units off the books and the claim, which is split', async () => {
  await scene.addSkus('tee')
  await scene.stock('tee', 'near', 10)
  const [order] = await scene.claim('tee', 'near', { kind: 'accepted', units: 5 })
  const demandId = order?.demandId ?? ''
  assert.deepEqual(await handOver('tee', { demandId, units: 2 }), { demandId, units: 2, missingUnits: 0 })
  await scene.assertBooks()
  assert.deepEqual(await scene.onHand('tee', 'near'), { onHand: 8, claimed: 3 })
  assert.deepEqual(await handOver('tee', { demandId }), { demandId, units: 3, missingUnits: 0 })
  assert.deepEqual(await scene.onHand('tee', 'near'), { onHand: 5, claimed: 0 })
  await scene.assertBooks()
})

test('what left without a claim is told to the caller, and changes nothing until it is booked as found', async () => {
  await scene.addSkus('mug')
  await scene.stock('mug', 'near', 3)
  const [order] = await scene.claim('mug', 'near', { kind: 'in_work', units: 2 })
  const demandId = order?.demandId ?? ''
  assert.deepEqual(await handOver('mug', { demandId, units: 5 }), { demandId, units: 2, missingUnits: 3 })
  assert.deepEqual(await scene.onHand('mug', 'near'), { onHand: 1, claimed: 0 })
  await scene.db.inTransaction(async (tx) => {
    const gated = await lockGates(tx, [scene.variantId('mug')])
    const place = { variantId: scene.variantId('mug'), locationId: scene.locationIds.far }
    await postFound(gated, [{ ...place, units: 3, cause: null, occurredAt: tx.at }])
  })
  assert.deepEqual(await scene.onHand('mug', 'far'), { onHand: 3, claimed: 0 })
  await scene.assertBooks()
})

test('what only waits for its payment cannot leave', async () => {
  await scene.addSkus('pen')
  await scene.stock('pen', 'near', 3)
  const [order] = await scene.claim('pen', 'near', { kind: 'unpaid', units: 2 })
  const demandId = order?.demandId ?? ''
  assert.deepEqual(await handOver('pen', { demandId }), { demandId, units: 0, missingUnits: 0 })
  assert.deepEqual(await scene.onHand('pen', 'near'), { onHand: 3, claimed: 2 })
})

test('whole demands are freed, except what a location has in hand', async () => {
  await scene.addSkus('cap')
  await scene.stock('cap', 'near', 9)
  const made = await scene.claim(
    'cap',
    'near',
    { kind: 'unpaid', units: 2 },
    { kind: 'accepted', units: 3 },
    { kind: 'in_work', units: 4 },
  )
  const orderId = newId()
  await scene.db.inTransaction(async (tx) => {
    const gated = await lockGates(tx, [scene.variantId('cap')])
    const freed = await freeClaims(
      gated,
      made.map((each) => each.demandId),
      { reason: 'cancelled', causeOf: () => orderId },
    )
    assert.deepEqual(new Set(freed.map((each) => each.quantity)), new Set([2, 3]))
    const again = await freeClaims(
      gated,
      made.map((each) => each.demandId),
      { reason: 'cancelled', causeOf: () => orderId },
    )
    assert.deepEqual(again, [])
  })
  assert.deepEqual(await scene.onHand('cap', 'near'), { onHand: 9, claimed: 4 })
})

test('reservations become allocations once', async () => {
  await scene.addSkus('bag')
  await scene.stock('bag', 'near', 9)
  const [order] = await scene.claim('bag', 'near', { kind: 'unpaid', units: 2 })
  const demandIds = [order?.demandId ?? '']
  const promote = () =>
    scene.db.inTransaction((tx) => promoteClaims(tx, demandIds, { from: 'reserved', to: 'allocated' }))
  assert.deepEqual(await promote(), [{ demand_id: demandIds[0], units: 2 }])
  assert.deepEqual(await promote(), [])
})

async function handOver(sku: string, told: Omit<HandOver, 'occurredAt'>) {
  return scene.db.inTransaction(async (tx) => {
    const gated = await lockGates(tx, [scene.variantId(sku)])
    return (await consumeClaims(gated, [{ ...told, occurredAt: tx.at }]))[0]
  })
}
