import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatId, parseId } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { parseInstant, type Instant } from '../../server/kernel/time.ts'
import { expireOrders } from '../../server/modules/changes/index.ts'
import { raiseExceptions } from '../../server/modules/exceptions/index.ts'
import { setBusinessClock } from '../../server/platform/time/business-clock.ts'
import { race } from '../support/barrier.ts'
import { assertBooks, readHeldMoney, readProviderBook } from '../support/books.ts'
import { Cleanup } from '../support/cleanup.ts'
import { answerChallenge, newKey, storeOrder, type Answer, type Head, type PaymentToken } from '../support/head.ts'
import { seededRandom } from '../support/random-seed.ts'
import { openTestShop, type TestShop } from '../support/test-shop.ts'
import { startTwoNodes, type TwoNodes } from '../support/two-nodes.ts'
import { Windows } from '../support/windows.ts'

/*
 * Money against time, against other money, and against a change of mind. The provider's own book is the oracle: what it
 * holds of an order is the order's total when the order is open, and nothing in every other case.
 */

const random = seededRandom()

/**
 * Within how many ms a round's events come, at random: how long a request takes depends on what else the machine does,
 * and it is a race only if the two sides come within about that time.
 */
const SPREADS_MS = [150, 500, 1_500] as const

const cleanup = new Cleanup()
let shop: TestShop
let nodes: TwoNodes
before(async () => {
  // A provider that takes a moment, as they do: the time between asking and hearing is what is raced for.
  shop = cleanup.after(await openTestShop({ skus: 4, locations: 2, providerArgs: ['--latency-ms', '10'] }), (opened) =>
    opened.close(),
  )
  await shop.stock(Object.fromEntries(shop.skus.map((sku) => [sku, { l1: 2_000, l2: 2_000 }])))
  nodes = cleanup.after(await startTwoNodes(shop), (started) => started.stop())
})

interface Waiting {
  readonly head: Head
  readonly other: Head
  readonly placed: Answer
  readonly id: string
  readonly token: string
}

/** Orders that wait for their buyer on the bank's page, each placed through one node and known to the other. */
async function placeWaiting(count: number, token: PaymentToken = 'tok_3ds'): Promise<Waiting[]> {
  return Promise.all(
    nodes.clients(count).map(async (head, index) => {
      const placed = await head.ask({
        path: '/v1/store/orders',
        key: newKey(),
        body: storeOrder([{ sku: random.pick(shop.skus), quantity: random.integer(1, 3) }], { token }),
      })
      assert.equal(placed.status, 202, JSON.stringify(placed))
      const other = must(nodes.heads[(index + 1) % 2], 'the other node')
      return { head, other, placed, id: placed.body.id, token: placed.body.accessToken }
    }),
  )
}

function payBy({ placed }: Waiting): Instant {
  return must(parseInstant(placed.body.payBy), 'a time to pay by')
}

const goOn = ({ other, placed, id, token }: Waiting): Promise<Answer> =>
  other.ask({ path: `/v1/store/orders/${id}/payments/${placed.body.paymentId}/continue`, token })

const payAgain = (head: Head, { id, token }: Waiting, card: PaymentToken): Promise<Answer> =>
  head.ask({
    path: `/v1/store/orders/${id}/payments`,
    key: newKey(),
    token,
    body: { provider: 'sandbox', token: card },
  })

const cancel = ({ head, id, token }: Waiting): Promise<Answer> =>
  head.ask({ path: `/v1/store/orders/${id}/cancel`, key: newKey(), token, body: {} })

interface Ended {
  readonly id: string
  readonly number: string
  readonly status: string
  readonly totalMinor: number
  /** Payments that may still come to money. */
  readonly undecided: number
  readonly authorisedMinor: number
}

async function readEnded(waiting: readonly Waiting[]): Promise<Ended[]> {
  const rows = await shop.db.rows<Ended>({
    name: 'test.ended',
    text: `select orders.id::text, 'W-' || number as number, orders.status, total_minor::int as "totalMinor",
                  count(*) filter (where undecided)::int as undecided,
                  coalesce(sum(amount_minor) filter (where attempt.status = 'authorised'), 0)::int as "authorisedMinor"
             from orders.orders join payments.attempt on attempt.order_id = orders.id
            where 'W-' || number = any($1::text[]) group by orders.id`,
    values: [waiting.map(({ placed }) => placed.body.number)],
  })
  assert.equal(rows.length, waiting.length)
  return rows
}

/** What the worker does in a second: every payment that is due is asked, or given back. */
async function doWhatIsDue(): Promise<void> {
  for (;;) {
    const due = await shop.db.rows<{ id: never }>({
      name: 'test.due_attempts',
      text: `select id from payments.attempt where next_try_at is not null and status <> 'action_required' order by id`,
    })
    if (due.length === 0) return
    await Promise.all(due.map(({ id }) => shop.askPayment(formatId('attempt', id))))
  }
}

/** Everybody's money is where it belongs: at the merchant's for open orders, with the buyer for all others. */
async function assertMoney(waiting: readonly Waiting[]): Promise<Ended[]> {
  await doWhatIsDue()
  const held = await readHeldMoney(shop.provider.url)
  const ended = await readEnded(waiting)
  for (const { number, status, totalMinor, authorisedMinor } of ended) {
    const expected = status === 'open' ? totalMinor : 0
    assert.deepEqual([held.get(number) ?? 0, authorisedMinor], [expected, expected], `${number} is ${status}`)
  }
  await assertBooks({ databaseUrl: shop.databaseUrl, providerUrl: shop.provider.url })
  return ended
}

test('payBy passes while the bank approves: paid or expired, never both, and what came late is given back', async (t) => {
  const windows = new Windows(['paid in time', 'expired', 'approved and given back'])
  for (const spreadMs of SPREADS_MS) {
    const waiting = await placeWaiting(40)
    const times = waiting.map(payBy)
    const [first, last] = [Math.min(...times) as Instant, Math.max(...times) as Instant]
    // However close the times to pay lie, business time takes as long over them as the buyers need to come back.
    await setBusinessClock(shop.db, { at: first, rate: Math.max(1, last - first) / spreadMs })
    let isRacing = true
    const expiring = [1, 2].map(async () => {
      while (isRacing) await expireOrders(shop.db)
    })
    const answers = await race(waiting, async (each, start) => {
      await start()
      await sleep(random.integer(0, spreadMs))
      await answerChallenge(each.placed, 'approve')
      return goOn(each)
    })
    await setBusinessClock(shop.db, { rate: 1 })
    isRacing = false
    await Promise.all(expiring)
    const voidsBefore = await countVoids()
    const ended = new Map((await assertMoney(waiting)).map((each) => [each.number, each]))
    windows.hit('approved and given back', (await countVoids()) - voidsBefore)
    for (const [index, { placed }] of waiting.entries()) {
      const { status, body } = must(answers[index], 'an answer for everybody')
      const order = must(ended.get(placed.body.number), 'everybody’s order')
      if (status === 201) {
        assert.equal(order.status, 'open', JSON.stringify(body))
        windows.hit('paid in time')
      } else {
        assert.deepEqual([status, body.code, order.status], [402, 'payment_declined', 'expired'])
        windows.hit('expired')
      }
    }
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
})

async function countVoids(): Promise<number> {
  return (await readProviderBook(shop.provider.url)).filter(({ kind }) => kind === 'void').length
}

test('forty cards for one order at once: at most one pays, the others give everything back', async (t) => {
  const windows = new Windows([
    'paid',
    'waits for the bank',
    'declined',
    'told that another card is being asked',
    'told that it is paid',
    'old card approved meanwhile',
  ])
  const decks: readonly (readonly PaymentToken[])[] = [
    ['tok_ok'],
    ['tok_3ds'],
    ['tok_3ds', 'tok_ok'],
    ['tok_declined', 'tok_ok'],
    ['tok_declined', 'tok_3ds'],
    ['tok_3ds', 'tok_declined', 'tok_ok'],
  ]
  // How fast the machine is decides who comes too late: those who miss a moment come again, further apart.
  const rounds = function* () {
    for (let round = 1; round === 1 || (round <= 6 && windows.fewest() === 0); round++) {
      for (const deck of decks) yield { deck, spreadMs: 30 * round }
    }
  }
  for (const { deck, spreadMs } of rounds()) {
    const [waiting] = await placeWaiting(1)
    const order = must(waiting, 'an order')
    const pages: Answer[] = [order.placed]
    let isRacing = true
    // Every bank's page that was ever opened for this order is approved sooner or later: an old one is too late.
    const approving = (async () => {
      for (let next = 0; isRacing || next < pages.length; next++) {
        const page = pages[next]
        if (page === undefined) {
          next--
          await sleep(2)
          continue
        }
        await answerChallenge(page, 'approve')
        windows.hit('old card approved meanwhile')
      }
    })()
    await race(nodes.clients(40), async (head, start) => {
      await start()
      await sleep(random.integer(0, spreadMs))
      const { status, body } = await payAgain(head, order, random.pick(deck))
      if (status === 201) windows.hit('paid')
      else if (status === 202) {
        windows.hit('waits for the bank')
        pages.push({ status, body })
      } else if (body.code === 'payment_declined') windows.hit('declined')
      else if (body.code === 'payment_in_progress') windows.hit('told that another card is being asked')
      else if (body.code === 'not_payable') windows.hit('told that it is paid')
      else assert.fail(JSON.stringify({ status, body }))
    })
    isRacing = false
    await approving
    // Some buyers come back from the bank: what they approved pays if nothing else has.
    await Promise.all(pages.map((placed) => goOn({ ...order, placed })))
    const [ended] = await assertMoney([order])
    assert.ok(must(ended, 'the order').undecided <= 1)
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
})

const stories = [
  'paid by the first card and cancelled',
  'paid by the second card and cancelled',
  'cancelled before it was paid',
  'not cancelled because the second card was being asked',
] as const

/** What the order's state and its three answers say together; no other combination makes sense. */
function storyOf(
  status: string,
  [first, second, cancelled]: readonly [Answer, Answer, Answer],
): (typeof stories)[number] {
  const told = [first, second, cancelled].map((each) => `${each.status} ${each.body.code ?? ''}`)
  const isPaid = [first.status === 201, second.status === 201]
  if (status === 'cancelled' && cancelled.status === 200) {
    if (isPaid[0] && !isPaid[1]) return 'paid by the first card and cancelled'
    if (isPaid[1] && !isPaid[0]) return 'paid by the second card and cancelled'
    if (!isPaid[0]) return 'cancelled before it was paid'
  }
  // Neither cancelled nor left unpaid: the second card came between, and it is the one that paid.
  if (status === 'open' && cancelled.body.code === 'payment_in_progress' && isPaid[1] && !isPaid[0]) {
    return 'not cancelled because the second card was being asked'
  }
  return assert.fail(`the order is ${status}, and the buyer was told ${told.join(', ')}`)
}

test('the buyer pays by two cards and cancels, all at once: one story explains what became of each order', async (t) => {
  const windows = new Windows(stories)
  for (const spreadMs of SPREADS_MS) {
    const waiting = await placeWaiting(24)
    const told = await race(waiting, async (each, start, index) => {
      await answerChallenge(each.placed, 'approve')
      await start()
      // By turns one of the three goes first.
      const later = (turn: number): Promise<void> => sleep(index % 3 === turn ? 0 : random.integer(0, spreadMs))
      return Promise.all([
        later(0).then(() => goOn(each)),
        later(1).then(() => payAgain(each.other, each, 'tok_ok')),
        later(2).then(() => cancel(each)),
      ])
    })
    const ended = new Map((await assertMoney(waiting)).map((each) => [each.number, each]))
    for (const [index, { placed }] of waiting.entries()) {
      const { status } = must(ended.get(placed.body.number), 'everybody’s order')
      windows.hit(storyOf(status, must(told[index], 'answers for everybody')))
    }
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
})

test('forty come back from the bank at once with the same payment: it is booked once', async (t) => {
  const windows = new Windows(['told that it is paid', 'told that it is declined'])
  for (const decision of ['approve', 'decline', 'approve'] as const) {
    const [waiting] = await placeWaiting(1)
    const order = must(waiting, 'an order')
    await answerChallenge(order.placed, decision)
    const answers = await race(nodes.clients(40), async (head, start) => {
      await start()
      return goOn({ ...order, other: head })
    })
    for (const { status, body } of answers) {
      assert.equal(status, decision === 'approve' ? 201 : 402, JSON.stringify(body))
      windows.hit(status === 201 ? 'told that it is paid' : 'told that it is declined')
    }
    await assertMoney([order])
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
})

test('a person decides while the provider answers after all: one of them settles, and the money agrees', async (t) => {
  const windows = new Windows([
    'the person says authorised',
    'the person says declined',
    'the provider was first',
    'declined, and given back',
  ])
  for (const spreadMs of [0, 30, 150]) {
    const waiting = await placeWaiting(40, 'tok_timeout')
    const authorised = new Map(
      ((await readProviderBook(shop.provider.url)) as readonly { kind: string; payment: string; key: string }[])
        .filter(({ kind }) => kind === 'authorisation')
        .map(({ key, payment }) => [formatId('attempt', key as never), payment]),
    )
    const paymentPath = ({ placed }: Waiting) => `/v1/admin/payments/${placed.body.paymentId}`
    const seen = await Promise.all(
      waiting.map(async (each) => {
        const read = { method: 'GET', path: paymentPath(each), apiKey: shop.secretKey } as const
        return each.other.ask(read)
      }),
    )
    await askAPerson(waiting)
    const told = await race(waiting, async (each, start, index) => {
      const { body } = must(seen[index], 'the payment as the person saw it')
      assert.equal(body.status, 'unknown')
      const outcome: 'authorised' | 'declined' = index % 2 === 0 ? 'authorised' : 'declined'
      const decide = () =>
        each.other.ask({
          method: 'PUT',
          path: `${paymentPath(each)}/decision`,
          apiKey: shop.secretKey,
          ifMatch: body.version,
          body: {
            outcome,
            ...(outcome === 'authorised' ? { providerReference: authorised.get(placedId(each)) } : {}),
            evidence: "the provider's statement of today",
          },
        })
      await start()
      const [decided] = await Promise.all([
        sleep(random.integer(0, spreadMs)).then(decide),
        sleep(random.integer(0, spreadMs)).then(() => shop.askPayment(placedId(each))),
      ])
      // The answer was lost: the same decision again is the same decision.
      if (decided.status === 200) assert.equal((await decide()).status, 200)
      return { outcome, decided }
    })
    const voidsBefore = await countVoids()
    const ended = new Map((await assertMoney(waiting)).map((each) => [each.number, each]))
    windows.hit('declined, and given back', (await countVoids()) - voidsBefore)
    assert.equal(await countUnknown(), 0, 'whoever settles also closes the question')
    for (const [index, { placed }] of waiting.entries()) {
      const { outcome, decided } = must(told[index], 'what everybody was told')
      const { status } = must(ended.get(placed.body.number), 'everybody’s order')
      if (decided.status === 200) {
        windows.hit(`the person says ${outcome}`)
        assert.equal(status, outcome === 'authorised' ? 'open' : 'awaiting_payment')
      } else {
        windows.hit('the provider was first')
        assert.equal(decided.body.code, 'payment_decided', JSON.stringify(decided))
        assert.equal(status, 'open', 'the provider has the money')
      }
    }
  }
  t.diagnostic(windows.describe())
  windows.assertAllHit()
})

async function countUnknown(): Promise<number> {
  return shop.db.execute({
    name: 'test.count_unknown',
    text: "select from exceptions.exception where reason = 'payment_unknown' and closed_at is null",
  })
}

/** As settling does when an order has waited as long as it may. */
async function askAPerson(waiting: readonly Waiting[]): Promise<void> {
  await shop.db.inTransaction((tx) =>
    raiseExceptions(
      tx,
      waiting.map(({ id, placed }) => ({
        reason: 'payment_unknown',
        objectKind: 'order' as const,
        objectId: must(parseId('order', id), 'the id of an order'),
        facts: { paymentId: placed.body.paymentId },
        nextAction: 'Ask the provider.',
      })),
    ),
  )
  assert.equal(await countUnknown(), waiting.length)
}

function placedId({ placed }: Waiting): string {
  return placed.body.paymentId
}
