import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openStockScene, rows, type StockScene } from '../../../test/races/stock-scene.ts'
import { newId } from '../../kernel/id.ts'
import { readFreeableClaims } from './claims.sql.ts'
import { byGivingWay } from './plan-freeing.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

test('the statement hands claims out in the very order in which they give way', async () => {
  await scene.addSkus('tee')
  const supplyIds = [await scene.stock('tee', 'near', 0), await scene.stock('tee', 'far', 0)]
  const random = seeded(20261123)
  const one = <Value>(values: readonly Value[]): Value | null => values[Math.floor(random() * values.length)] ?? null
  const days = ['2026-12-01', '2026-12-02', '2026-12-03', null]
  const claims = Array.from({ length: 400 }, () => {
    const demandKind = one(['cart_line', 'demand_line', 'demand_line', 'transfer_line'])
    const stage = demandKind === 'cart_line' ? 'reserved' : one(['reserved', 'allocated', 'allocated', 'picked'])
    return [newId(), demandKind, newId(), one(supplyIds), stage, one(days), one(days)]
  })
  const column = (index: number) => claims.map((claim) => claim[index])
  await rows(
    scene.db,
    `
    insert into inventory.claim (id, demand_kind, demand_id, supply_id, stage, reserved_until, promised_by, quantity)
    select *, 1 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::timestamptz[],
                            $7::timestamptz[])`,
    Array.from({ length: 7 }, (_, index) => column(index)),
  )

  const pools = [
    { supplyIds, claimsMax: 1_000 },
    { supplyIds: supplyIds.slice(0, 1), claimsMax: 7 },
  ]
  const [all = [], few = []] = await readFreeableClaims(scene.db, pools)
  assert.equal(all.length, claims.filter((claim) => claim[4] !== 'picked').length)
  assert.deepEqual(all, all.toSorted(byGivingWay))
  assert.deepEqual(few, all.filter((claim) => claim.supplyId === supplyIds[0]).slice(0, 7))
})

/** Mulberry32: small, and the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
