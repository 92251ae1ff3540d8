import { MINUTE_MS } from '../../kernel/time.ts'
import { createDb, type Db } from '../db.ts'

/** All predicates together take less than this over a million orders; one that alone takes longer lost an index. */
const STATEMENT_TIMEOUT_MS = 5 * MINUTE_MS

/** A pool of the audits' own: its statements may take minutes, and no request waits for its connection. */
export function openAuditDb(databaseUrl: string): Db {
  return createDb({
    databaseUrl,
    poolMax: 1,
    applicationName: 'waybill audit',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  })
}
