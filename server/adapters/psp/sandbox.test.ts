import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
import { InvariantError, must } from '../../kernel/invariant.ts'
import type { CurrencyCode, Money } from '../../kernel/money.ts'
import { runInsideTransactionScope } from '../../platform/outside.ts'
import type { AuthoriseAnswer, AuthoriseRequest, PaymentProvider } from '../../modules/payments/ports.ts'
import { spawnProvider, type SpawnedProvider } from '../../../sandbox/psp/spawn.ts'
import { createSandboxProvider, type SandboxProvider } from './sandbox.ts'

const USD = 'USD' as CurrencyCode
const soon = { deadlineMs: 5_000 }

let directory = ''
let process: SpawnedProvider
let provider: SandboxProvider
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-psp-adapter-'))
  process = await spawnProvider({ directory: join(directory, 'shared') })
  provider = createSandboxProvider({ baseUrl: process.url })
})
after(async () => {
  await provider.close()
  await process.stop()
  await rm(directory, { recursive: true })
})

function usd(minor: bigint): Money {
  return { minor, currency: USD }
}

function request(token: string, more: Partial<AuthoriseRequest> = {}): AuthoriseRequest {
  return { attemptId: newId<'attempt'>(), reference: 'W-100001', amount: usd(1_999n), token, ...more }
}

function toldAs(answer: { readonly kind: string; readonly cause?: string; readonly code?: string }): string {
  return [answer.kind, answer.cause ?? answer.code].filter((part) => part !== undefined).join(' ')
}

interface BookEntry {
  readonly kind: string
  readonly reference: string
  readonly amount: number
  readonly currency: string
  readonly key: string
}

async function bookOf(url: string): Promise<BookEntry[]> {
  const { entries, next } = (await (await fetch(`${url}/book?limit=10000`)).json()) as {
    readonly entries: BookEntry[]
    readonly next: number | null
  }
  assert.equal(next, null)
  return entries
}

// oxfmt-ignore
const tokens = [
  // token         first answer        asked again with the same key
  ['tok_ok',       'authorised',       'authorised'],
  ['tok_declined', 'declined',         'declined'],
  ['tok_3ds',      'requires_action',  'requires_action'],
  ['tok_timeout',  'unknown deadline', 'authorised'],
  ['tok_slow',     'pending',          'pending'],
  ['tok_unheard',  'declined',         'declined'],
] as const

for (const [token, first, again] of tokens) {
  test(`${token}: ${first}, then ${again}`, async () => {
    const asked = request(token)
    assert.equal(toldAs(await provider.authorise(asked, { deadlineMs: 1_000 })), first)
    assert.equal(toldAs(await provider.authorise(asked, soon)), again)
    assert.equal(toldAs(await provider.find(asked, soon)), again)
    const entries = (await bookOf(process.url)).filter(({ key }) => key === asked.attemptId)
    assert.equal(entries.length, again === 'authorised' ? 1 : 0)
  })
}

test('an authorisation says what, where and until when', async () => {
  const answer = await provider.authorise(request('tok_ok'), soon)
  assert.ok(answer.kind === 'authorised')
  assert.equal(answer.authorisedMinor, 1_999n)
  assert.equal(answer.currency, 'USD')
  assert.match(answer.providerReference, /^pp_/)
  const days = ((answer.expiresAt ?? 0) - Date.now()) / 86_400_000
  assert.ok(days > 6.9 && days <= 7, `${days} days`)
})

test('the same key for other money is refused and changes nothing', async () => {
  const asked = request('tok_ok')
  await provider.authorise(asked, soon)
  const answer = await provider.authorise({ ...asked, amount: usd(1n) }, soon)
  assert.equal(toldAs(answer), 'refused key_reused')
  assert.equal(toldAs(await provider.find(asked, soon)), 'authorised')
})

test('an attempt the provider never heard of is not found', async () => {
  assert.deepEqual(await provider.find(request('tok_ok'), soon), { kind: 'not_found' })
})

for (const [button, expected] of [
  ['approve', 'authorised'],
  ['decline', 'declined'],
] as const) {
  test(`3-D Secure: ${button} → ${expected}`, async () => {
    const asked = request('tok_3ds', { returnUrl: 'http://127.0.0.1/back' })
    const answer = await provider.authorise(asked, soon)
    assert.ok(answer.kind === 'requires_action')
    const { providerReference } = answer
    const { kind: unanswered } = await provider.continue({ ...asked, providerReference }, soon)
    assert.equal(unanswered, 'requires_action')
    await fetch(`${answer.url}/${button}`, { method: 'POST', redirect: 'manual' })
    assert.equal((await provider.continue({ ...asked, providerReference }, soon)).kind, expected)
  })
}

test('tok_slow: pending until it has thought, then authorised', async () => {
  const asked = request('tok_slow')
  let answer: AuthoriseAnswer = await provider.authorise(asked, soon)
  const startedAt = performance.now()
  while (answer.kind === 'pending') {
    assert.ok(performance.now() - startedAt < 5_000)
    await new Promise((resolve) => setTimeout(resolve, answer.kind === 'pending' ? answer.retryAfterMs : 0))
    const { providerReference } = answer
    answer = await provider.continue({ ...asked, providerReference }, soon)
  }
  assert.equal(answer.kind, 'authorised')
})

test('capture, refund and void move exactly what they say, once', async () => {
  const asked = request('tok_ok', { reference: 'W-100777' })
  const paid = await provider.authorise(asked, soon)
  assert.ok(paid.kind === 'authorised')
  const { providerReference } = paid
  const move = (commandKey: string, minor: bigint) => ({ commandKey, providerReference, amount: usd(minor) })
  const told: string[] = []
  for (const commandKey of ['capture-777-1', 'capture-777-1', 'capture-777-2']) {
    told.push(toldAs(await provider.capture(move(commandKey, 500n), soon)))
  }
  told.push(toldAs(await provider.capture(move('capture-777-3', 1_000n), soon)))
  told.push(toldAs(await provider.refund(move('refund-777-1', 600n), soon)))
  told.push(toldAs(await provider.refund(move('refund-777-2', 401n), soon)))
  const voided = await provider.void({ commandKey: 'void-777-1', providerReference, currency: USD }, soon)
  assert.ok(voided.kind === 'voided')
  assert.equal(voided.voidedMinor, 999n)
  told.push(toldAs(await provider.find(asked, soon)))
  assert.deepEqual(told, [
    'captured',
    'captured',
    'captured',
    'refused amount_above_authorised',
    'refunded',
    'refused amount_above_captured',
    'voided',
  ])
  const book = (await bookOf(process.url)).filter(({ reference }) => reference === 'W-100777')
  assert.deepEqual(
    book.map(({ kind, amount }) => `${kind} ${amount}`),
    ['authorisation 1999', 'capture 500', 'capture 500', 'refund 600', 'void 999'],
  )
})

test('its book is read from where the page before ended', async () => {
  const asked = request('tok_ok')
  const paid = await provider.authorise(asked, soon)
  assert.ok(paid.kind === 'authorised')
  const page = await provider.readBook(null, soon)
  assert.ok(page.kind === 'page')
  const { id: _, ...last } = must(page.entries.at(-1), 'the entry just made')
  assert.partialDeepStrictEqual(last, {
    kind: 'authorisation',
    payment: paid.providerReference,
    amountMinor: asked.amount.minor,
    currency: asked.amount.currency,
    key: asked.attemptId,
  })
  const rest = await provider.readBook(String(page.entries.length - 1), soon)
  assert.ok(rest.kind === 'page')
  assert.deepEqual(rest.entries, page.entries.slice(-1))
})

test('every call throws inside a transaction, before anything is sent', async () => {
  const asked = request('tok_ok')
  const known = { ...asked, providerReference: 'pp_x_1' }
  const move = { commandKey: 'inside-1', providerReference: 'pp_x_1', amount: usd(1n) }
  const calls: Record<string, () => Promise<unknown>> = {
    authorise: () => provider.authorise(asked, soon),
    continue: () => provider.continue(known, soon),
    find: () => provider.find(asked, soon),
    void: () => provider.void({ ...move, currency: USD }, soon),
    capture: () => provider.capture(move, soon),
    refund: () => provider.refund(move, soon),
    readBook: () => provider.readBook(null, soon),
  }
  for (const [name, call] of Object.entries(calls)) {
    await runInsideTransactionScope(async () => {
      await assert.rejects(call(), (error) => error instanceof InvariantError && error.message.includes(`psp.${name} `))
    })
  }
  assert.equal((await provider.find(asked, soon)).kind, 'not_found')
})

test('a deadline is kept, and the next call is not harmed', async () => {
  for (const deadlineMs of [100, 400]) {
    const startedAt = performance.now()
    const answer = await provider.authorise(request('tok_timeout'), { deadlineMs })
    const tookMs = performance.now() - startedAt
    assert.equal(toldAs(answer), 'unknown deadline')
    assert.ok(tookMs >= deadlineMs - 5 && tookMs < deadlineMs + 1_000, `${tookMs} ms`)
    assert.equal((await provider.authorise(request('tok_ok'), soon)).kind, 'authorised')
  }
})

test('a call whose deadline passed while it waited for a connection is never sent', async () => {
  const narrow = createSandboxProvider({ baseUrl: process.url, connections: 1 })
  const silent = narrow.authorise(request('tok_timeout'), { deadlineMs: 500 })
  const waiting = request('tok_ok')
  assert.equal(toldAs(await narrow.authorise(waiting, { deadlineMs: 100 })), 'unknown deadline')
  await silent
  assert.equal((await narrow.authorise(request('tok_ok'), soon)).kind, 'authorised')
  assert.equal((await narrow.find(waiting, soon)).kind, 'not_found')
  await narrow.close()
})

test('one hundred silent payments do not hold up the others', async () => {
  const silent = Array.from({ length: 100 }, () => provider.authorise(request('tok_timeout'), { deadlineMs: 3_000 }))
  const startedAt = performance.now()
  const answers = await Promise.all(Array.from({ length: 200 }, () => provider.authorise(request('tok_ok'), soon)))
  assert.ok(answers.every(({ kind }) => kind === 'authorised'))
  assert.ok(performance.now() - startedAt < 2_900)
  assert.ok((await Promise.all(silent)).every((answer) => toldAs(answer) === 'unknown deadline'))
})

test('nobody listens: unreachable, well before the deadline', async () => {
  const nowhere = createSandboxProvider({ baseUrl: 'http://127.0.0.1:9' })
  assert.equal(toldAs(await nowhere.authorise(request('tok_ok'), soon)), 'unknown unreachable')
  await nowhere.close()
})

test('a wrong secret is refused as our mistake, not the buyer’s', async () => {
  const guarded = await spawnProvider({ directory: join(directory, 'guarded'), args: ['--secret', 'right-secret'] })
  const wrong = createSandboxProvider({ baseUrl: guarded.url, secret: 'wrong-secret' })
  const right = createSandboxProvider({ baseUrl: guarded.url, secret: 'right-secret' })
  assert.equal(toldAs(await wrong.authorise(request('tok_ok'), soon)), 'refused bad_secret')
  assert.equal(toldAs(await right.authorise(request('tok_ok'), soon)), 'authorised')
  await Promise.all([wrong.close(), right.close()])
  await guarded.stop()
})

/** Runs `work` against a server that answers everything with `listener`. */
async function withStranger<Result>(
  listener: RequestListener,
  work: (provider: PaymentProvider) => Promise<Result>,
): Promise<Result> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stranger = createSandboxProvider({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  try {
    return await work(stranger)
  } finally {
    await stranger.close()
    server.closeAllConnections()
    server.close()
  }
}

const asked = request('tok_ok')
const sound = {
  id: 'pp_x_1',
  key: asked.attemptId,
  reference: 'W-100001',
  status: 'authorised',
  amount: 1_999,
  currency: 'USD',
  authorised: 1_999,
  expiresAt: '2031-01-01T00:00:00.000Z',
}
const action = { ...sound, status: 'requires_action', actionUrl: 'https://bank.example/challenge' }

// oxfmt-ignore
const answers: readonly (readonly [string, number, unknown, string])[] = [
  // the provider says           status body                                             we take it as
  ['what was asked',             200,   sound,                                           'authorised'],
  ['one minor unit less',        200,   { ...sound, authorised: 1_998 },                 'mismatch amount'],
  ['what was asked, and a page', 200,   action,                                          'requires_action'],
  ['less authorised than asked', 200,   { ...sound, authorised: 1_000 },                 'mismatch amount'],
  ['more authorised than asked', 200,   { ...sound, authorised: 2_000 },                 'mismatch amount'],
  ['another currency',           200,   { ...sound, currency: 'EUR' },                   'mismatch currency'],
  ['another order',              200,   { ...sound, reference: 'W-100002' },             'mismatch reference'],
  ['another attempt',            200,   { ...sound, key: newId<'attempt'>() },           'mismatch reference'],
  ['another amount, declined',   200,   { ...sound, status: 'declined', amount: 1 },     'mismatch amount'],
  ['a field more than we know',  200,   { ...sound, riskScore: 3 },                      'authorised'],
  ['no amount',                  200,   { ...sound, authorised: undefined },             'unknown unreadable'],
  ['an amount as text',          200,   { ...sound, authorised: '1999' },                'unknown unreadable'],
  ['a fraction of a cent',       200,   { ...sound, authorised: 1_999.5 },               'unknown unreadable'],
  ['a negative amount',          200,   { ...sound, authorised: -1 },                    'unknown unreadable'],
  ['an endless amount',          200,   JSON.stringify(sound).replace('1999', '1e400'),  'unknown unreadable'],
  ['a status we do not know',    200,   { ...sound, status: 'captured' },                'unknown unreadable'],
  ['a day that does not exist',  200,   { ...sound, expiresAt: '2031-02-30T00:00:00Z' }, 'unknown unreadable'],
  ['go to a script',             200,   { ...action, actionUrl: 'javascript:0' },        'unknown unreadable'],
  ['go nowhere',                 200,   { ...action, actionUrl: undefined },             'unknown unreadable'],
  ['wait, not saying how long',  200,   { ...sound, status: 'processing' },              'unknown unreadable'],
  ['half a document',            200,   JSON.stringify(sound).slice(0, 40),              'unknown unreadable'],
  ['a page of a proxy',          200,   '<html>welcome</html>',                          'unknown unreadable'],
  ['nothing',                    200,   '',                                              'unknown unreadable'],
  ['far too much',               200,   'x'.repeat(100_000),                             'unknown connection'],
  ['created instead of done',    201,   sound,                                           'unknown unreadable'],
  ['moved',                      302,   '',                                              'unknown unreadable'],
  ['a problem with a code',      422,   { code: 'invalid_request' },                     'refused invalid_request'],
  ['a problem of a proxy',       403,   '<html>forbidden</html>',                        'unknown unreadable'],
  ['not now',                    429,   { code: 'slow_down' },                           'unknown busy'],
  ['an error',                   500,   { code: 'internal_error' },                      'unknown server_error'],
  ['a bad gateway',              502,   '<html>bad gateway</html>',                      'unknown server_error'],
]

for (const [what, status, body, expected] of answers) {
  test(`the provider answers with ${what} → ${expected}`, async () => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await withStranger(
      (_request, response) => response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text),
      (stranger) => stranger.authorise(asked, soon),
    )
    assert.equal(answer.kind === 'mismatch' ? `mismatch ${answer.differs}` : toldAs(answer), expected)
  })
}

test('the connection breaks with the request on its way: unknown, to be asked again', async () => {
  const answer = await withStranger(
    (incoming) => incoming.socket.destroy(),
    (stranger) => stranger.authorise(asked, soon),
  )
  assert.equal(toldAs(answer), 'unknown connection')
})

test('an answer that drips is cut off at the deadline', async () => {
  const answer = await withStranger(
    (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 })
      const drip = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(drip))
    },
    (stranger) => stranger.authorise(asked, { deadlineMs: 300 }),
  )
  assert.equal(toldAs(answer), 'unknown deadline')
})

test('an entry about another command is not believed', async () => {
  const command = { commandKey: 'capture-1', providerReference: 'pp_x_1', amount: usd(500n) }
  const entry = { id: 'pe_x_1', kind: 'capture', payment: 'pp_x_1', amount: 500, currency: 'USD', key: 'capture-1' }
  const rows: readonly (readonly [object, string])[] = [
    [{}, 'captured'],
    [{ amount: 499 }, 'mismatch amount'],
    [{ currency: 'EUR' }, 'mismatch currency'],
    [{ payment: 'pp_x_2' }, 'mismatch reference'],
    [{ key: 'capture-2' }, 'mismatch reference'],
    [{ kind: 'refund' }, 'mismatch reference'],
    [{ kind: 'gift' }, 'unknown unreadable'],
  ]
  for (const [difference, expected] of rows) {
    const answer = await withStranger(
      (_request, response) => response.end(JSON.stringify({ ...entry, ...difference })),
      (stranger) => stranger.capture(command, soon),
    )
    assert.equal(answer.kind === 'mismatch' ? `mismatch ${answer.differs}` : toldAs(answer), expected)
  }
})

test('a rude provider that is also killed: asked until known, both books are equal', async () => {
  const home = join(directory, 'rude')
  const args = (seed: number): string[] => [
    '--seed',
    String(seed),
    '--error-before-rate',
    '0.1',
    '--error-after-rate',
    '0.1',
    '--bad-json-rate',
    '0.1',
    '--silence-rate',
    '0.05',
  ]
  let rude = await spawnProvider({ directory: home, args: args(1) })
  const port = Number(new URL(rude.url).port)
  const patient = createSandboxProvider({ baseUrl: rude.url })
  const causes = new Map<string, number>()
  const ours: string[] = []
  const reasonable = { deadlineMs: 300 }

  /** Asks under the same key until the answer is known, as the sweep does. */
  async function untilKnown<Answer extends { readonly kind: string }>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; tries <= 200; tries++) {
      const answer = await ask()
      if (answer.kind !== 'unknown') return answer
      const cause = toldAs(answer)
      causes.set(cause, (causes.get(cause) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return assert.fail('never known')
  }

  async function order(n: number): Promise<void> {
    const reference = `W-${n}`
    const amount = usd(BigInt(100 + n))
    const token = n % 7 === 0 ? 'tok_declined' : n % 11 === 0 ? 'tok_timeout' : 'tok_ok'
    const wanted = request(token, { reference, amount })
    const paid = await untilKnown(() => patient.authorise(wanted, reasonable))
    if (paid.kind === 'declined') return
    assert.ok(paid.kind === 'authorised')
    ours.push(`${reference} authorisation ${paid.authorisedMinor} ${paid.currency}`)
    const { providerReference } = paid
    if (n % 3 === 0) {
      const command = { commandKey: `void-of-${n}`, providerReference, currency: USD }
      const voided = await untilKnown(() => patient.void(command, reasonable))
      assert.ok(voided.kind === 'voided')
      ours.push(`${reference} void ${voided.voidedMinor} ${voided.currency}`)
    } else {
      const half = usd(amount.minor / 2n)
      const taken = await untilKnown(() =>
        patient.capture({ commandKey: `capture-of-${n}`, providerReference, amount: half }, reasonable),
      )
      assert.ok(taken.kind === 'captured')
      ours.push(`${reference} capture ${taken.capturedMinor} ${taken.currency}`)
      const back = await untilKnown(() =>
        patient.refund({ commandKey: `refund-of-${n}`, providerReference, amount: usd(7n) }, reasonable),
      )
      assert.ok(back.kind === 'refunded')
      ours.push(`${reference} refund ${back.refundedMinor} ${back.currency}`)
    }
  }

  const orders = Promise.all(
    Array.from({ length: 40 }, async (_, client) => {
      for (let n = client * 4; n < client * 4 + 4; n++) await order(n)
    }),
  )
  for (let kill = 2; kill <= 3; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    await rude.stop('SIGKILL')
    rude = await spawnProvider({ directory: home, port, args: args(kill) })
  }
  await orders

  const theirs = (await bookOf(rude.url)).map(
    (entry) => `${entry.reference} ${entry.kind} ${entry.amount} ${entry.currency}`,
  )
  assert.deepEqual(ours.toSorted(), theirs.toSorted())
  assert.equal(new Set(theirs).size, theirs.length)
  for (const cause of ['deadline', 'server_error', 'unreadable']) {
    assert.ok((causes.get(`unknown ${cause}`) ?? 0) > 0, `${cause} was never hit: ${JSON.stringify([...causes])}`)
  }
  await patient.close()
  await rude.stop()
})
