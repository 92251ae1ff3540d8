import { BusyError, DatabaseAwayError } from '../../platform/db.ts'

/** Whether the database could not be asked: then what was known last is better than nothing. */
export function isOutage(error: unknown): boolean {
  return error instanceof DatabaseAwayError || error instanceof BusyError
}
