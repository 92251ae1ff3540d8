import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTelemetry, type LogLevel } from './telemetry.ts'

function withLines(logLevel: LogLevel = 'info') {
  const lines: string[] = []
  const telemetry = createTelemetry({ logLevel, destination: { write: (line) => void lines.push(line) } })
  return { telemetry, lines }
}

test('no secret and no personal data gets into the log', () => {
  const rows: readonly [logged: object | Error, hidden: string][] = [
    [{ authorization: 'Bearer wb_sk_x' }, 'wb_sk_x'],
    [{ request: { headers: { authorization: 'secret-1' } } }, 'secret-1'],
    [{ customer: { Email: 'ada@example.com' } }, 'ada'],
    [{ order: { shippingAddress: { line1: 'St James Square 12' } } }, 'James'],
    [{ note: 'write to ada@example.com soon' }, 'ada@'],
    [{ note: 'pays with 4111 1111 1111 1111' }, '4111'],
    [{ note: 'pays with 4111111111111111' }, '4111'],
    [{ detail: `key wb_sk_${'a1B'.repeat(14)}x was used` }, 'a1B'],
    [{ detail: 'sent Bearer abc.def' }, 'abc.def'],
    [{ lines: [{ token: 'tok_ok' }] }, 'tok_ok'],
    [new Error('no such person: ada@example.com'), 'ada@'],
    [Object.assign(new Error('duplicate'), { detail: 'Key (email)=(ada) already exists' }), '(ada)'],
    [new Error('outer', { cause: new Error('card 4111111111111111') }), '4111'],
  ]
  for (const [logged, hidden] of rows) {
    const { telemetry, lines } = withLines()
    telemetry.log.info(logged instanceof Error ? { err: logged } : logged, 'seen')
    const [line = ''] = lines
    assert.ok(!line.includes(hidden), `${hidden} in ${line}`)
    assert.equal((JSON.parse(line) as { msg: string }).msg, 'seen')
  }
})

test('what helps to find a fault stays in the log', () => {
  const { telemetry, lines } = withLines()
  const cause = Object.assign(new Error('duplicate key'), { code: '23505' })
  telemetry.log.error(
    { err: new Error('placing failed', { cause }), order: 'ord_01h2xcejqtf2nbrexx3vqjhp41', position: 9n },
    'x',
  )
  const [line = ''] = lines
  for (const kept of [
    'placing failed',
    'telemetry.test.ts',
    '23505',
    'ord_01h2xcejqtf2nbrexx3vqjhp41',
    '"position":"9"',
  ]) {
    assert.ok(line.includes(kept), `${kept} in ${line}`)
  }
})

test('thirteen digits of a number do not spoil the line', () => {
  const { telemetry, lines } = withLines()
  telemetry.log.info({ epochMs: 4111111111111111 })
  assert.deepEqual((JSON.parse(lines[0] ?? '') as { epochMs: number }).epochMs, 4111111111111111)
})

test('requests are logged when slow, failed or debugging', () => {
  const rows: readonly [level: LogLevel, status: number, ms: number, logged: string][] = [
    ['info', 200, 3, ''],
    ['info', 404, 3, ''],
    ['info', 503, 3, ''],
    ['info', 200, 1_500, 'slow request'],
    ['info', 500, 3, 'request failed'],
    ['debug', 200, 3, 'request'],
    ['error', 500, 3, ''],
  ]
  for (const [level, status, ms, logged] of rows) {
    const { telemetry, lines } = withLines(level)
    telemetry.requestRecorder('GET', '/v1/store/products')('req_1', status, ms)
    const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg).join()
    assert.equal(said, logged, `${level} ${status} ${ms} ms`)
  }
})

test('metrics tell requests by route and gauges as they are read', async () => {
  const { telemetry, lines } = withLines()
  let depth = 3
  telemetry.gauge({ name: 'waybill_queue_depth', help: 'Waiting orders.', read: () => depth })
  telemetry.gauge({
    name: 'waybill_pool_connections',
    help: 'Connections.',
    labelNames: ['state'],
    read: async () => [
      { labels: { state: 'idle' }, value: 2 },
      { labels: { state: 'busy' }, value: 5 },
    ],
  })
  telemetry.gauge({
    name: 'waybill_event_lag_seconds',
    help: 'Lag.',
    read: () => Promise.reject(new Error('no database')),
  })
  telemetry.requestRecorder('POST', '/v1/store/orders')('req_1', 201, 30)

  const first = await telemetry.metrics()
  assert.match(
    first,
    /^waybill_http_request_seconds_bucket\{method="POST",route="\/v1\/store\/orders",status="2xx",le="0\.05"\} 1$/m,
  )
  assert.match(
    first,
    /^waybill_http_request_seconds_bucket\{method="POST",route="\/v1\/store\/orders",status="2xx",le="0\.02"\} 0$/m,
  )
  assert.match(first, /^waybill_queue_depth 3$/m)
  assert.match(first, /^waybill_pool_connections\{state="busy"\} 5$/m)
  assert.doesNotMatch(first, /^waybill_event_lag_seconds /m)
  assert.match(lines.join(), /no database/)

  depth = 4
  assert.match(await telemetry.metrics(), /^waybill_queue_depth 4$/m)
})

test('process metrics are there when asked for', async () => {
  const telemetry = createTelemetry({ logLevel: 'silent', processMetrics: true })
  const metrics = await telemetry.metrics()
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']) {
    assert.match(metrics, new RegExp(`^${name} `, 'm'))
  }
})
