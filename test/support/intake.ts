import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import type { ClientLog } from './client-log.ts'
import { shippingAddress, storeOrder, type Head, type HeadRequest, type PaymentToken } from './head.ts'
import type { Random } from './random.ts'
import { TRUSTED_CHANNEL, type TestShop } from './test-shop.ts'

export interface IntakeOptions {
  readonly shop: Pick<TestShop, 'db' | 'secretKey' | 'skus'>
  readonly head: Head
  readonly log: ClientLog
  readonly random: Random
  /** The code of a gift card that one shopper in three pays a dollar with; null: nobody has one. */
  readonly giftCard: string | null
  /** Clients that send at once, each its next request when it has heard of the last. */
  readonly clients: number
}

/** What a request makes, if it makes something. */
type Made = 'order' | 'cart'

interface Sent extends HeadRequest {
  readonly name: string
  readonly makes: Made
}

/** Answers after which the client still does not know: it has to ask again. */
const openStatuses: ReadonlySet<number> = new Set([409, 429, 500, 503])
/** One shopper in five leaves when nothing is heard; the others press the button again. */
const LEAVES = 0.2
/** An unknown commit, a lock of a dead request and a busy machine together take less. */
const TOLD_WITHIN_MS = 30_000

/**
 * Traffic of a shop that somebody is about to hurt: shoppers' orders, orders of a marketplace, carts. Every client
 * writes down what it was told before it believes it, and treats everything that is not an answer as not knowing.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #sent = new Map<string, Sent>()
  readonly #running: Promise<void>[] = []
  #isOpen = true
  #next = 0
  readonly #underWay = new Set<Sent>()
  #toldCount = 0
  /** How often what was heard: `201`, `503 outcome_unknown`, `silence`. */
  readonly heard = new Map<string, number>()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  begin(): void {
    for (let client = 0; client < this.#options.clients; client++) this.#running.push(this.#shop())
  }

  /** Waits until so many more requests were told what became of them. */
  async told(more: number): Promise<void> {
    const enough = this.#toldCount + more
    while (this.#toldCount < enough && this.#isOpen) await sleep(2)
  }

  /** Shoppers' orders whose server has not answered yet: the keys under which they were sent. */
  shoppersWaiting(): string[] {
    return [...this.#underWay].flatMap(({ key, makes }) => (key !== undefined && makes === 'order' ? [key] : []))
  }

  describe(): string {
    return [...this.heard]
      .toSorted()
      .map(([answer, count]) => `${answer} × ${count}`)
      .join(', ')
  }

  /** Lets every client finish what it has begun. */
  async end(): Promise<void> {
    this.abandon()
    await Promise.all(this.#running)
  }

  /** Sends nothing more, whatever is under way. */
  abandon(): void {
    this.#isOpen = false
  }

  /** One more client with one request, for as long as it takes until it is told. @returns after how many ms */
  async probe(): Promise<number> {
    const beganMs = performance.now()
    const request = this.#compose()
    while ((await this.#ask(request)) === 'unknown') await sleep(20)
    return Math.round(performance.now() - beganMs)
  }

  async #shop(): Promise<void> {
    const { random } = this.#options
    while (this.#isOpen) {
      const request = this.#compose()
      const leaves = random.chance(LEAVES)
      while ((await this.#ask(request)) === 'unknown' && this.#isOpen) {
        await sleep(random.integer(50, 500))
        if (leaves) break
      }
    }
  }

  /** Sends a request, again or for the first time, and writes down what came back. */
  async #ask(request: Sent): Promise<'told' | 'unknown'> {
    const { head, log } = this.#options
    this.#underWay.add(request)
    const heard = await head.send(request)
    this.#underWay.delete(request)
    const { name } = request
    const answer = heard.kind === 'silence' ? heard.kind : [heard.status, heard.body.code].filter(Boolean).join(' ')
    this.heard.set(answer, (this.heard.get(answer) ?? 0) + 1)
    if (heard.kind === 'silence' || openStatuses.has(heard.status)) {
      log.write({ request: name, kind: 'unknown', cause: heard.kind === 'silence' ? heard.cause : answer })
      return 'unknown'
    }
    log.write({ request: name, kind: 'told', status: heard.status, id: madeId(heard.body) })
    this.#toldCount++
    return 'told'
  }

  /** Draws a request and writes down that it is about to be sent. */
  #compose(): Sent {
    const request = this.#draw()
    this.#sent.set(request.name, request)
    this.#options.log.write({ request: request.name, kind: 'sent' })
    return request
  }

  #draw(): Sent {
    const { random, shop } = this.#options
    const name = `request-number-${String(++this.#next).padStart(6, '0')}-of-this-run`
    const lines = [
      { sku: random.pick(shop.skus), quantity: 1 },
      { sku: random.pick(shop.skus), quantity: 2 },
    ].filter((line, index, all) => index === 0 || line.sku !== all[0]?.sku)
    const kind = random.fraction()
    if (kind < 0.1) {
      const body = { lines, email: `${name}@example.com`, shippingAddress: shippingAddress() }
      return { name, makes: 'cart', path: '/v1/store/carts', key: name, body }
    }
    if (kind < 0.25) {
      const unitPrice = { amount: 1_000, currency: 'USD' }
      return {
        name,
        makes: 'order',
        path: '/v1/admin/orders',
        apiKey: shop.secretKey,
        body: {
          channel: TRUSTED_CHANNEL,
          reference: name,
          currency: 'USD',
          taxIncluded: false,
          lines: lines.map((line) => ({ ...line, unitPrice })),
          shippingAddress: shippingAddress(),
          fulfillment: { method: 'ship' },
          payment: { state: 'paid' },
        },
      }
    }
    const token = this.#card()
    const { giftCard } = this.#options
    const body = storeOrder(lines, { token, shopper: name })
    if (giftCard === null || random.chance(2 / 3)) {
      return { name, makes: 'order', path: '/v1/store/orders', key: name, body }
    }
    const tenders = [
      { kind: 'gift_card', code: giftCard, amount: { amount: 100, currency: 'USD' } },
      { kind: 'provider', provider: 'sandbox', token },
    ]
    return { name, makes: 'order', path: '/v1/store/orders', key: name, body: { ...body, payment: { tenders } } }
  }

  #card(): PaymentToken {
    const draw = this.#options.random.fraction()
    return draw < 0.85 ? 'tok_ok' : draw < 0.92 ? 'tok_declined' : draw < 0.97 ? 'tok_3ds' : 'tok_slow'
  }

  /**
   * Judges by the clients' log, once nothing hurts the shop any more: asks again, under the same key, for whatever is
   * not known, and for a part of what is known. Then everything the shop has is something a client was told of, once.
   */
  async judge(): Promise<{
    readonly told: number
    readonly unknown: number
    readonly orders: number
    readonly carts: number
  }> {
    const { log, random, shop } = this.#options
    const before = foldLog(log)
    const unknown = [...this.#sent.values()].filter(({ name }) => before.get(name)?.kind !== 'told')
    const known = [...this.#sent.values()].filter(({ name }) => before.get(name)?.kind === 'told')
    await this.#askAgain([...unknown, ...known.filter(() => random.chance(0.2))])

    const ids: Record<Made, Set<string>> = { order: new Set(), cart: new Set() }
    for (const [name, lines] of Map.groupBy(log.read(), (line) => line.request)) {
      const told = new Set(lines.flatMap((line) => (line.kind === 'told' && line.id !== null ? [line.id] : [])))
      assert.ok(told.size <= 1, `${name} made one thing, and was told of ${[...told].join(' and ')}`)
      const { makes } = must(this.#sent.get(name), 'a request that was sent')
      for (const id of told) {
        assert.ok(!ids[makes].has(id), `${id} was made by one request, and ${name} was told of it too`)
        ids[makes].add(id)
      }
    }
    const stored = await readMade(shop.db)
    for (const makes of ['order', 'cart'] as const) {
      const lost = [...ids[makes]].filter((id) => !stored[makes].has(id))
      const doubled = [...stored[makes]].filter((id) => !ids[makes].has(id))
      assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] }, `acknowledged ${makes}s are there, and no others`)
    }
    assert.deepEqual(await readUnaudited(shop.db), [], 'every order that a key brought is in the audit log')
    return { told: known.length, unknown: unknown.length, orders: ids.order.size, carts: ids.cart.size }
  }

  async #askAgain(requests: readonly Sent[]): Promise<void> {
    const waiting = requests.values()
    const until = performance.now() + TOLD_WITHIN_MS
    await Promise.all(
      Array.from({ length: this.#options.clients }, async () => {
        for (const request of waiting) {
          while ((await this.#ask(request)) === 'unknown') {
            assert.ok(
              performance.now() < until,
              `nobody tells what became of ${JSON.stringify(foldLog(this.#options.log).get(request.name))}`,
            )
            await sleep(50)
          }
        }
      }),
    )
  }
}

function madeId(body: { readonly id?: string; readonly order?: { readonly id: string } }): string | null {
  return body.id ?? body.order?.id ?? null
}

/** What each request knows now. */
function foldLog(log: ClientLog) {
  return new Map(log.read().map((line) => [line.request, line]))
}

async function readMade(db: TestShop['db']): Promise<Record<Made, ReadonlySet<string>>> {
  const [orders, carts] = await Promise.all([
    db.rows<{ id: Id<'order'> }>({ name: 'test.orders', text: 'select id from orders.orders' }),
    db.rows<{ id: Id<'cart'> }>({ name: 'test.carts', text: 'select id from carts.cart' }),
  ])
  return {
    order: new Set(orders.map(({ id }) => formatId('order', id))),
    cart: new Set(carts.map(({ id }) => formatId('cart', id))),
  }
}

/** Orders of trusted channels without exactly one entry in the audit log. */
async function readUnaudited(db: TestShop['db']): Promise<{ reference: string; entries: number }[]> {
  const orders = await db.rows<{ id: Id<'order'>; reference: string }>({
    name: 'test.trusted',
    text: 'select id, reference from orders.orders where reference is not null',
  })
  const entries = await db.rows<{ object: string; count: number }>({
    name: 'test.audited',
    text: "select object, count(*)::int from platform.audit_entry where action = 'order.placed' group by object",
  })
  const counts = new Map(entries.map(({ object, count }) => [object, count]))
  return orders
    .map(({ id, reference }) => ({ reference, entries: counts.get(formatId('order', id)) ?? 0 }))
    .filter((order) => order.entries !== 1)
}
