import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../../server/platform/db.ts'

/** Lets every deadline pass that would only make the test wait: locks of dead requests, pauses between two questions. */
export async function hurry(db: Db): Promise<void> {
  await db.execute({
    name: 'test.hurry_keys',
    text: "update platform.idempotency_key set locked_until = clock_timestamp() where status = 'in_progress'",
  })
  await db.execute({
    name: 'test.hurry_attempts',
    text: `update payments.attempt set next_try_at = clock_timestamp()
            where next_try_at > clock_timestamp() and status in ('pending', 'unknown', 'void_due')`,
  })
}

/** Waits until the server has found out about every payment. What a worker is asking about right now is left to it. */
export async function allDecided(db: Db): Promise<void> {
  for (const until = performance.now() + 60_000; ; await sleep(200)) {
    const open = await db.rows({
      name: 'test.undecided',
      text: `select id, status, tries, next_try_at, leased_until from payments.attempt
              where status in ('pending', 'unknown', 'void_due')`,
    })
    if (open.length === 0) return
    assert.ok(performance.now() < until, `undecided: ${JSON.stringify(open)}`)
    await db.execute({
      name: 'test.hurry_undecided',
      text: `update payments.attempt set next_try_at = clock_timestamp()
              where next_try_at > clock_timestamp() and status in ('pending', 'unknown', 'void_due')
                and (leased_until is null or leased_until <= clock_timestamp())`,
    })
  }
}
