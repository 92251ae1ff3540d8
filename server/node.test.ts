import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createTestDatabase } from '../test/support/database.ts'
import { openNode } from './node.ts'
import { createTelemetry } from './platform/telemetry.ts'

test('background work that cannot begin leaves nothing running: the node ends, and its row is gone', async (t) => {
  // Without the tables of the job queue.
  const database = await createTestDatabase()
  t.after(() => database.drop())
  const node = openNode({
    databaseUrl: database.url,
    poolMax: 4,
    masterKey: randomBytes(32),
    pspUrl: null,
    rateLimitPerSecond: 0,
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  await assert.rejects(node.work(), /graphile_worker/)
  const processes = await node.db.rows({ name: 'test.processes', text: 'select kind from platform.process' })
  assert.deepEqual(processes, [])
  const ended = await Promise.race([
    node.stop().then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, 5_000, 'goes on')),
  ])
  assert.equal(ended, 'ended')
})
