import { money, type CurrencyCode, type Money } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

/** One line of the UCI Online Retail file. */
export interface RetailLine {
  readonly lineNumber: number
  readonly raw: string
  readonly invoiceNo: string
  /** As the file writes it; `skuOf` is its SKU. */
  readonly code: string
  /** Null where the file says NA. */
  readonly description: string | null
  readonly quantity: number
  /** Thousandths of a pound: the finest the file knows. */
  readonly priceThousandths: bigint
  readonly at: Instant
  /** Null where the file says NA: a guest, a different one on each invoice. */
  readonly customer: string | null
}

/** All lines of one invoice in the order of the file; at least one. */
export interface RetailInvoice {
  readonly invoiceNo: string
  /** The earliest of its lines: some invoices run over a minute's end. */
  readonly placedAt: Instant
  readonly customer: string | null
  readonly lines: readonly RetailLine[]
}

export type RejectReason =
  /** Not CSV, or a field that is not what its column holds. */
  | 'malformed'
  /** Another customer than on the invoice's first line. */
  | 'conflicting_customer'
  | 'negative_price'
  /** A price that no whole number of pence can hold. */
  | 'sub_minor_price'
  | 'not_positive_quantity'
  /** More units than an order line may have. */
  | 'quantity_too_large'
  /** More lines than a trusted order may have; the whole invoice. */
  | 'too_many_lines'

export type SetAsideReason =
  /** The invoice takes back earlier sales. */
  | 'cancellation'
  /** An entry of the ledger of debts, no sale. */
  | 'bad_debt'
  /** Units found or written off: nobody paid, nobody is named. */
  | 'stock_adjustment'
  /** What is left of the invoice is charges alone: there is nothing to hand over. */
  | 'no_goods'

export type LineOutcome =
  | { readonly outcome: 'accepted'; readonly reason: 'order_line' | 'charge' }
  | { readonly outcome: 'rejected'; readonly reason: RejectReason }
  | { readonly outcome: 'set_aside'; readonly reason: SetAsideReason }

/** A trusted order: what `POST /admin/orders` takes. */
export interface RetailOrder {
  readonly channel: string
  readonly reference: string
  readonly placedAt: Instant
  readonly currency: CurrencyCode
  readonly taxIncluded: true
  readonly lines: readonly RetailOrderLine[]
  readonly charges: readonly RetailCharge[]
  /** Absent for a guest. */
  readonly customer?: { readonly reference: string }
  readonly fulfillment: { readonly method: 'carried_out'; readonly location: string }
  readonly payment: { readonly state: 'paid' }
}

export interface RetailOrderLine {
  readonly sku: string
  readonly quantity: number
  readonly unitPrice: Money
}

export interface RetailCharge {
  readonly type: RetailChargeType
  readonly amount: Money
}

export interface RetailTarget {
  /** Code of the trusted channel that the orders belong to. */
  readonly channel: string
  /** Code of the store where the goods were handed over. */
  readonly location: string
}

export interface RetailInvoicePlan {
  /** Null when nothing of the invoice is an order. */
  readonly order: RetailOrder | null
  /** What becomes of each line, in the order of the invoice's lines. */
  readonly outcomes: readonly LineOutcome[]
}

export const GBP = 'GBP' as CurrencyCode

/** The trusted door's own limits. */
export const ORDER_LINES_MAX = 2_000
const LINE_QUANTITY_MAX = 1_000_000

/**
 * Codes that stand for money and not for goods; two of them look like goods and are carriage and packing by their
 * descriptions. Everything else is goods: also gift vouchers (`gift_0001_20`), which the file counts and adjusts as
 * stock, and the `DCGS…` and `PADS` codes, which only look odd.
 */
export const chargeTypeByCode = {
  POST: 'delivery',
  DOT: 'delivery',
  C2: 'delivery',
  '23444': 'delivery',
  '23574': 'packing',
  M: 'manual',
  D: 'discount',
  S: 'samples',
  'BANK CHARGES': 'bank_charge',
  AMAZONFEE: 'marketplace_fee',
  CRUK: 'donation',
  B: 'bad_debt',
} as const

export type RetailChargeType = (typeof chargeTypeByCode)[keyof typeof chargeTypeByCode]

const chargeTypes: ReadonlyMap<string, RetailChargeType> = new Map(Object.entries(chargeTypeByCode))

/** Codes that differ by case alone name the same goods: 110 of the file's 112 pairs do so word for word. */
export function skuOf(code: string): string {
  return code.toUpperCase()
}

/** Null for goods. */
export function chargeTypeOf(code: string): RetailChargeType | null {
  return chargeTypes.get(skuOf(code)) ?? null
}

export function amountThousandths(line: RetailLine): bigint {
  return BigInt(line.quantity) * line.priceThousandths
}

const THOUSANDTHS_PER_PENNY = 10n

/**
 * Decides what becomes of an invoice and of each of its lines. In this order:
 *
 *   C…            cancellation   the whole invoice is set aside, to be matched with its sale later
 *   A…            bad_debt       the whole invoice is set aside
 *   free of charge, and no customer or only negative quantities
 *                 stock_adjustment   the whole invoice is set aside
 *   a bad line    rejected       that line alone: the rest was sold and paid all the same, and refusing ninety good
 *                                lines for the sake of a tenth of a penny would lose more than it protects
 *   no goods      no_goods       what is left is charges: set aside
 *   otherwise     accepted       goods become order lines, one for one, also the same SKU twice and goods given away
 *                                with a sale; charges become charges
 */
export function planRetailInvoice(invoice: RetailInvoice, target: RetailTarget): RetailInvoicePlan {
  const { lines } = invoice
  if (invoice.invoiceNo.startsWith('C')) return wholly(lines, setAside('cancellation'))
  if (invoice.invoiceNo.startsWith('A')) return wholly(lines, setAside('bad_debt'))
  if (isStockAdjustment(invoice)) return wholly(lines, setAside('stock_adjustment'))
  if (lines.length > ORDER_LINES_MAX) return wholly(lines, rejected('too_many_lines'))

  const faults = lines.map((line) => faultOf(line, invoice.customer))
  const hasGoods = lines.some((line, index) => faults[index] === null && chargeTypeOf(line.code) === null)
  const outcomes = lines.map((line, index) => {
    const fault = faults[index] ?? null
    if (fault !== null) return rejected(fault)
    if (!hasGoods) return setAside('no_goods')
    return chargeTypeOf(line.code) === null ? orderLine : charge
  })
  if (!hasGoods) return { order: null, outcomes }
  return {
    order: orderOf(
      invoice,
      lines.filter((_, index) => outcomes[index]?.outcome === 'accepted'),
      target,
    ),
    outcomes,
  }
}

function isStockAdjustment({ customer, lines }: RetailInvoice): boolean {
  if (lines.some((line) => line.priceThousandths !== 0n)) return false
  return customer === null || lines.every((line) => line.quantity < 0)
}

function faultOf(line: RetailLine, customer: string | null): RejectReason | null {
  if (line.customer !== customer) return 'conflicting_customer'
  if (line.priceThousandths < 0n) return 'negative_price'
  if (line.priceThousandths % THOUSANDTHS_PER_PENNY !== 0n) return 'sub_minor_price'
  if (line.quantity <= 0) return 'not_positive_quantity'
  return line.quantity > LINE_QUANTITY_MAX ? 'quantity_too_large' : null
}

function orderOf(invoice: RetailInvoice, accepted: readonly RetailLine[], target: RetailTarget): RetailOrder {
  const lines: RetailOrderLine[] = []
  const charges: RetailCharge[] = []
  for (const line of accepted) {
    const type = chargeTypeOf(line.code)
    const unitPrice = money(line.priceThousandths / THOUSANDTHS_PER_PENNY, GBP)
    if (type === null) lines.push({ sku: skuOf(line.code), quantity: line.quantity, unitPrice })
    else charges.push({ type, amount: money(unitPrice.minor * BigInt(line.quantity), GBP) })
  }
  return {
    channel: target.channel,
    reference: invoice.invoiceNo,
    placedAt: invoice.placedAt,
    currency: GBP,
    taxIncluded: true,
    lines,
    charges,
    ...(invoice.customer === null ? {} : { customer: { reference: invoice.customer } }),
    fulfillment: { method: 'carried_out', location: target.location },
    payment: { state: 'paid' },
  }
}

function wholly(lines: readonly RetailLine[], outcome: LineOutcome): RetailInvoicePlan {
  return { order: null, outcomes: lines.map(() => outcome) }
}

const orderLine: LineOutcome = { outcome: 'accepted', reason: 'order_line' }
const charge: LineOutcome = { outcome: 'accepted', reason: 'charge' }

function rejected(reason: RejectReason): LineOutcome {
  return { outcome: 'rejected', reason }
}

function setAside(reason: SetAsideReason): LineOutcome {
  return { outcome: 'set_aside', reason }
}
