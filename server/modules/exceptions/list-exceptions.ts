import type { Queryable } from '../../platform/db.ts'
import type { Exception } from './exception.ts'
import { readClosedExceptions, readOpenExceptions, type ExceptionFilter } from './exceptions.sql.ts'

/** One page of the queue: open ones as they wait, longest first; closed ones newest first. */
export function listExceptions(source: Queryable, filter: ExceptionFilter): Promise<Exception[]> {
  return filter.status === 'open' ? readOpenExceptions(source, filter) : readClosedExceptions(source, filter)
}
