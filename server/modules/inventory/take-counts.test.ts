import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import {
  clockTime,
  openStockScene,
  type ClaimKind,
  type ClaimWanted,
  type StockScene,
} from '../../../test/races/stock-scene.ts'
import { consumeClaims, lockGates, type HandOver } from './index.ts'
import type { CountEntry, TakeCounts, TakeCountsOutcome } from './take-counts.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

// Physical truth wins: what was counted is there, and who gives way follows from what they were promised.
// oxfmt-ignore
const stories = [
  // on hand  claims                                     counted  on hand (claimed)  given back
  [10,        '',                                        7,       '7 (0)',           ''],
  [10,        'accepted 3',                              12,      '12 (3)',          ''],
  [10,        'accepted 3',                              3,       '3 (3)',           ''],
  [10,        'accepted 3',                              2,       '2 (2)',           'accepted 1'],
  [10,        'accepted 3 2d, accepted 3 5d',            4,       '4 (4)',           'accepted 2 5d'],
  [10,        'accepted 3 5d, accepted 3 2d',            0,       '0 (0)',           'accepted 3 5d, accepted 3 2d'],
  [10,        'cart 2, accepted 3',                      4,       '4 (4)',           'cart 1'],
  [10,        'cart 2, accepted 3, unpaid 1',            3,       '3 (3)',           'cart 2, unpaid 1'],
  [10,        'in_work 4, accepted 3',                   4,       '4 (4)',           'accepted 3'],
  [10,        'in_work 4, accepted 3',                   3,       'quarantined: 3 on hand, 4 in work', ''],
  [10,        'in_work 4',                               0,       'quarantined: 0 on hand, 4 in work', ''],
] as const

for (const [onHand, claims, counted, expected, givenBack] of stories) {
  test(`${onHand} on hand, claimed “${claims}”, ${counted} counted: ${expected}`, async () => {
    const sku = await freshSku()
    await scene.stock(sku, 'near', onHand)
    const wanted = claims === '' ? [] : claims.split(', ').map(claimOf)
    const made = await scene.claim(sku, 'near', ...wanted)
    const [result] = resultsOf(await count({ entries: [{ sku, location: 'near', quantity: counted }] }))

    if (result?.outcome === 'quarantined') {
      assert.equal(`quarantined: ${result.onHand} on hand, ${result.inWork} in work`, expected)
      assert.deepEqual((await scene.onHand(sku, 'near')).onHand, onHand)
    } else {
      const now = await scene.onHand(sku, 'near')
      assert.equal(`${now.onHand} (${now.claimed})`, expected)
    }
    const lost: string[] = []
    const freed = await scene.freed(sku)
    for (const [index, { demandId }] of made.entries()) {
      const units = (wanted[index]?.units ?? 0) - (await scene.heldUnits(demandId))
      const told = freed.filter((each) => each.demandId === demandId).reduce((sum, each) => sum + each.units, 0)
      assert.equal(told, units, 'the owner was told of every unit')
      if (units > 0) lost.push((claims.split(', ')[index] ?? '').replace(/\d+/, String(units)))
    }
    assert.equal(lost.join(', '), givenBack)
    await scene.assertBooks()
  })
}

test('a count is merged with what left after it, and a message about before it changes nothing on hand', async () => {
  const sku = await freshSku()
  await scene.clock('08:00')
  await scene.stock(sku, 'near', 10)
  const [early, late] = await scene.claim(sku, 'near', { kind: 'in_work', units: 2 }, { kind: 'in_work', units: 3 })
  assert.ok(early && late)
  await scene.clock('12:00')
  await handOver(sku, { demandId: late.demandId, occurredAt: clockTime('11:00') })
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 7, claimed: 2 })

  // At 10:00 the two early units had left already, unknown to us; the three late ones had not.
  resultsOf(await count({ asOf: clockTime('10:00'), entries: [{ sku, location: 'near', quantity: 8 }] }))
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 5, claimed: 2 })

  await handOver(sku, { demandId: early.demandId, occurredAt: clockTime('09:00') })
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 5, claimed: 0 })
  await scene.assertBooks()
})

test('a count of sellable units adds back what is put aside for accepted orders, and only that', async () => {
  const sku = await freshSku()
  await scene.clock('08:00')
  await scene.stock(sku, 'near', 10)
  const [inWork] = await scene.claim(
    sku,
    'near',
    { kind: 'in_work', units: 3 },
    { kind: 'accepted', units: 1 },
    { kind: 'cart', units: 2 },
  )
  await scene.clock('11:00')
  await scene.claim(sku, 'near', { kind: 'accepted', units: 1 })
  await scene.clock('12:00')
  const entries = [{ sku, location: 'near', quantity: 7 }]
  resultsOf(await count({ asOf: clockTime('10:00'), meaning: 'sellable', entries }))
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 11, claimed: 7 })

  // The three in work had left before the count: it had put them aside for us, so now they are taken off.
  await handOver(sku, { demandId: inWork?.demandId ?? '', occurredAt: clockTime('09:00') })
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 8, claimed: 4 })
  await scene.assertBooks()
})

test('a sellable count sees orders as they stood at its time, whatever became of them since', async () => {
  const sku = await freshSku()
  await scene.clock('08:00')
  await scene.stock(sku, 'near', 10)
  const [left] = await scene.claim(sku, 'near', { kind: 'in_work', units: 3 })
  await scene.clock('12:00')
  await handOver(sku, { demandId: left?.demandId ?? '', units: 2, occurredAt: clockTime('11:00') })
  resultsOf(
    await count({ asOf: clockTime('10:00'), meaning: 'sellable', entries: [{ sku, location: 'near', quantity: 7 }] }),
  )
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 8, claimed: 1 })
  await scene.assertBooks()
})

test('an older count is acknowledged and ignored; the same moment counted again corrects', async () => {
  const sku = await freshSku()
  await scene.clock('12:00')
  await scene.stock(sku, 'near', 10)
  const at = (time: string, quantity: number) =>
    count({ asOf: clockTime(time), entries: [{ sku, location: 'near', quantity }] })
  resultsOf(await at('11:00', 6))
  assert.deepEqual(
    resultsOf(await at('10:00', 9)).map(({ outcome }) => outcome),
    ['ignored'],
  )
  assert.equal((await scene.onHand(sku, 'near')).onHand, 6)
  resultsOf(await at('11:00', 7))
  assert.equal((await scene.onHand(sku, 'near')).onHand, 7)
  await scene.assertBooks()
})

test('a place is counted over its channels; what everybody may sell changes first', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 5)
  const fence = await scene.inventory.adjustStock({
    actor: 'key_test',
    commandKey: `fence ${sku}`,
    entries: [{ sku, location: 'near', channel: 'web', delta: 4, reason: 'set aside' }],
  })
  assert.equal(fence.kind, 'adjusted')
  await scene.claim(sku, 'near', { kind: 'accepted', units: 4 })
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 7 }] }))
  assert.deepEqual(await rowsOf(sku), ['all 4 (4)', 'web 3 (0)'])
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 3 }] }))
  assert.deepEqual(await rowsOf(sku), ['all 3 (3)', 'web 0 (0)'])
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 9 }] }))
  assert.deepEqual(await rowsOf(sku), ['all 9 (3)', 'web 0 (0)'])
  await scene.assertBooks()
})

test('goods that are not for sale are counted by themselves', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 5)
  resultsOf(
    await count({
      entries: [
        { sku, location: 'near', quantity: 3, disposition: 'refurbish' },
        { sku, location: 'near', quantity: 4 },
      ],
    }),
  )
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 4, claimed: 0 })
  await scene.assertBooks()
})

test('a quarantined count waits under one id until a newer one is taken', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 5)
  const [inWork] = await scene.claim(sku, 'near', { kind: 'in_work', units: 5 })
  const ofSku = () => scene.quarantined.filter((each) => each.sku === sku)
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 0 }] }))
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 1 }] }))
  assert.deepEqual(
    ofSku().map(({ counted, inWork: units }) => [counted, units]),
    [
      [0, 5],
      [1, 5],
    ],
  )
  assert.equal(new Set(ofSku().map(({ id }) => id)).size, 1)

  await handOver(sku, { demandId: inWork?.demandId ?? '', occurredAt: (await scene.db.clock()).at })
  resultsOf(await count({ entries: [{ sku, location: 'near', quantity: 1 }] }))
  assert.ok(scene.settledQuarantines.includes(ofSku()[0]?.id ?? ''))
  assert.deepEqual(await scene.onHand(sku, 'near'), { onHand: 1, claimed: 0 })
  await scene.assertBooks()
})

test('a message takes effect once; other content under its id is refused', async () => {
  const sku = await freshSku()
  await scene.stock(sku, 'near', 5)
  const message = { messageId: newId(), asOf: clockTime('10:00'), entries: [{ sku, location: 'near', quantity: 4 }] }
  const first = await count(message)
  await scene.inventory.adjustStock({
    actor: 'key_test',
    commandKey: newId(),
    entries: [{ sku, location: 'near', delta: 3, reason: 'found' }],
  })
  assert.deepEqual(await count(message), first)
  assert.equal((await scene.onHand(sku, 'near')).onHand, 7)
  assert.deepEqual(await count({ ...message, asOf: clockTime('10:01') }), refused({ code: 'message_id_reused' }))
  assert.equal((await count({ ...message, actor: 'key_other' })).kind, 'taken')
})

test('a partner counts its own locations; any other is unknown to it', async () => {
  const sku = await freshSku()
  const only = new Set([scene.locationIds.near])
  const own = await count({ only, entries: [{ sku, location: 'near', quantity: 4 }] })
  assert.equal(own.kind, 'taken')
  for (const location of ['far', 'nowhere']) {
    const other = await count({ only, entries: [{ sku: 'unknown', location, quantity: 4 }] })
    assert.deepEqual(other, refused({ code: 'location_unknown', path: '/entries/0/location', location }))
  }
})

test('what cannot be understood changes nothing', async () => {
  const sku = await freshSku()
  await scene.clock('12:00')
  const good = { sku, location: 'near', quantity: 4 }
  assert.deepEqual(
    await count({ entries: [good, { ...good, sku: 'unknown' }] }),
    refused({ code: 'sku_unknown', path: '/entries/1/sku', sku: 'unknown' }),
  )
  assert.deepEqual(await count({ entries: [good, good] }), refused({ code: 'entry_repeated', path: '/entries/1' }))
  const early = await count({ asOf: clockTime('12:06'), entries: [good] })
  assert.ok(early.kind === 'refused' && early.refusal.code === 'as_of_in_future')
  assert.equal((await scene.onHand(sku, 'near')).onHand, 0)
  // A clock that is a little ahead is no reason to lose a count.
  assert.equal((await count({ asOf: clockTime('12:04'), entries: [good] })).kind, 'taken')
})

let skus = 0

async function freshSku(): Promise<string> {
  const sku = `sku-${++skus}`
  await scene.addSkus(sku)
  return sku
}

async function count(
  told: Partial<TakeCounts> & { readonly entries: readonly CountEntry[] },
): Promise<TakeCountsOutcome> {
  const { at: asOf } = await scene.db.clock()
  return scene.inventory.takeCounts({
    actor: 'key_test',
    messageId: null,
    asOf,
    meaning: 'physical',
    only: null,
    ...told,
  })
}

function resultsOf(outcome: TakeCountsOutcome) {
  assert.ok(outcome.kind === 'taken', JSON.stringify(outcome))
  return outcome.answer.results
}

function refused(refusal: object): object {
  return { kind: 'refused', refusal }
}

async function handOver(sku: string, told: HandOver): Promise<void> {
  await scene.db.inTransaction(async (tx) => {
    const gated = await lockGates(tx, [scene.variantId(sku)])
    const [consumed] = await consumeClaims(gated, [told])
    assert.equal(consumed?.missingUnits, 0)
  })
}

/** `all 4 (2)` for each row on hand. */
async function rowsOf(sku: string): Promise<string[]> {
  const rows = await scene.onHandRows(sku, 'near')
  return rows.map(({ isFenced, quantity, claimed }) => `${isFenced ? 'web' : 'all'} ${quantity} (${claimed})`)
}

/** `accepted 3 5d` */
function claimOf(text: string): ClaimWanted {
  const [kind = '', units, days = '3d'] = text.split(' ')
  return { kind: kind as ClaimKind, units: Number(units), days: Number(days.slice(0, -1)) }
}
