import type { Db, Tx } from './db.ts'

/**
 * Runs `work` in a transaction that is committed only when `keeps` says so of its outcome. What an edit writes before it
 * finds out that it must refuse goes back with it: the revision it raised first, above all, or every refused edit would
 * make every node load its configuration anew.
 *
 * @returns the outcome, whether it was kept or not
 * @throws what `Db.inTransaction` throws
 */
export async function commitIf<Outcome>(
  db: Db,
  work: (tx: Tx) => Promise<Outcome>,
  keeps: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  const signal = new RefusedSignal<Outcome>()
  try {
    return await db.inTransaction(async (tx) => {
      const outcome = await work(tx)
      if (keeps(outcome)) return outcome
      signal.refused = { outcome }
      throw signal
    })
  } catch (error) {
    if (error === signal && signal.refused !== null) return signal.refused.outcome
    throw error
  }
}

/** Takes a transaction back; never leaves this file. */
class RefusedSignal<Outcome> extends Error {
  override readonly name = 'RefusedSignal'
  refused: { readonly outcome: Outcome } | null = null
}
