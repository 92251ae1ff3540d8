import { must } from '../../kernel/invariant.ts'
import type { Queryable, Tx } from '../../platform/db.ts'

/** The number of this transaction: whoever began to write before it has a smaller one. */
export async function readTransactionId(tx: Tx): Promise<string> {
  const [row] = await tx.rows<{ number: string }>({
    name: 'inventory.read_transaction_id',
    text: 'select pg_current_xact_id()::text as number',
  })
  return must(row, 'the one row of a select without from').number
}

/** Whether every transaction up to this number has ended. */
export async function hasEnded(source: Queryable, number: string): Promise<boolean> {
  const [row] = await source.rows<{ ended: boolean }>({
    name: 'inventory.have_transactions_ended',
    text: 'select pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 as ended',
    values: [number],
  })
  return must(row, 'the one row of a select without from').ended
}
