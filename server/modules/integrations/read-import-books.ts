import type { Id } from '../../kernel/id.ts'
import { sumMinor } from '../../kernel/money.ts'
import type { Queryable } from '../../platform/db.ts'
import { readOrderRows } from '../orders/index.ts'
import { inParts } from './in-parts.ts'
import { readRunOrderIds, readTallies, type Outcome, type TallyRow } from './integrations.sql.ts'
import type { RetailBooks, Tally } from './plan-retail-import.ts'

const ORDERS_PER_READ = 1_000
const THOUSANDTHS_PER_PENNY = 10n

/** What an import left in the database, read back from it. */
export interface ImportedBooks {
  /** From the recorded lines; the total is the file's own. */
  readonly books: RetailBooks
  readonly orderCount: number
  /** Σ of the orders' totals. */
  readonly ordersThousandths: bigint
}

/** @param total  what was counted while the file was read */
export async function readImportedBooks(
  source: Queryable,
  runId: Id<'importRun'>,
  total: Tally,
): Promise<ImportedBooks> {
  const [tallies, orderIds] = await Promise.all([readTallies(source, runId), readRunOrderIds(source, runId)])
  let ordersMinor = 0n
  for (const part of inParts(orderIds, ORDERS_PER_READ)) {
    const orders = await readOrderRows(source, part)
    ordersMinor += sumMinor(orders.map((order) => order.total_minor))
  }
  const books = {
    total,
    accepted: sumOf(tallies, 'accepted'),
    rejected: sumOf(tallies, 'rejected'),
    setAside: sumOf(tallies, 'set_aside'),
    byReason: new Map(
      tallies.map(({ outcome, reason, lines, thousandths }) => [`${outcome} ${reason}`, { lines, thousandths }]),
    ),
  }
  return { books, orderCount: orderIds.length, ordersThousandths: ordersMinor * THOUSANDTHS_PER_PENNY }
}

function sumOf(tallies: readonly TallyRow[], wanted: Outcome): Tally {
  return tallies
    .filter(({ outcome }) => outcome === wanted)
    .reduce(
      (sum, { lines, thousandths }) => ({ lines: sum.lines + lines, thousandths: sum.thousandths + thousandths }),
      { lines: 0, thousandths: 0n },
    )
}
