import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatId, newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import {
  clockTime,
  openStockScene,
  rows,
  type ClaimKind,
  type ClaimWanted,
  type StockScene,
} from '../../../test/races/stock-scene.ts'
import type { CreateInbound } from './create-inbound.ts'
import type { Inbound } from './inbound.ts'
import type { InboundReceived, ReceiveInbound } from './receive-inbound.ts'

let scene: StockScene
before(async () => {
  scene = await openStockScene()
})
after(() => scene.close())

// What comes goes to whoever was promised it soonest; what will not come is freed.
// oxfmt-ignore
const receipts = [
  // on hand  expected  claimed on what is to come       came           on hand (claimed)  to come (claimed)  given back
  [0,         10,       '',                              '10',          '10 (0)',          '0 (0)',           ''],
  [2,         10,       'accepted 4',                    '10',          '12 (4)',          '0 (0)',           ''],
  [0,         10,       'accepted 4 5d, accepted 4 2d',  '5',           '5 (5)',           '5 (3)',           ''],
  [0,         10,       'cart 2, accepted 4',            '3',           '3 (3)',           '7 (3)',           ''],
  [0,         10,       'accepted 4',                    '15',          '15 (4)',          '0 (0)',           ''],
  [0,         10,       'accepted 9 2d, cart 1',         '6, no more',  '6 (6)',           '0 (0)',           'accepted 3 2d, cart 1'],
  [0,         10,       'accepted 4 2d, accepted 4 5d',  '6, no more',  '6 (6)',           '0 (0)',           'accepted 2 5d'],
] as const

for (const [onHand, expected, claims, came, nowOnHand, toCome, givenBack] of receipts) {
  test(`${onHand} on hand, ${expected} expected, “${claims}”, ${came} come`, async () => {
    const sku = await freshSku()
    await scene.stock(sku, 'near', onHand)
    const inbound = await announce({ lines: [{ sku, quantity: expected }] })
    const made = await claimInbound(sku, inbound, claims)
    const answer = await receive(inbound, {
      lines: [{ sku, quantity: Number.parseInt(came, 10) }],
      isComplete: came.endsWith('no more'),
    })
    assert.equal(answer.status, toCome === '0 (0)' ? 'received' : 'open')
    assert.equal(await standing(sku), nowOnHand)
    assert.equal(await expectedOf(inbound), toCome)
    assert.deepEqual((await lostOf(claims, made)).toSorted(), givenBack === '' ? [] : givenBack.split(', ').toSorted())
    await scene.assertBooks()
  })
}

test('goods come in several deliveries, each told once', async () => {
  const sku = await freshSku()
  const inbound = await announce({ lines: [{ sku, quantity: 10 }] })
  await claimInbound(sku, inbound, 'accepted 7 2d, accepted 3 3d')
  const first = { commandKey: newId(), lines: [{ sku, quantity: 4 }] }
  const answer = await receive(inbound, first)
  assert.deepEqual(answer.lines, [{ sku, received: 4, onHandGained: 4, servedUnits: 4, freedUnits: 0 }])
  assert.deepEqual(await receive(inbound, first), answer)
  assert.equal(await standing(sku), '4 (4)')
  assert.equal((await receive(inbound, { lines: [{ sku, quantity: 6 }] })).status, 'received')
  assert.equal(await standing(sku), '10 (10)')
  const late = await scene.inventory.receiveInbound(receipt(inbound, { lines: [{ sku, quantity: 1 }] }))
  assert.deepEqual(late, { kind: 'refused', refusal: { code: 'inbound_not_open', status: 'received' } })
  await scene.assertBooks()
})

test('a claim that moved in part and then gives way in part still adds up to what was claimed once', async () => {
  const sku = await freshSku()
  const inbound = await announce({ lines: [{ sku, quantity: 10 }] })
  const made = await claimInbound(sku, inbound, 'accepted 9')
  await receive(inbound, { lines: [{ sku, quantity: 4 }] })
  for (const delta of [-1, -2]) {
    const entries = [{ sku, location: 'near', delta, reason: 'damaged' }]
    await scene.inventory.adjustStock({ actor: 'key_test', commandKey: newId(), entries })
    await scene.assertBooks()
  }
  assert.deepEqual([await standing(sku), await expectedOf(inbound)], ['1 (1)', '6 (5)'])
  assert.deepEqual(await lostOf('accepted 9', made), ['accepted 3'])
})

test('a receipt told after a count that found the goods does not add them again', async () => {
  const sku = await freshSku()
  await scene.clock('12:00')
  await scene.stock(sku, 'near', 2)
  const inbound = await announce({ lines: [{ sku, quantity: 10 }] })
  await scene.claim(sku, 'near', { kind: 'accepted', units: 2 })
  const made = await claimInbound(sku, inbound, 'accepted 4 1d, accepted 2 5d')
  await scene.inventory.takeCounts({
    actor: 'key_test',
    messageId: null,
    asOf: clockTime('11:00'),
    meaning: 'physical',
    only: null,
    entries: [{ sku, location: 'near', quantity: 7 }],
  })
  // Ten were to come, ten came they say; but only seven were found with the two that had been there.
  const answer = await receive(inbound, { occurredAt: clockTime('10:00'), lines: [{ sku, quantity: 10 }] })
  assert.deepEqual(answer.lines, [{ sku, received: 10, onHandGained: 0, servedUnits: 5, freedUnits: 1 }])
  assert.equal(await standing(sku), '7 (7)')
  assert.deepEqual(await lostOf('accepted 4 1d, accepted 2 5d', made), ['accepted 1 5d'])
  await scene.assertBooks()
})

test('an inbound is announced once for its reference', async () => {
  const sku = await freshSku()
  const reference = `PO-${sku}`
  const first = await announce({ reference, lines: [{ sku, quantity: 10 }] })
  assert.deepEqual(await announce({ reference, lines: [{ sku, quantity: 10 }] }), first)
  const other = await scene.inventory.createInbound({ ...told, reference, lines: [{ sku, quantity: 11 }] })
  assert.deepEqual(other, { kind: 'refused', refusal: { code: 'inbound_reference_reused' } })
  assert.equal(await expectedOf(first), '10 (0)')
})

test('what is cancelled will not come: its claims are freed, once', async () => {
  const sku = await freshSku()
  const inbound = await announce({ lines: [{ sku, quantity: 10 }] })
  const made = await claimInbound(sku, inbound, 'accepted 4, cart 1')
  await receive(inbound, { lines: [{ sku, quantity: 2 }] })
  for (const version of [3, 3]) {
    const cancelled = await scene.inventory.cancelInbound({ actor: 'key_test', id: inbound.id })
    assert.ok(cancelled.kind === 'changed')
    assert.equal(cancelled.inbound.version, version)
    assert.equal(cancelled.inbound.status, 'cancelled')
  }
  assert.equal(await standing(sku), '2 (2)')
  assert.deepEqual(await lostOf('accepted 4, cart 1', made), ['accepted 2', 'cart 1'])
  await scene.assertBooks()
})

test('an edit changes when and how much comes, and frees what was sold beyond it', async () => {
  const sku = await freshSku()
  const inbound = await announce({ lines: [{ sku, quantity: 10 }] })
  const made = await claimInbound(sku, inbound, 'accepted 4 2d, accepted 4 5d')
  const edit = { actor: 'key_test', id: inbound.id, eta: clockTime('23:00'), lines: [{ sku, expected: 5 }] }
  const edited = await scene.inventory.editInbound({ ...edit, seenVersion: 1 })
  assert.ok(edited.kind === 'changed')
  assert.equal(await expectedOf(inbound), '5 (5)')
  assert.deepEqual(await lostOf('accepted 4 2d, accepted 4 5d', made), ['accepted 3 5d'])
  assert.deepEqual(await scene.inventory.editInbound({ ...edit, seenVersion: 1 }), {
    kind: 'version_mismatch',
    currentVersion: 2,
  })
  const [supply] = await rows<{ eta: number }>(scene.db, 'select eta from inventory.supply where source_ref = $1', [
    inbound.id,
  ])
  assert.equal(supply?.eta, clockTime('23:00'))

  const raised = await scene.inventory.editInbound({ ...edit, seenVersion: 2, lines: [{ sku, expected: 20 }] })
  assert.ok(raised.kind === 'changed')
  assert.equal(await expectedOf(inbound), '20 (5)')
  await scene.assertBooks()
})

test('what comes for one channel is for that channel only', async () => {
  const sku = await freshSku()
  const inbound = await announce({
    lines: [
      { sku, quantity: 4, channel: 'web' },
      { sku, quantity: 3 },
    ],
  })
  await receive(inbound, {
    lines: [
      { sku, quantity: 4, channel: 'web' },
      { sku, quantity: 3 },
    ],
  })
  const onHand = await scene.onHandRows(sku, 'near')
  assert.deepEqual(
    new Map(onHand.map(({ isFenced, quantity }) => [isFenced, quantity])),
    new Map([
      [true, 4],
      [false, 3],
    ]),
  )
  await scene.assertBooks()
})

test('lines that an inbound does not have are refused', async () => {
  const [sku, other] = [await freshSku(), await freshSku()]
  const inbound = await announce({ lines: [{ sku, quantity: 4 }] })
  const outcome = await scene.inventory.receiveInbound(
    receipt(inbound, {
      lines: [
        { sku, quantity: 4 },
        { sku: other, quantity: 1 },
      ],
    }),
  )
  assert.deepEqual(outcome, { kind: 'refused', refusal: { code: 'inbound_line_unknown', path: '/lines/1' } })
  assert.deepEqual(
    await scene.inventory.receiveInbound({ ...receipt(inbound, { lines: [] }), id: newId<'inbound'>() }),
    { kind: 'unknown' },
  )
})

test('two docks receive at once, and every unit is counted once', async () => {
  const sku = await freshSku()
  const inbound = await announce({ lines: [{ sku, quantity: 40 }] })
  await claimInbound(sku, inbound, 'accepted 30')
  await Promise.all(Array.from({ length: 40 }, () => receive(inbound, { lines: [{ sku, quantity: 1 }] })))
  assert.equal(await standing(sku), '40 (30)')
  assert.equal(await expectedOf(inbound), '0 (0)')
  await scene.assertBooks()
})

const told = { actor: 'key_test', location: 'near', eta: clockTime('18:00') } as const
let skus = 0

async function freshSku(): Promise<string> {
  const sku = `sku-${++skus}`
  await scene.addSkus(sku)
  return sku
}

async function announce(command: Pick<CreateInbound, 'lines'> & { readonly reference?: string }): Promise<Inbound> {
  const outcome = await scene.inventory.createInbound({ ...told, reference: newId(), ...command })
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome))
  return outcome.inbound
}

function receipt(inbound: Inbound, command: Partial<ReceiveInbound>): ReceiveInbound {
  return {
    actor: 'key_test',
    commandKey: newId(),
    id: inbound.id,
    occurredAt: null,
    lines: [],
    isComplete: false,
    ...command,
  }
}

async function receive(inbound: Inbound, command: Partial<ReceiveInbound>): Promise<InboundReceived> {
  const outcome = await scene.inventory.receiveInbound(receipt(inbound, command))
  assert.ok(outcome.kind === 'received', JSON.stringify(outcome))
  assert.equal(outcome.answer.inboundId, formatId('inbound', inbound.id))
  return outcome.answer
}

async function claimInbound(sku: string, inbound: Inbound, claims: string) {
  const [supply] = await rows<{ id: bigint }>(scene.db, 'select id from inventory.supply where source_ref = $1', [
    inbound.id,
  ])
  const supplyId = must(supply, 'the row of the inbound').id
  return claims === ''
    ? []
    : scene.claim(sku, 'near', ...claims.split(', ').map((text) => ({ ...claimOf(text), supplyId })))
}

/** `accepted 3 5d` */
function claimOf(text: string): ClaimWanted {
  const [kind = '', units, days = '3d'] = text.split(' ')
  return { kind: kind as ClaimKind, units: Number(units), days: Number(days.slice(0, -1)) }
}

/** The claims, in the words of the table, with the units that were given back. */
async function lostOf(claims: string, made: readonly { readonly demandId: string }[]): Promise<string[]> {
  const lost = await Promise.all(
    made.map(async ({ demandId }, index) => {
      const text = claims.split(', ')[index] ?? ''
      const units = claimOf(text).units - (await scene.heldUnits(demandId))
      return units === 0 ? [] : [text.replace(/\d+/, String(units))]
    }),
  )
  return lost.flat()
}

async function standing(sku: string): Promise<string> {
  const { onHand, claimed } = await scene.onHand(sku, 'near')
  return `${onHand} (${claimed})`
}

async function expectedOf(inbound: Inbound): Promise<string> {
  const [row] = await rows<{ quantity: number; claimed: number }>(
    scene.db,
    'select quantity, claimed from inventory.supply where source_ref = $1',
    [inbound.id],
  )
  const { quantity, claimed } = must(row, 'the row of the inbound')
  return `${quantity} (${claimed})`
}
