import type { Db } from '../../platform/db.ts'
import { expireCartRows } from './carts.sql.ts'

/** One update of rows found by index; five hundred take some ten milliseconds. */
const BATCH_MAX = 500

/** Ends carts that nobody touched in time. @returns how many; a full batch means there may be more */
export async function expireCarts(db: Db): Promise<number> {
  return db.inTransaction((tx) => expireCartRows(tx, BATCH_MAX))
}
