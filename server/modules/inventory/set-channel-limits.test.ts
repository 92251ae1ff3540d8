import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openStockScene, rows, type StockScene } from '../../../test/races/stock-scene.ts'
import { readChannelLimits } from './index.ts'
import type { ChannelLimitEntry } from './set-channel-limits.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
  await scene.addSkus('tee', 'mug')
})
after(() => scene.close())

const set = (...entries: readonly Partial<ChannelLimitEntry>[]) =>
  scene.inventory.setChannelLimits({
    actor: 'test',
    entries: entries.map((entry) => ({ sku: 'tee', channel: 'web', buffer: 0, cap: null, ...entry })),
  })
const stored = async () =>
  (await readChannelLimits(scene.db, [scene.variantId('tee'), scene.variantId('mug')]))
    .map(({ buffer, cap, claimed }) => `buffer ${buffer}, cap ${cap}, ${claimed} held`)
    .toSorted()
const eventCount = async (): Promise<number> =>
  (await rows(scene.db, `select position from platform.event where type = 'inventory.changed'`, [])).length

test('limits are set whole, said again they change nothing, and without any the row goes', async () => {
  assert.deepEqual(await set({ buffer: 3 }, { sku: 'mug', cap: 5 }), { kind: 'set' })
  assert.deepEqual(await stored(), ['buffer 0, cap 5, 0 held', 'buffer 3, cap null, 0 held'])
  const told = await eventCount()
  assert.deepEqual(await set({ buffer: 3 }), { kind: 'set' })
  assert.equal(await eventCount(), told)
  await set({ cap: 0 })
  assert.deepEqual(await stored(), ['buffer 0, cap 0, 0 held', 'buffer 0, cap 5, 0 held'])
  assert.equal(await eventCount(), told + 1)
  await set({}, { sku: 'mug' })
  assert.deepEqual(await stored(), [])
})

const refused = [
  [{ sku: 'nothing' }, 'sku_unknown'],
  [{ channel: 'nobody' }, 'channel_unknown'],
] as const
for (const [entry, code] of refused) {
  test(`an entry of ${JSON.stringify(entry)} refuses all of them: ${code}`, async () => {
    const outcome = await set({ buffer: 9 }, entry)
    assert.ok(outcome.kind === 'refused')
    assert.deepEqual([outcome.refusal.code, outcome.refusal.path.slice(0, 10)], [code, '/entries/1'])
    assert.deepEqual(await stored(), [])
  })
}

test('the same SKU and channel twice are refused', async () => {
  const outcome = await set({ buffer: 1 }, { buffer: 2 })
  assert.deepEqual(outcome, { kind: 'refused', refusal: { code: 'entry_repeated', path: '/entries/1' } })
})
