import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { spawnProvider, type SpawnedProvider } from './spawn.ts'

let directory = ''
let provider: SpawnedProvider
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-psp-'))
  provider = await spawnProvider({ directory: join(directory, 'shared') })
})
after(async () => {
  await provider.stop()
  await rm(directory, { recursive: true })
})

const authorisation = { token: 'tok_ok', amount: 1_999, currency: 'USD', reference: 'W-100001', capture: false }

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

async function post(path: string, key: string | undefined, body: unknown, url = provider.url): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function get(path: string, url = provider.url): Promise<Answer> {
  const response = await fetch(url + path)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function entryKeys(url: string): Promise<string[]> {
  const { body } = await get('/book?limit=10000', url)
  return (body['entries'] as { readonly key: string }[]).map(({ key }) => key)
}

// oxfmt-ignore
const malformed = [
  // sent as                                               status code
  ['not json',                                             422,   'invalid_request'],
  ['null',                                                 422,   'invalid_request'],
  ['[]',                                                   422,   'invalid_request'],
  [{ ...authorisation, amount: -1 },                       422,   'invalid_request'],
  [{ ...authorisation, amount: 0 },                        422,   'invalid_request'],
  [{ ...authorisation, amount: 1.5 },                      422,   'invalid_request'],
  [{ ...authorisation, amount: 2 ** 53 },                  422,   'invalid_request'],
  [{ ...authorisation, amount: '1999' },                   422,   'invalid_request'],
  [{ ...authorisation, currency: 'usd' },                  422,   'invalid_request'],
  [{ ...authorisation, reference: '' },                    422,   'invalid_request'],
  [{ ...authorisation, capture: true },                    422,   'invalid_request'],
  [{ ...authorisation, returnUrl: 'javascript:alert(1)' }, 422,   'invalid_request'],
  ['x'.repeat(20_000),                                     413,   'too_large'],
] as const

for (const [index, [body, status, code]] of malformed.entries()) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  test(`refused as ${code}: ${text.slice(0, 90)}`, async () => {
    const answer = await post('/payments', `malformed-${index}`, text)
    assert.deepEqual(answer, { status, body: { code } })
    assert.equal((await get(`/payments?key=malformed-${index}`)).status, 404)
  })
}

test('without an Idempotency-Key nothing is done', async () => {
  assert.deepEqual(await post('/payments', undefined, authorisation), { status: 400, body: { code: 'key_required' } })
})

test('the same key twice, even at once, is one payment', async () => {
  const told = await Promise.all(Array.from({ length: 40 }, () => post('/payments', 'at-once-1', authorisation)))
  assert.equal(new Set(told.map(({ body }) => body['id'])).size, 1)
  assert.equal((await entryKeys(provider.url)).filter((key) => key === 'at-once-1').length, 1)
})

test('requests pipelined on one connection are answered in their order', async () => {
  const socket = connect(Number(new URL(provider.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const keys = Array.from({ length: 20 }, (_, index) => `pipelined-${index}`)
  const body = JSON.stringify(authorisation)
  socket.write(
    keys
      .map(
        (key) =>
          `POST /payments HTTP/1.1\r\nhost: x\r\nidempotency-key: ${key}\r\n` +
          `content-length: ${body.length}\r\n\r\n${body}`,
      )
      .join(''),
  )
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.split('"status":"authorised"').length > keys.length) break
  }
  assert.deepEqual(
    [...text.matchAll(/"key":"(pipelined-\d+)"/g)].map(([, key]) => key),
    keys,
  )
})

test('3-D Secure: the buyer is shown a page, approves, and is sent back', async () => {
  const returnUrl = 'https://shop.example/back?order=1'
  const asked = await post('/payments', 'challenge-1', { ...authorisation, token: 'tok_3ds', returnUrl })
  assert.equal(asked.body['status'], 'requires_action')
  const url = String(asked.body['actionUrl'])
  assert.match(await (await fetch(url)).text(), /<button>Approve<\/button>/)
  const approved = await fetch(`${url}/approve`, { method: 'POST', redirect: 'manual' })
  assert.equal(approved.status, 303)
  assert.equal(approved.headers.get('location'), returnUrl)
  assert.equal(
    (await post(`/payments/${String(asked.body['id'])}/confirm`, undefined, {})).body['status'],
    'authorised',
  )
  assert.match(await (await fetch(url)).text(), /already answered: authorised/)
})

test('what a merchant writes into a reference stays text on the page', async () => {
  const reference = `<script>alert("'1'")</script>`
  const asked = await post('/payments', 'challenge-2', { ...authorisation, token: 'tok_3ds', reference })
  const page = await (await fetch(String(asked.body['actionUrl']))).text()
  assert.ok(!page.includes('<script'))
})

test('tok_timeout is authorised, the first caller hears nothing, the second hears it', async () => {
  const request = { ...authorisation, token: 'tok_timeout' }
  const first = fetch(`${provider.url}/payments`, {
    method: 'POST',
    headers: { 'idempotency-key': 'timeout-1' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(300),
  })
  await assert.rejects(first, /timeout/)
  assert.ok((await entryKeys(provider.url)).includes('timeout-1'))
  assert.equal((await post('/payments', 'timeout-1', request)).body['status'], 'authorised')
})

test('a secret keeps strangers out, the buyer’s page apart', async () => {
  const guarded = await spawnProvider({ directory: join(directory, 'guarded'), args: ['--secret', 'sandbox-secret'] })
  try {
    assert.deepEqual(await post('/payments', 'guarded-1', authorisation, guarded.url), {
      status: 401,
      body: { code: 'bad_secret' },
    })
    assert.equal((await get('/book', guarded.url)).status, 401)
    assert.equal((await fetch(`${guarded.url}/challenge/pp_x_1`)).status, 404)
  } finally {
    await guarded.stop()
  }
})

test('kill -9 in the middle of the load: every answered payment is still in the book, none twice', async () => {
  const home = join(directory, 'killed')
  const answered = new Set<string>()
  const sent: string[] = []
  for (let round = 0; round < 3; round++) {
    const victim = await spawnProvider({ directory: home })
    const enough = Promise.withResolvers<void>()
    const clients = Array.from({ length: 40 }, async (_, client) => {
      for (let n = 0; ; n++) {
        const key = `killed-${round}-${client}-${n}`
        sent.push(key)
        try {
          const answer = await post('/payments', key, { ...authorisation, reference: key }, victim.url)
          assert.equal(answer.status, 200)
          answered.add(key)
          if (answered.size > 200 * (round + 1)) enough.resolve()
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof SyntaxError, String(error)) // the connection broke
          return
        }
      }
    })
    await enough.promise
    await victim.stop('SIGKILL')
    await Promise.all(clients)
  }

  const again = await spawnProvider({ directory: home })
  try {
    const keys = await entryKeys(again.url)
    assert.equal(new Set(keys).size, keys.length, 'no payment twice')
    assert.deepEqual(
      [...answered].filter((key) => !keys.includes(key)),
      [],
      'no answered payment lost',
    )
    assert.deepEqual(
      keys.filter((key) => !sent.includes(key)),
      [],
      'nothing that was never sent',
    )
    // Asking again for everything that was sent settles the rest, once.
    await Promise.all(sent.map((key) => post('/payments', key, { ...authorisation, reference: key }, again.url)))
    assert.deepEqual((await entryKeys(again.url)).toSorted(), sent.toSorted())
  } finally {
    await again.stop()
  }
})

test('bad manners are drawn from the seed and counted', async () => {
  const args = ['--seed', '7', '--error-before-rate', '0.2', '--error-after-rate', '0.2', '--bad-json-rate', '0.2']
  const outcomes: string[][] = []
  for (const home of ['manners-1', 'manners-2']) {
    const rude = await spawnProvider({ directory: join(directory, home), args })
    const seen: string[] = []
    for (let n = 0; n < 40; n++) {
      const answer = await post('/payments', `manners-${n}`, authorisation, rude.url).catch(() => null)
      seen.push(answer === null ? 'bad_json' : String(answer.status))
    }
    const hits = (await get('/faults', rude.url)).body as Record<string, number>
    const undone = hits['error_before'] ?? 0
    assert.equal(seen.filter((outcome) => outcome === '500').length, undone + (hits['error_after'] ?? 0))
    assert.equal(seen.filter((outcome) => outcome === 'bad_json').length, hits['bad_json'])
    assert.ok(undone > 0 && Number(hits['error_after']) > 0 && Number(hits['bad_json']) > 0)
    assert.equal((await entryKeys(rude.url)).length, 40 - undone)
    outcomes.push(seen)
    await rude.stop()
  }
  assert.deepEqual(outcomes[0], outcomes[1])
})

test('it ends with the process that started it, also when that one is killed', async () => {
  const script = `
    import { spawnProvider } from ${JSON.stringify(new URL('./spawn.ts', import.meta.url).href)}
    const { url, pid } = await spawnProvider({ directory: process.argv[1] })
    console.log(JSON.stringify({ url, pid }))
    setInterval(() => {}, 1_000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, join(directory, 'orphan')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const { url } = JSON.parse(line) as { readonly url: string }
  assert.equal((await fetch(`${url}/book`)).status, 200)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  for (let tries = 0; await answers(url); tries++) {
    assert.ok(tries < 100, 'the provider outlived its parent by ten seconds')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/book`).then(
    () => true,
    () => false,
  )
}
