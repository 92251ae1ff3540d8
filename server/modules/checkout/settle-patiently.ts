import { setTimeout as sleep } from 'node:timers/promises'
import { QueueFullError, type Batcher } from '../../platform/batch/batch.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError } from '../../platform/db.ts'
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
      if (!isPassing(error)) throw error
      await sleep(delayMs)
    }
  }
  return afterRecording(() => settle.submit(request, { lane: 'shopper' }))
}

/** "Nothing was written" is not true any more once the order is recorded: whoever asks must ask again with the key. */
export async function afterRecording<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isPassing(error)) throw error
    throw new CommitUnknownError('the order is recorded, and not known how its payment stands', { cause: error })
  }
}

/** The database was not reached, or not in time: nothing was written by this call. */
function isPassing(error: unknown): boolean {
  return error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof QueueFullError
}
