import { grouped } from './import-progress.ts'
import { formatThousandths, isBalanced, type RetailBooks, type Tally } from './plan-retail-import.ts'
import type { ImportedBooks } from './read-import-books.ts'

/**
 * Whether the books balance, in the database and with the file: every line that was read is recorded, and the accepted
 * ones come to exactly what their orders come to.
 */
export function areBooksBalanced({ books, ordersThousandths }: ImportedBooks): boolean {
  return isBalanced(books) && books.accepted.thousandths === ordersThousandths
}

/** The books as a person reads them, a line each. */
export function renderImportedBooks(imported: ImportedBooks, planned: RetailBooks): string[] {
  const { books, orderCount, ordersThousandths } = imported
  const reasons = [...books.byReason].map(([name, tally]) => row(`  ${name.replaceAll('_', ' ')}`, tally))
  const orders = `${grouped(orderCount)} orders in the database come to ${pounds(ordersThousandths)}`
  return [
    `${''.padEnd(NAME_WIDTH)}${'lines'.padStart(LINES_WIDTH)}${'pounds'.padStart(POUNDS_WIDTH)}`,
    row('accepted', books.accepted),
    row('rejected', books.rejected),
    row('set aside', books.setAside),
    row('total', books.total),
    'of these',
    ...reasons,
    orders,
    areBooksBalanced(imported)
      ? 'The books balance to the thousandth of a pound: accepted + rejected + set aside = total, and orders = accepted.'
      : 'THE BOOKS DO NOT BALANCE: accepted + rejected + set aside must be the total, and the orders what was accepted.',
    ...differences(books, planned),
  ]
}

const NAME_WIDTH = 34
const LINES_WIDTH = 10
const POUNDS_WIDTH = 18

function row(name: string, { lines, thousandths }: Tally): string {
  return `${name.padEnd(NAME_WIDTH)}${grouped(lines).padStart(LINES_WIDTH)}${pounds(thousandths).padStart(POUNDS_WIDTH)}`
}

/** `-1,234.567` */
function pounds(thousandths: bigint): string {
  return formatThousandths(thousandths).replace(/\B(?=(\d{3})+\.)/g, ',')
}

const nothing: Tally = { lines: 0, thousandths: 0n }

/** What came out otherwise than the file alone foretold, such as an invoice whose number is another order's. */
function differences(books: RetailBooks, planned: RetailBooks): string[] {
  const reasons = [...new Set([...planned.byReason.keys(), ...books.byReason.keys()])]
  return reasons.flatMap((reason) => {
    const was = planned.byReason.get(reason) ?? nothing
    const is = books.byReason.get(reason) ?? nothing
    if (was.lines === is.lines && was.thousandths === is.thousandths) return []
    const name = reason.replaceAll('_', ' ')
    const foretold = `${grouped(was.lines)} lines of ${pounds(was.thousandths)}`
    return [`Not as the file foretold: ${name}, ${foretold}; is ${grouped(is.lines)} of ${pounds(is.thousandths)}.`]
  })
}
