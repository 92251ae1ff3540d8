/**
 * Requests drawn from the description: sound ones, ones with something wrong, and nonsense, eight at a time on one shop.
 *
 *   WAYBILL_TEST_FUZZ_REQUESTS=100000 WAYBILL_TEST_FUZZ_SEED=7   more of them, others
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { runAudits } from '../../server/platform/audits/run-audits.ts'
import type { Answer, ApiRequest } from '../support/api-client.ts'
import { faultOf } from '../support/api-judge.ts'
import { mutantsOf } from '../support/api-mutants.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, orderBody, type Scene, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, untilSettled, type TestApi } from '../support/api.ts'
import { Random } from '../support/random.ts'

const REQUESTS = Number(process.env['WAYBILL_TEST_FUZZ_REQUESTS'] ?? 3_000)
const SEED = Number(process.env['WAYBILL_TEST_FUZZ_SEED'] ?? 20_261_122)
const AT_ONCE = 8
const VALID_SHARE_MIN = 0.25

let api: TestApi
let shop: Shop

before(async () => {
  api = await openTestApi({ works: true })
  shop = await openShop(api, variedWords)
})
after(() => api.close())

/** What the shop's own words leave the same every time. */
const variedWords = {
  sku: (random: Random) => random.pick(skus),
  skus: (random: Random) => [random.pick(skus), random.pick(skus)].join(','),
  location: (random: Random) => random.pick(['wh-reno', 'wh-columbus', 'store-brooklyn', '3pl-dallas', 'nowhere']),
  quantity: (random: Random) => random.pick([1, 1, 1, 2, 3, 5, 40, 1_000, 1_000_000]),
  delta: (random: Random) => random.pick([-1_000, -5, -1, 1, 5, 1_000]),
  deliveryOption: (random: Random) =>
    random.pick(['standard', 'saver', 'express', 'pickup:store-brooklyn', 'pickup:store-chicago', 'teleport']),
  token: (random: Random) => random.pick(['tok_ok', 'tok_ok', 'tok_declined', 'tok_3ds', 'tok_made_up']),
  currency: (random: Random) => random.pick(['USD', 'USD', 'USD', 'EUR', 'JPY']),
  'fulfillment.method': (random: Random) => random.pick(['ship', 'pickup', 'carried_out']),
  'fulfillment.location': (random: Random) => random.pick(['store-brooklyn', 'store-chicago', 'wh-reno', 'nowhere']),
  postalCode: (random: Random) => random.pick(['10001', '89506', '60614', '04101', '00000', 'SW1A 1AA']),
} as const
const skus = ['NF-RIDGE2-MOS', 'NF-RIDGE2-MOS', 'NF-RIDGE2-SAN', 'NOT-A-SKU']

/** What would make the books complain by right. */
const leftAlone = {
  'POST /v1/admin/exceptions/{id}/close': 'a person who calls missing units settled takes them out of every queue',
}

type Manner = 'sound' | 'wrong' | 'nonsense'

interface Drawn {
  readonly operation: ApiOperation
  readonly manner: Manner
  readonly request: ApiRequest
}

class Fuzzer {
  readonly #random: Random
  readonly #operations: readonly ApiOperation[]
  /** What requests were about before, by the path up to its first parameter: things have a life of several requests. */
  readonly #scenes = new Map<string, Scene[]>()

  constructor(seed: number, operations: readonly ApiOperation[]) {
    this.#random = new Random(seed)
    this.#operations = operations
  }

  async draw(): Promise<Drawn> {
    const random = this.#random
    const operation = random.pick(this.#operations)
    const optional = random.pick([0, 0.3, 0.7, 1])
    const request = shop.exampleIn(operation, await this.#scene(operation), { random, optional, itemsMax: 3 })
    const manner = random.pick<Manner>(['sound', 'sound', 'sound', 'wrong', 'wrong', 'nonsense'])
    if (manner === 'sound') return { operation, manner, request }
    return {
      operation,
      manner,
      request: manner === 'wrong' ? this.#wronged(operation, request) : this.#nonsense(request),
    }
  }

  async #scene(operation: ApiOperation): Promise<Scene> {
    const [collection = '', rest] = operation.path.split('/{')
    if (rest === undefined) return {}
    const known = this.#scenes.get(collection) ?? []
    if (known.length > 0 && this.#random.chance(0.7)) return this.#random.pick(known)
    const scene = await shop.sceneOf(operation, { random: this.#random, optional: 0.5 }).catch((error: unknown) => {
      // What a scene is made of is drawn too, and may not be had any more.
      assert.match(String(error), /succeeds: 4\d\d /)
      return this.#random.pick([
        ...known,
        { parameters: { id: 'nothing', lineId: 'nothing', paymentId: 'nothing', codeId: 'nothing' } },
      ])
    })
    this.#scenes.set(collection, [...known.slice(-20), scene])
    return scene
  }

  #wronged(operation: ApiOperation, request: ApiRequest): ApiRequest {
    const random = this.#random
    const headers = { ...request.headers }
    if (operation.body === null || random.chance(0.3)) {
      const [name, value] = random.pick([
        ['idempotency-key', 'short'],
        ['if-match', '"99"'],
        ['waybill-access-token', '1.x'],
        ['authorization', `Bearer ${api.keys.secretKey}`],
        ['content-type', 'text/plain'],
      ] as const)
      return { ...request, headers: { ...headers, [name]: value } }
    }
    const { body, ...rest } = request
    const mutants = mutantsOf(operation.body, body)
    return mutants.length === 0 ? request : { ...rest, raw: random.pick(mutants).text }
  }

  #nonsense(request: ApiRequest): ApiRequest {
    const { body: _, ...rest } = request
    const random = this.#random
    if (random.chance(0.3))
      return {
        ...rest,
        path: `${rest.path}${rest.path.includes('?') ? '&' : '?'}${encodeURIComponent(this.#text())}=${encodeURIComponent(this.#text())}`,
      }
    const raw = random.chance(0.5) ? JSON.stringify(this.#value(3)) : this.#text()
    return request.method === 'GET' ? rest : { ...rest, raw }
  }

  #value(depth: number): unknown {
    const random = this.#random
    const kind = random.integer(0, depth > 0 ? 6 : 4)
    switch (kind) {
      case 0:
        return null
      case 1:
        return random.chance(0.5)
      case 2:
        return random.pick([0, -1, 1.5, 1e21, random.integer(-1_000, 1_000)])
      case 3:
      case 4:
        return this.#text()
      case 5:
        return Array.from({ length: random.integer(0, 3) }, () => this.#value(depth - 1))
      default:
        return Object.fromEntries(
          Array.from({ length: random.integer(0, 4) }, () => [random.pick(names), this.#value(depth - 1)]),
        )
    }
  }

  #text(): string {
    return Array.from({ length: this.#random.integer(1, 12) }, () =>
      String.fromCodePoint(
        this.#random.pick([this.#random.integer(33, 126), this.#random.integer(160, 0xd7ff), 0x1f4a5]),
      ),
    ).join('')
  }
}

const names = [
  'lines',
  'sku',
  'quantity',
  'email',
  'shippingAddress',
  'payment',
  'total',
  'amount',
  'currency',
  'name',
  'code',
  'entries',
  'orders',
  'products',
  'kind',
  'x',
]

test(`${REQUESTS} requests drawn from the description: no failure, no answer that is not described, books that balance`, async (t) => {
  t.diagnostic(`seed ${SEED}`)
  const drawable = api.operations.filter(({ name, scope }) => scope !== 'public' && !(name in leftAlone))
  const found: string[] = []
  const statuses = new Map<number, number>()
  let sound = 0
  let served = 0
  const run = async (worker: number): Promise<void> => {
    const fuzzer = new Fuzzer(SEED + worker, drawable)
    for (let sent = 0; sent < REQUESTS / AT_ONCE; sent++) {
      const { operation, manner, request } = await fuzzer.draw()
      const answer = await api.send(request)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (manner === 'sound') sound++
      if (answer.status < 300) served++
      const fault = faultOf(operation, answer) ?? slowness(answer)
      if (fault !== null) found.push(describe({ operation, request }, answer, fault))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => run(worker)))
  const sent = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  t.diagnostic(
    `of ${sent} requests ${sound} were sound and ${served} were served; answers by status: ${JSON.stringify(Object.fromEntries([...statuses].toSorted()))}`,
  )
  assert.deepEqual(found.slice(0, 10), [], `${found.length} faults, seed ${SEED}`)
  assert.ok(
    served / sent >= VALID_SHARE_MIN,
    `only ${served} of ${sent} requests were served: what is refused at the door tests the door only`,
  )

  await untilSettled(api)
  const violated = (await runAudits(api.node.db)).filter(({ violations }) => violations > 0)
  assert.deepEqual(
    violated.map(({ name, violations, sample }) => `${name}: ${violations}, first ${JSON.stringify(sample[0])}`),
    [],
    `seed ${SEED}`,
  )
  const order = await api.send({
    ...shop.exampleIn(shop.operation('POST /v1/store/orders'), {}),
    headers: { authorization: `Bearer ${api.keys.publishableKey}`, 'idempotency-key': newKey() },
    body: orderBody({ sku: 'NF-RIDGE2-MOS' }),
  })
  assert.ok(order.status === 201 || order.json.code === 'out_of_stock', `the shop is still open: ${order.text}`)
})

/** A fault with the request that met it, and with what the server's log knows of it. */
function describe({ operation, request }: Pick<Drawn, 'operation' | 'request'>, answer: Answer, fault: string): string {
  const sent = `${request.path} ${JSON.stringify(request.headers)} ${String(request.raw ?? JSON.stringify(request.body))}`
  const logged = api.log.filter((line) => line.includes(String(answer.headers['waybill-request-id'])))
  return `${operation.name}: ${fault}\n  ${sent.slice(0, 1_500)}\n  ${logged.join('  ').slice(0, 1_500)}`
}

/** Beyond this a request was not delayed by its neighbours but hung. */
const HUNG_MS = 10_000

function slowness({ ms }: Answer): string | null {
  return ms > HUNG_MS ? `took ${Math.round(ms)} ms` : null
}
