import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../server/kernel/id.ts'
import { addMs, MINUTE_MS } from '../../server/kernel/time.ts'
import {
  consumeClaims,
  freeClaims,
  insertClaims,
  lockGates,
  postStock,
  readClaimedVariants,
  readFreeSupply,
  type GatedTx,
} from '../../server/modules/inventory/index.ts'
import { openStockScene, type MadeClaim, type SceneLocation, type StockScene } from './stock-scene.ts'

/**
 * Telling the physical truth about stock while it is sold, shipped and given up: whatever the interleaving, the books
 * agree with each other and with what the clients saw. Forty clients and more start at one barrier.
 */

const CLIENTS = 48
const SEED = 20261123

let scene: StockScene
before(async () => {
  scene = await openStockScene({ poolMax: CLIENTS })
})
after(() => scene.close())

// Ample: what is left on the shelf covers all that is claimed. Bare: the shelf holds less than is in work, so a count that
// comes before the messages cannot be believed yet.
for (const [shelfKind, initial, accepted] of [
  ['ample', 300, 30],
  ['bare', 100, 0],
] as const) {
  test(`a count of ${shelfKind} stock races the late messages about what left before it (seed ${SEED})`, async (t) => {
    const random = seeded(SEED)
    const seen = { messagesFirst: 0, messagesAfter: 0, applied: 0, quarantined: 0 }
    for (let round = 0; round < 6; round++) {
      const sku = `${shelfKind}-${round}`
      await scene.addSkus(sku)
      await scene.clock('08:00')
      await scene.stock(sku, 'near', initial)
      const parcels = Array.from({ length: CLIENTS - 1 }, () => ({ kind: 'in_work', units: 2 }) as const)
      const shipped = await scene.claim(sku, 'near', ...parcels)
      if (accepted > 0) await scene.claim(sku, 'near', { kind: 'accepted', units: accepted })
      await scene.clock('12:00')
      const { at } = await scene.db.clock()
      const [leftAt, countedAt] = [addMs(at, -10 * MINUTE_MS), addMs(at, -5 * MINUTE_MS)]
      // What the shelf really held once everything had left; four units had vanished besides.
      const shelf = initial - 2 * shipped.length - 4
      const tell = (messageId: string | null) =>
        scene.inventory.takeCounts({
          actor: 'key_wms',
          messageId,
          asOf: countedAt,
          meaning: 'physical',
          only: null,
          entries: [{ sku, location: 'near', quantity: shelf }],
        })

      const start = barrier(CLIENTS)
      const pauses = shipped.map(() => random() * 60)
      const finished: ('count' | 'message')[] = []
      const counting = start()
        .then(() => tell(newId()))
        .finally(() => finished.push('count'))
      await Promise.all(
        shipped.map(async ({ demandId }, client) => {
          await start()
          await sleep(pauses[client])
          await scene.db.inTransaction(async (tx) => {
            const gated = await lockGates(tx, [scene.variantId(sku)])
            const [consumed] = await consumeClaims(gated, [{ demandId, occurredAt: leftAt }])
            assert.deepEqual(consumed, { demandId, units: 2, missingUnits: 0 })
          })
          finished.push('message')
        }),
      )
      const outcome = await counting
      assert.ok(outcome.kind === 'taken')
      seen.messagesFirst += finished.indexOf('count')
      seen.messagesAfter += finished.length - 1 - finished.indexOf('count')
      await scene.assertBooks()

      if (outcome.answer.results[0]?.outcome === 'quarantined') {
        seen.quarantined++
        assert.equal((await scene.onHand(sku, 'near')).onHand, initial - 2 * shipped.length)
        assert.equal((await tell(null)).kind, 'taken')
      } else seen.applied++
      assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: shelf, claimed: accepted })
      await scene.assertBooks()
    }
    t.diagnostic(JSON.stringify(seen))
    assert.ok(seen.messagesFirst > 0 && seen.messagesAfter > 0, 'both orders were met, or nothing was tested')
    assert.equal(seen.quarantined > 0, shelfKind === 'bare')
  })
}

test('the obvious count, which believes whoever spoke last, takes late units off twice', async () => {
  await scene.addSkus('obvious')
  const supplyId = await scene.stock('obvious', 'near', 300)
  const parcels = Array.from({ length: CLIENTS }, () => ({ kind: 'in_work', units: 2 }) as const)
  const shipped = await scene.claim('obvious', 'near', ...parcels)
  const shelf = 300 - 2 * CLIENTS
  const underGate = (work: (tx: GatedTx) => Promise<void>) =>
    scene.db.inTransaction(async (tx) => work(await lockGates(tx, [scene.variantId('obvious')])))
  const leave = ({ demandId }: MadeClaim) =>
    underGate(async (tx) => void (await consumeClaims(tx, [{ demandId, occurredAt: tx.at }])))

  await Promise.all(shipped.slice(0, CLIENTS / 2).map(leave))
  await underGate(async (tx) => {
    const { onHand } = await scene.onHand('obvious', 'near', tx)
    const difference = { supplyId, reason: 'counted', quantityDelta: shelf - onHand, occurredAt: tx.at }
    postStock(tx, [{ ...difference, claimedDelta: 0, claimId: null, cause: null }])
  })
  await Promise.all(shipped.slice(CLIENTS / 2).map(leave))
  assert.equal((await scene.onHand('obvious', 'near')).onHand, shelf - CLIENTS)
})

test('losses race sales: never more promised than is there, and every unit lost is told to its order', async (t) => {
  await scene.addSkus('hot')
  await scene.stock('hot', 'near', 400)
  const start = barrier(CLIENTS)
  const log = { sold: 0, refused: 0, lost: 0, gained: 0, lossesRefused: 0, freedAnswered: 0 }
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    await start()
    for (let turn = 0; turn < 5; turn++) {
      if (client % 4 !== 0) {
        const made = await buy('hot', 'near', 3)
        if (made === null) log.refused++
        else log.sold += 3
        continue
      }
      const delta = client % 8 === 0 ? -9 : 2
      const outcome = await scene.inventory.adjustStock({
        actor: 'key_clerk',
        commandKey: `${client}-${turn}`,
        entries: [{ sku: 'hot', location: 'near', delta, reason: 'counted by hand' }],
      })
      if (outcome.kind === 'refused') log.lossesRefused++
      else {
        if (delta < 0) log.lost -= delta
        else log.gained += delta
        log.freedAnswered += outcome.answer.entries[0]?.freedUnits ?? 0
      }
    }
  })
  await Promise.all(clients)
  t.diagnostic(JSON.stringify(log))
  await scene.assertBooks()
  const { onHand, claimed } = await scene.onHand('hot', 'near')
  assert.equal(onHand, 400 + log.gained - log.lost)
  const freedUnits = (await scene.freed('hot')).reduce((sum, each) => sum + each.units, 0)
  assert.equal(freedUnits, log.freedAnswered)
  assert.equal(claimed, log.sold - freedUnits)
  assert.ok(log.sold > 0 && log.lost > 0 && freedUnits > 0, 'losses met sales, or nothing was tested')
})

test('a count to nothing under fire empties the shelf: sales go on failing, no order is left holding air', async (t) => {
  await scene.addSkus('gone')
  await scene.stock('gone', 'near', 100)
  const start = barrier(CLIENTS)
  let sold = 0
  const buyers = Array.from({ length: CLIENTS - 1 }, async () => {
    await start()
    for (let turn = 0; turn < 6; turn++) if ((await buy('gone', 'near', 1)) !== null) sold++
  })
  const counted = (async () => {
    await start()
    return scene.inventory.takeCounts({
      actor: 'key_wms',
      messageId: null,
      asOf: (await scene.db.clock()).at,
      meaning: 'physical',
      only: null,
      entries: [{ sku: 'gone', location: 'near', quantity: 0 }],
    })
  })()
  await Promise.all(buyers)
  const outcome = await counted
  assert.ok(outcome.kind === 'taken')
  const [result] = outcome.answer.results
  assert.ok(result?.outcome === 'applied')
  t.diagnostic(`sold ${sold}, freed by the count ${result.freedUnits}`)
  await scene.assertBooks()
  assert.deepEqual(await scene.onHand('gone', 'near'), { onHand: 0, claimed: 0 })
  assert.equal(result.freedUnits, sold)
})

test('payments race losses: a claim is taken away as what it is at that moment, reserved or allocated', async (t) => {
  await scene.addSkus('paid')
  await scene.stock('paid', 'near', CLIENTS * 2)
  const wanted = Array.from({ length: CLIENTS - 4 }, () => ({ kind: 'unpaid', units: 2 }) as const)
  const unpaid = await scene.claim('paid', 'near', ...wanted)
  const random = seeded(SEED)
  const losses = milestones(4 * 6)
  const start = barrier(CLIENTS)
  await Promise.all([
    // Settling holds the order and no gate; each payment comes in after some of the losses.
    ...unpaid.map(async ({ demandId }) => {
      await start()
      await losses.reached(Math.floor(random() * 20))
      await scene.db.inTransaction((tx) => scene.accept(tx, demandId))
    }),
    ...Array.from({ length: 4 }, async (_, client) => {
      await start()
      for (let turn = 0; turn < 6; turn++) {
        const outcome = await scene.inventory.adjustStock({
          actor: 'key_clerk',
          commandKey: `paid-${client}-${turn}`,
          entries: [{ sku: 'paid', location: 'near', delta: -3, reason: 'lost' }],
        })
        assert.equal(outcome.kind, 'adjusted')
        losses.pass()
      }
    }),
  ])
  await scene.assertBooks()
  const stages = Object.groupBy(await scene.freed('paid'), (each) => each.stage)
  const [reserved, allocated] = [stages.reserved?.length ?? 0, stages.allocated?.length ?? 0]
  t.diagnostic(`freed while reserved ${reserved}, while allocated ${allocated}`)
  assert.ok(reserved > 0 && allocated > 0, 'both were met, or nothing was tested')
})

test('cancellations, counts and sales on three SKUs at two locations, each in its own order, never deadlock', async (t) => {
  const skus = ['red', 'green', 'blue']
  await scene.addSkus(...skus)
  const places: readonly SceneLocation[] = ['near', 'far']
  for (const sku of skus) for (const place of places) await scene.stock(sku, place, 60)
  const start = barrier(CLIENTS)
  const random = seeded(SEED)
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value
  let cancelled = 0
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      await start()
      for (let turn = 0; turn < 4; turn++) {
        const [sku, place] = [pick(skus), pick(places)]
        if (client % 3 === 0) {
          const order = random() < 0.5 ? skus : skus.toReversed()
          const outcome = await scene.inventory.takeCounts({
            actor: 'key_wms',
            messageId: null,
            asOf: (await scene.db.clock()).at,
            meaning: 'physical',
            only: null,
            entries: order.map((each) => ({ sku: each, location: place, quantity: Math.floor(random() * 60) })),
          })
          assert.equal(outcome.kind, 'taken')
        } else {
          const made = await buy(sku, place, 2)
          if (made !== null && client % 3 === 1) {
            await cancel(made)
            cancelled++
          }
        }
      }
    }),
  )
  t.diagnostic(`cancelled ${cancelled}`)
  await scene.assertBooks()
  assert.ok(cancelled > 0)
})

/** One order for units of one place, as checkout decides it: free supply is read under the gate. Null when sold out. */
async function buy(sku: string, place: SceneLocation, units: number): Promise<MadeClaim | null> {
  const variantId = scene.variantId(sku)
  const claimId = newId<'claim'>()
  const demandId = newId<'demandLine'>()
  return scene.db.inTransaction(async (tx) => {
    const gated = await lockGates(tx, [variantId])
    const free = await readFreeSupply(gated, [variantId])
    const row = free.find((each) => each.locationId === scene.locationIds[place] && each.free >= units)
    if (row === undefined) return null
    await scene.recordOrder(tx, demandId, units)
    insertClaims(gated, [
      {
        id: claimId,
        demandKind: 'demand_line',
        demandId,
        supplyId: row.supplyId,
        channelId: null,
        decisionId: null,
        quantity: units,
        stage: 'allocated',
        reservedUntil: null,
        promisedBy: addMs(tx.at, 60 * MINUTE_MS),
      },
    ])
    postStock(gated, [
      {
        supplyId: row.supplyId,
        reason: 'claimed',
        quantityDelta: 0,
        claimedDelta: units,
        claimId,
        cause: null,
        occurredAt: tx.at,
      },
    ])
    return { claimId, demandId }
  })
}

/** As the house does it: the order first, then the gates. */
async function cancel({ demandId }: MadeClaim): Promise<void> {
  await scene.db.inTransaction(async (tx) => {
    await scene.lockOrder(tx, demandId)
    const variants = await readClaimedVariants(tx, [demandId])
    const gated = await lockGates(
      tx,
      variants.map((each) => each.variant_id),
    )
    await freeClaims(gated, [demandId], { reason: 'cancelled', causeOf: () => null })
    await scene.endOrder(tx, demandId)
  })
}

/** Lets everybody go once all have come. */
function barrier(clients: number): () => Promise<void> {
  const open = Promise.withResolvers<void>()
  let waiting = 0
  return () => {
    waiting++
    if (waiting === clients) open.resolve()
    return open.promise
  }
}

/** Counts what has happened, for those who wait until enough has. */
function milestones(count: number): { reached(passed: number): Promise<void>; pass(): void } {
  const marks = Array.from({ length: count + 1 }, () => Promise.withResolvers<void>())
  let passed = 0
  marks[0]?.resolve()
  return {
    reached: async (mark) => marks[mark]?.promise,
    pass: () => marks[++passed]?.resolve(),
  }
}

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
