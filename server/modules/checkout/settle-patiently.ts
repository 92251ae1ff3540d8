import { setTimeout as sleep } from 'node:timers/promises'
import { afterCommit, saysNothingWasWritten } from '../../platform/after-commit.ts'
import type { Batcher } from '../../platform/batch/batch.ts'
import type { Settlable, SettledPayment } from './settle-payments.ts'

/** Until a database that was killed under load has recovered: four seconds in all, as long as an unknown COMMIT. */
const AGAIN_AFTER_MS = [50, 250, 1_000, 2_500] as const

/**
 * Settles what the provider has answered. The order is recorded by now and money may be reserved, so a database that is
 * away or busy for a moment is waited for: settling again is harmless.
 *
 * @throws CommitUnknownError  it stays away; the sweep over due payments settles it
 */
export async function settlePatiently(
  settle: Batcher<Settlable, SettledPayment>,
  request: Settlable,
): Promise<SettledPayment> {
  for (const delayMs of AGAIN_AFTER_MS) {
    try {
      return await settle.submit(request, { lane: 'shopper' })
    } catch (error) {
      if (!saysNothingWasWritten(error)) throw error
      await sleep(delayMs)
    }
  }
  return afterCommit(() => settle.submit(request, { lane: 'shopper' }))
}
