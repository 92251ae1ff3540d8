import { QueueFullError } from './batch/batch.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError } from './db.ts'

/**
 * Runs what follows a commit: reading what the answer shows, or the next transaction of the same request. Errors that
 * tell the client "nothing was written" are not true there any more; it is told to ask again with its key instead.
 */
export async function afterCommit<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!saysNothingWasWritten(error)) throw error
    throw new CommitUnknownError('a part of it is written, and how it stands cannot be told now', { cause: error })
  }
}

/** All of it is committed; only what the answer would have shown could not be read. */
export class WrittenUnreadError extends Error {
  override readonly name = 'WrittenUnreadError'
}

/**
 * Reads what the answer to a committed edit shows, where no key could tell a repeat of it: asking again would meet a
 * newer version, so the client is told that its edit was made.
 */
export async function readWritten<Result>(read: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!saysNothingWasWritten(error)) throw error
    throw new WrittenUnreadError('it is written, and cannot be read now', { cause: error })
  }
}

/** The database was not reached, or not in time: by this call nothing was written, and the next may succeed. */
export function saysNothingWasWritten(error: unknown): boolean {
  return error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof QueueFullError
}
