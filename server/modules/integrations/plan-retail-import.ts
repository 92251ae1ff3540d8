import type { Instant } from '../../kernel/time.ts'
import {
  amountThousandths,
  chargeTypeOf,
  planRetailInvoice,
  skuOf,
  type LineOutcome,
  type RetailInvoice,
  type RetailLine,
  type RetailTarget,
} from './plan-retail-invoice.ts'

/** The file as the plan needs it: what was read, with its own count of it. */
export interface RetailInput {
  readonly invoices: Iterable<RetailInvoice>
  readonly malformedCount: number
  readonly lineCount: number
  readonly amountThousandths: bigint
}

/** What must stand before the first order comes in, and what the whole import will come to. */
export interface RetailImportPlan {
  /** Every code that is goods, once, by SKU. */
  readonly catalog: readonly RetailSku[]
  /** By date: facts of the file that may be posted to the stock ledger, before, between or after the orders. */
  readonly stockAdjustments: readonly RetailStockAdjustment[]
  readonly orderCount: number
  /** The customers on the orders, as the file numbers them; guests are not among them. */
  readonly customers: ReadonlySet<string>
  readonly books: RetailBooks
}

export interface RetailSku {
  readonly sku: string
  /** The description most of its sales carry; the SKU itself when the file never describes it. */
  readonly title: string
  /** The price most of its sales carry, minor units of GBP; null when it was never sold for money. */
  readonly priceMinor: bigint | null
  /** The codes as the file writes them. */
  readonly codes: readonly string[]
  /** Units on the accepted orders. */
  readonly soldUnits: number
  /**
   * Units to receive before the first order: as many as all orders and all write-offs take together. Enough for them
   * in any order, and left over at the end is what was found, if that was posted too.
   */
  readonly openingUnits: number
}

export interface RetailStockAdjustment {
  readonly lineNumber: number
  readonly invoiceNo: string
  readonly at: Instant
  readonly sku: string
  /** Units; never zero. */
  readonly delta: number
  /** What the clerk wrote, such as `damages`; null for nothing. */
  readonly reason: string | null
}

export interface Tally {
  readonly lines: number
  readonly thousandths: bigint
}

/** Every line and every thousandth of a pound, once. Malformed lines have no amount. */
export interface RetailBooks {
  /** Counted while reading, whatever was then made of it. */
  readonly total: Tally
  readonly accepted: Tally
  readonly rejected: Tally
  readonly setAside: Tally
  /** By outcome and reason, such as `set_aside cancellation`. */
  readonly byReason: ReadonlyMap<string, Tally>
}

export interface TallyView {
  readonly lines: number
  readonly pounds: string
}

export interface RetailBooksView {
  readonly balanced: boolean
  readonly total: TallyView
  readonly accepted: TallyView
  readonly rejected: TallyView
  readonly setAside: TallyView
  readonly byReason: Readonly<Record<string, TallyView>>
}

/** Works out catalog, opening stock and books from the whole file; `planRetailInvoice` then plans each order again. */
export function planRetailImport(input: RetailInput, target: RetailTarget): RetailImportPlan {
  const goods = new Map<string, GoodsSeen>()
  const byReason = new Map<string, Tally>()
  const stockAdjustments: RetailStockAdjustment[] = []
  const customers = new Set<string>()
  let orderCount = 0
  if (input.malformedCount > 0) byReason.set('rejected malformed', { lines: input.malformedCount, thousandths: 0n })

  for (const invoice of input.invoices) {
    const { order, outcomes } = planRetailInvoice(invoice, target)
    if (order !== null) orderCount += 1
    if (order !== null && invoice.customer !== null) customers.add(invoice.customer)
    for (const [index, line] of invoice.lines.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) continue
      add(byReason, `${outcome.outcome} ${outcome.reason}`, { lines: 1, thousandths: amountThousandths(line) })
      if (chargeTypeOf(line.code) !== null) continue
      seenOf(goods, line).add(line, outcome)
      if (outcome.reason === 'stock_adjustment' && line.quantity !== 0) stockAdjustments.push(adjustmentOf(line))
    }
  }
  const catalog = [...goods.values()].map((seen) => seen.sku()).toSorted((a, b) => (a.sku < b.sku ? -1 : 1))
  return { catalog, stockAdjustments, orderCount, customers, books: booksOf(input, byReason) }
}

/** Whether every line that was read, and all its money, is accepted, rejected or set aside. */
export function isBalanced({ total, accepted, rejected, setAside }: RetailBooks): boolean {
  return (
    accepted.lines + rejected.lines + setAside.lines === total.lines &&
    accepted.thousandths + rejected.thousandths + setAside.thousandths === total.thousandths
  )
}

/** The books as JSON can hold them, amounts as exact decimals in pounds. */
export function renderBooks(books: RetailBooks): RetailBooksView {
  const view = ({ lines, thousandths }: Tally): TallyView => ({ lines, pounds: formatThousandths(thousandths) })
  return {
    balanced: isBalanced(books),
    total: view(books.total),
    accepted: view(books.accepted),
    rejected: view(books.rejected),
    setAside: view(books.setAside),
    byReason: Object.fromEntries([...books.byReason].map(([reason, tally]) => [reason, view(tally)])),
  }
}

/** `-1234.567`, the exact decimal. */
export function formatThousandths(thousandths: bigint): string {
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0')
  return `${thousandths < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`
}

function booksOf(input: RetailInput, byReason: ReadonlyMap<string, Tally>): RetailBooks {
  const sumOf = (outcome: LineOutcome['outcome']): Tally => {
    const sum = new Map<string, Tally>()
    for (const [reason, tally] of byReason) if (reason.startsWith(`${outcome} `)) add(sum, outcome, tally)
    return sum.get(outcome) ?? { lines: 0, thousandths: 0n }
  }
  return {
    total: { lines: input.lineCount, thousandths: input.amountThousandths },
    accepted: sumOf('accepted'),
    rejected: sumOf('rejected'),
    setAside: sumOf('set_aside'),
    byReason,
  }
}

function add(tallies: Map<string, Tally>, key: string, { lines, thousandths }: Tally): void {
  const sum = tallies.get(key) ?? { lines: 0, thousandths: 0n }
  tallies.set(key, { lines: sum.lines + lines, thousandths: sum.thousandths + thousandths })
}

function adjustmentOf({ lineNumber, invoiceNo, at, code, quantity, description }: RetailLine): RetailStockAdjustment {
  return { lineNumber, invoiceNo, at, sku: skuOf(code), delta: quantity, reason: description }
}

function seenOf(goods: Map<string, GoodsSeen>, { code }: RetailLine): GoodsSeen {
  const sku = skuOf(code)
  let seen = goods.get(sku)
  if (seen === undefined) goods.set(sku, (seen = new GoodsSeen(sku)))
  return seen
}

/** What the file says about one SKU. */
class GoodsSeen {
  readonly #sku: string
  readonly #codes = new Set<string>()
  readonly #soldAs = new Counts<string>()
  /** On lines that were given away, taken back or rejected. */
  readonly #namedAs = new Counts<string>()
  readonly #prices = new Counts<bigint>()
  #soldUnits = 0
  #writtenOffUnits = 0

  constructor(sku: string) {
    this.#sku = sku
  }

  add(line: RetailLine, { outcome, reason }: LineOutcome): void {
    this.#codes.add(line.code)
    if (outcome === 'accepted') {
      this.#soldUnits += line.quantity
    }
    // Descriptions of stock adjustments are the clerk's remarks, never a title.
    if (reason === 'stock_adjustment') {
      this.#writtenOffUnits += Math.max(0, -line.quantity)
      return
    }
    const sold = outcome === 'accepted' && line.priceThousandths > 0n
    if (sold) this.#prices.count(line.priceThousandths)
    if (line.description !== null) (sold ? this.#soldAs : this.#namedAs).count(line.description)
  }

  sku(): RetailSku {
    const price = this.#prices.mostFrequent()
    return {
      sku: this.#sku,
      title: titleOf(this.#soldAs.mostFrequent() ?? this.#namedAs.mostFrequent()) ?? this.#sku,
      priceMinor: price === null ? null : price / 10n,
      codes: [...this.#codes],
      soldUnits: this.#soldUnits,
      openingUnits: this.#soldUnits + this.#writtenOffUnits,
    }
  }
}

class Counts<Value> {
  readonly #counts = new Map<Value, number>()

  count(value: Value): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }

  /** The earliest of them on a tie. */
  mostFrequent(): Value | null {
    let best: Value | null = null
    let bestCount = 0
    for (const [value, count] of this.#counts) {
      if (count <= bestCount) continue
      best = value
      bestCount = count
    }
    return best
  }
}

/** Single spaces, and without the stars, dots and commas some descriptions begin or end with. */
function titleOf(description: string | null): string | null {
  const title = description?.replace(/\s+/g, ' ').replace(/^[\s*.,]+|[\s*.,]+$/g, '') ?? ''
  return title === '' ? null : title
}
