import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeSettings, readConfig, settings } from './config.ts'

function problemsOf(environment: Record<string, string>): readonly string[] {
  const reading = readConfig(environment)
  return 'problems' in reading ? reading.problems : []
}

test('without a single variable there is a configuration', () => {
  const reading = readConfig({ HOME: '/root', PATH: '/bin' })
  assert.deepEqual('config' in reading && reading.config, {
    port: 4000,
    host: '127.0.0.1',
    dataDir: '.waybill',
    poolMax: 10,
    logLevel: 'info',
    rateLimitPerSecond: 5000,
    sandbox: true,
  })
})

test('what is set is read', () => {
  const key = Buffer.alloc(32, 7)
  const reading = readConfig({
    PORT: '0',
    HOST: '::1',
    DATABASE_URL: 'postgres://u:p@db/waybill',
    WAYBILL_DATA_DIR: '/var/lib/waybill',
    WAYBILL_POOL_MAX: '20',
    WAYBILL_MASTER_KEY: key.toString('base64'),
    WAYBILL_LOG_LEVEL: 'debug',
    WAYBILL_RATE_LIMIT_PER_SECOND: '0',
    WAYBILL_SANDBOX: 'false',
    WAYBILL_PSP_URL: 'http://127.0.0.1:4010',
  })
  assert.deepEqual('config' in reading && reading.config, {
    port: 0,
    host: '::1',
    databaseUrl: 'postgres://u:p@db/waybill',
    dataDir: '/var/lib/waybill',
    poolMax: 20,
    masterKey: key,
    logLevel: 'debug',
    rateLimitPerSecond: 0,
    sandbox: false,
    pspUrl: 'http://127.0.0.1:4010',
  })
})

test('a variable set to nothing is not set', () => {
  assert.deepEqual(problemsOf({ PORT: '', DATABASE_URL: ' ' }), [])
})

test('each problem is one sentence', () => {
  const rows: readonly [variable: string, text: string, problem: string][] = [
    ['PORT', 'web', 'PORT is "web", which is not a whole number from 0 to 65535'],
    ['PORT', '65536', 'PORT is "65536", which is not a whole number from 0 to 65535'],
    ['PORT', '-1', 'PORT is "-1", which is not a whole number from 0 to 65535'],
    ['PORT', '4e3', 'PORT is "4e3", which is not a whole number from 0 to 65535'],
    ['HOST', 'a b', 'HOST is "a b", which is not an IP address or host name'],
    ['DATABASE_URL', 'mysql://u:hush@db', 'DATABASE_URL is not a URL that begins with postgres:// or postgresql://'],
    ['WAYBILL_POOL_MAX', '1', 'WAYBILL_POOL_MAX is "1", which is not a whole number from 2 to 500'],
    [
      'WAYBILL_MASTER_KEY',
      'aHVzaA==',
      'WAYBILL_MASTER_KEY is not 32 bytes in base64 (make one with: openssl rand -base64 32)',
    ],
    [
      'WAYBILL_LOG_LEVEL',
      'loud',
      'WAYBILL_LOG_LEVEL is "loud", which is not one of fatal, error, warn, info, debug, trace, silent',
    ],
    ['WAYBILL_SANDBOX', 'yes', 'WAYBILL_SANDBOX is "yes", which is not one of true, false'],
    [
      'WAYBILL_PSP_URL',
      'localhost',
      'WAYBILL_PSP_URL is "localhost", which is not a URL that begins with http:// or https://',
    ],
    ['WAYBILL_POOLMAX', '5', 'WAYBILL_POOLMAX is not a setting; did you mean WAYBILL_POOL_MAX?'],
    ['WAYBILL_COLOUR', 'red', 'WAYBILL_COLOUR is not a setting'],
  ]
  for (const [variable, text, problem] of rows) assert.deepEqual(problemsOf({ [variable]: text }), [problem])
})

test('all problems come at once', () => {
  assert.equal(problemsOf({ PORT: 'x', WAYBILL_POOL_MAX: 'x', WAYBILL_X: '', WAYBILL_MASTER_KEY: 'x' }).length, 4)
})

test('the page lists every setting with its default', () => {
  const text = describeSettings()
  for (const { variable, fallback } of Object.values(settings)) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${variable}\` |`))
    assert.ok(row?.includes(fallback === '' ? '|  |' : `| \`${fallback}\` |`), `${variable}: ${String(row)}`)
  }
})
