import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createHttpServer, mountPlatform, type App } from './index.ts'

function openServer(t: TestContext, ready: () => string | null = () => null): App {
  const app = createHttpServer({ authenticate: () => null, checkResponses: true })
  mountPlatform(app, { version: '1.2.3', ready, metrics: async () => 'waybill_up 1\n' })
  t.after(() => app.close())
  return app
}

test('health says that the process lives, readiness that it can take orders', async (t) => {
  let reason: string | null = 'the database cannot be reached'
  const app = openServer(t, () => reason)
  assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
  const waiting = await app.inject('/readyz')
  assert.equal(waiting.statusCode, 503)
  assert.equal(waiting.headers['retry-after'], '1')
  assert.equal(waiting.json<{ reason: string }>().reason, reason)
  reason = null
  assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' })
})

test('metrics are text for Prometheus', async (t) => {
  const { headers, body } = await openServer(t).inject('/metrics')
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(body, 'waybill_up 1\n')
})

test('the description is served as it is made', async (t) => {
  const { headers, body } = await openServer(t).inject('/openapi.json')
  const document = JSON.parse(body) as { info: { version: string }; paths: object }
  assert.equal(document.info.version, '1.2.3')
  assert.deepEqual(Object.keys(document.paths), ['/healthz', '/metrics', '/openapi.json', '/readyz'])
  assert.equal(headers['access-control-allow-origin'], '*')
})

test('the page about the API loads nothing from elsewhere', async (t) => {
  const app = openServer(t)
  const { headers, body } = await app.inject('/docs')
  assert.match(String(headers['content-type']), /^text\/html/)
  assert.doesNotMatch(body, /https?:|\/\/[a-z]/)
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /^default-src 'none'; script-src 'self';/)
  assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/)

  const [, path = ''] = /<script src="([^"]+)">/.exec(body) ?? []
  const script = await app.inject(path)
  assert.equal(script.statusCode, 200)
  assert.match(String(script.headers['content-type']), /^text\/javascript/)
  assert.match(gunzipSync(script.rawPayload).toString('utf8').slice(-2_000), /api-reference|Scalar/)
  const again = await app.inject({ url: path, headers: { 'if-none-match': String(script.headers.etag) } })
  assert.deepEqual([again.statusCode, again.rawPayload.length], [304, 0])
})
