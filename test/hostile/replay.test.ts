/** The same request twice, or at once: one effect, and an answer that tells of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { must } from '../../server/kernel/invariant.ts'
import type { Answer, ApiRequest } from '../support/api-client.ts'
import { faultOf, faultsOf, withoutRequestId } from '../support/api-judge.ts'
import type { ApiOperation } from '../support/api-operations.ts'
import { openShop, type Shop } from '../support/api-scenes.ts'
import { newKey } from '../support/api-words.ts'
import { openTestApi, readTables, type TestApi } from '../support/api.ts'

let api: TestApi
let shop: Shop
let keyed: readonly ApiOperation[]
let natural: readonly ApiOperation[]

before(async () => {
  api = await openTestApi()
  shop = await openShop(api)
  keyed = api.operations.filter(({ idempotent }) => idempotent === 'key')
  natural = api.operations.filter(({ idempotent, method }) => idempotent === 'natural' && method !== 'GET')
})
after(() => api.close())

async function examplesOf(operations: readonly ApiOperation[]): Promise<(operation: ApiOperation) => ApiRequest> {
  const requests = new Map<string, ApiRequest>()
  for (const operation of operations) requests.set(operation.name, await shop.example(operation))
  return ({ name }) => must(requests.get(name), `the example of ${name}`)
}

function withKey(request: ApiRequest, key: string | undefined): ApiRequest {
  const { 'idempotency-key': _, ...headers } = request.headers ?? {}
  return { ...request, headers: key === undefined ? headers : { ...headers, 'idempotency-key': key } }
}

/** Without what a repeat tells anew: a key is shown once, and a cart's delivery options are those of this moment. */
function comparable(answer: Answer): unknown {
  const { key: _key, deliveryOptions: _options, groups, ...rest } = withoutRequestId(answer) as Record<string, unknown>
  const settled = (groups as readonly object[] | undefined)?.map((group) => ({ ...group, deliveryOptions: null }))
  return { status: answer.status, ...rest, groups: settled }
}

const badKeys = [
  // key                       code
  [undefined, 'idempotency_key_required'],
  ['', 'idempotency_key_invalid'],
  ['x'.repeat(21), 'idempotency_key_invalid'],
  ['x'.repeat(256), 'idempotency_key_invalid'],
  ['with a blank in the middle', 'idempotency_key_invalid'],
  ['ключ-не-из-ascii-знаков-x'.replaceAll(/[^\x20-\xff]/g, '\xe9'), 'idempotency_key_invalid'],
  ['one-of-two-keys-in-a-list, the-other-of-two-keys', 'idempotency_key_invalid'],
] as const

test('a write that asks for a key has one of 22 to 255 visible characters: else 400', async () => {
  assert.ok(keyed.length >= 10, 'writes ask for keys')
  const requestOf = await examplesOf(keyed)
  const before = await readTables(api)
  const found = await faultsOf(keyed, (operation) =>
    Promise.all(
      badKeys.map(async ([key, code]) => {
        const answer = await api.send(withKey(requestOf(operation), key))
        return answer.status === 400 && answer.json.code === code
          ? faultOf(operation, answer)
          : `key "${key}": ${answer.status} ${answer.text}`
      }),
    ),
  )
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'nothing was written')
})

test('the same key and body: the same answer and one effect; another body: 422', async () => {
  const requestOf = await examplesOf(keyed)
  const firsts = new Map<string, Answer>()
  for (const operation of keyed) firsts.set(operation.name, await api.send(requestOf(operation)))
  const before = await readTables(api)
  const found = await faultsOf(keyed, async (operation) => {
    const first = must(firsts.get(operation.name), 'the first answer')
    const request = requestOf(operation)
    const again = await api.send(request)
    const others = request.body === undefined ? [] : othersOf(request, request.body as object)
    const reused: Answer[] = []
    for (const other of others) reused.push(await api.send(other))
    return [
      first.status < 300 ? null : `the first: ${first.status} ${first.text}`,
      sameAnswer(first, again),
      ...reused.map((answer) =>
        answer.status === 422 && answer.json.code === 'idempotency_key_reused'
          ? null
          : `another body: ${answer.status} ${answer.text}`,
      ),
    ]
  })
  assert.deepEqual(found, [])
  assert.deepEqual(await readTables(api), before, 'the repeats wrote nothing')
})

/** Requests that differ in the bytes of the body, or in what it says. */
function othersOf(request: ApiRequest, body: object): ApiRequest[] {
  const text = JSON.stringify(body)
  return [
    { ...request, raw: `${text} ` },
    { ...request, raw: text.replace('{', '{ ') },
    { ...request, body: { ...body, ...differently(body) } },
  ]
}

function sameAnswer(first: Answer, again: Answer): string | null {
  try {
    assert.deepEqual(comparable(again), comparable(first))
    return null
  } catch (error) {
    return `another answer: ${(error as Error).message}`
  }
}

/** A property of the body with another value that is as right as the first. */
function differently(body: object): object {
  for (const name of ['name', 'email', 'quantity', 'reason', 'resolution', 'title']) {
    const value: unknown = (body as Record<string, unknown>)[name]
    if (value !== undefined) return { [name]: typeof value === 'number' ? value + 1 : 'other@example.com' }
  }
  if ('payment' in body) return { payment: { provider: 'sandbox', token: 'tok_ok' } }
  // As good as the code in capitals.
  if ('code' in body) return { code: String(body.code).toLowerCase() }
  if ('token' in body) return { token: 'tok_declined' }
  if ('text' in body) return { text: 'another text' }
  if ('wordingVersion' in body) return { wordingVersion: 'another' }
  if ('channelId' in body) return { channelId: 'chn_01h2xcejqtf2nbrexx3vqjhp41' }
  if ('usesMax' in body) return { usesMax: 7 }
  return 'ratePpm' in body ? { ratePpm: 1 } : {}
}

test('a key belongs to its caller and its guest: the same text of another is another key', async () => {
  const scopes = [...new Set(keyed.flatMap(({ scope = '' }) => (scope.includes(':') ? [scope] : [])))]
  const { json: secret } = await shop.admin('POST', '/v1/admin/api-keys', {
    kind: 'secret',
    name: 'second',
    scopes: [...scopes, 'orders:read'],
  })
  const { json: channels } = await shop.admin('GET', '/v1/admin/channels')
  const web = must(
    (channels.items as { id: string; code: string }[]).find(({ code }) => code === 'web'),
    'the web shop',
  )
  const { json: head } = await shop.admin('POST', '/v1/admin/api-keys', {
    kind: 'publishable',
    name: 'second',
    channelId: web.id,
  })
  const [firstOf, secondOf] = [await examplesOf(keyed), await examplesOf(keyed)]
  const found = await faultsOf(keyed, async (operation) => {
    const key = newKey()
    const first = await api.send(withKey(firstOf(operation), key))
    const request = withKey(secondOf(operation), key)
    const second = await api.send({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${operation.scope === 'store' ? head.key : secret.key}` },
    })
    return [first, second].map(({ status, text }, index) =>
      status < 300 ? null : `${['first', 'second'][index]}: ${status} ${text}`,
    )
  })
  assert.deepEqual(found, [])
})

const AT_ONCE = 8

test('at once: each is told to wait or given the one answer, and the effect is that of one', async () => {
  const [onceOf, togetherOf] = [await examplesOf(keyed), await examplesOf(keyed)]
  const untouched = await countRows()
  const statuses = new Map<string, number>()
  for (const operation of keyed) statuses.set(operation.name, (await api.send(onceOf(operation))).status)
  const afterOnce = await countRows()

  const found: string[] = []
  for (const operation of keyed) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => api.send(togetherOf(operation))))
    const done = answers.filter(({ status }) => status === statuses.get(operation.name))
    const waiting = answers.filter(
      ({ status, json, headers }) =>
        status === 409 && json.code === 'request_in_progress' && Number(headers['retry-after']) > 0,
    )
    const told = answers.map(({ status, text }) => `${status} ${text}`).join('\n')
    if (done.length + waiting.length !== AT_ONCE || done.length === 0) found.push(`${operation.name}: ${told}`)
    const [first] = done
    const differing = done.filter((answer) => first !== undefined && sameAnswer(first, answer) !== null)
    if (differing.length > 0) found.push(`${operation.name} differs: ${told}`)
  }
  assert.deepEqual(found, [])
  assert.deepEqual(
    [...statuses.values()].filter((status) => status >= 300),
    [],
  )
  assert.deepEqual(
    difference(await countRows(), afterOnce),
    difference(afterOnce, untouched),
    'eight at once write what one writes',
  )
})

async function countRows(): Promise<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(await readTables(api)).map(([name, held]) => [name, Number.parseInt(held, 10)]),
  )
}

function difference(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).flatMap(([name, count]) =>
      count === before[name] ? [] : [[name, count - (before[name] ?? 0)]],
    ),
  )
}

/** What a repeat writes by its meaning, and why that is no second effect. */
const writtenAgain: Readonly<Record<string, readonly string[]>> = {
  // A look at the books is what was asked for.
  'POST /v1/admin/audit/invariants': ['platform.audit_entry', 'platform.audit_result'],
  // Who set the limits is told each time, and what is for sale is looked at anew.
  'PUT /v1/admin/inventory/limits': ['platform.audit_entry', 'platform.event'],
  // Every attempt is counted until it is known to be right, and each sign-in is a session of its own.
  'POST /v1/store/customer/sessions': ['customers.session', 'customers.sign_in_throttle'],
  'POST /v1/store/customer/password-resets': ['customers.sign_in_throttle'],
  'POST /v1/store/customer/password-reset-requests': ['customers.sign_in_throttle'],
  'POST /v1/store/customer/email-verification-requests': ['customers.sign_in_throttle'],
  // Until an e-mail is proved the last sign-up counts; a password that is set again has a salt of its own.
  'POST /v1/store/customer/sign-up': [
    'customers.account',
    'customers.person',
    'customers.sign_in_throttle',
    'platform.event',
  ],
  'PUT /v1/store/customer/password': [
    'customers.account',
    'customers.person',
    'customers.sign_in_throttle',
    'platform.event',
  ],
  // Who looked is told each time.
  'POST /v1/admin/customer-messages/{id}/reveal': ['platform.audit_entry'],
  // A cart that is touched lives on.
  'PATCH /v1/store/carts/{id}/lines/{lineId}': ['carts.cart'],
  // The provider is asked again how it stands.
  'POST /v1/store/orders/{id}/payments/{paymentId}/continue': ['payments.attempt', 'platform.event'],
}

test('a write that names itself, again: no second effect', async () => {
  const requestOf = await examplesOf(natural)
  // Those that write again by their meaning come last, one by one, so that what they write is not taken for another's.
  const silent = natural.filter(({ name }) => writtenAgain[name] === undefined)
  const groups = [silent, ...natural.filter((operation) => !silent.includes(operation)).map((operation) => [operation])]
  const found: string[] = []
  for (const group of groups) {
    for (const operation of group) {
      const first = await api.send(requestOf(operation))
      if (first.status >= 300) found.push(`${operation.name}: ${first.status} ${first.text}`)
    }
    const before = await readTables(api)
    for (const operation of group) {
      const again = await api.send(requestOf(operation))
      const isFine = again.status < 300 || [404, 409, 412].includes(again.status)
      const fault = isFine ? faultOf(operation, again) : `again: ${again.status} ${again.text}`
      if (fault !== null) found.push(`${operation.name} ${fault}`)
    }
    const now = await readTables(api)
    // A revision counts looks at the configuration, and is no part of it.
    const expected = ['platform.revision', ...group.flatMap(({ name }) => writtenAgain[name] ?? [])]
    const changed = Object.keys(now).filter((name) => now[name] !== before[name] && !expected.includes(name))
    if (changed.length > 0)
      found.push(`${group.map(({ name }) => name).join(', ')} again: writes to ${changed.join(', ')}`)
  }
  assert.deepEqual(found, [])
})
