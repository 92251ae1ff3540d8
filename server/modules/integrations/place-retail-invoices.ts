import { setTimeout as sleep } from 'node:timers/promises'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { QueueFullError } from '../../platform/batch/batch.ts'
import { BusyError, type Db } from '../../platform/db.ts'
import { fingerprintOfContent } from '../../platform/fingerprint.ts'
import {
  refusals,
  type Checkout,
  type PlacementRefusal,
  type TrustedOutcome,
  type TrustedPlacement,
} from '../checkout/index.ts'
import type { Channel } from '../merchant/index.ts'
import { eachAtOnce } from './each-at-once.ts'
import { insertLines, type ImportLine } from './integrations.sql.ts'
import type { PeopleByReference } from './introduce-retail-customers.ts'
import type { LineSet } from './line-set.ts'
import {
  amountThousandths,
  planRetailInvoice,
  type RetailInvoice,
  type RetailInvoicePlan,
  type RetailOrder,
} from './plan-retail-invoice.ts'
import { retailTarget } from './prepare-retail-shop.ts'
import type { MalformedLine, RetailFile } from './read-retail.ts'

const ORDERS_PER_BATCH = 500
/**
 * With three batches at once some 9,000 lines wait for the trusted road: always the next transaction's worth, and on a
 * machine that does 2,000 lines a second still within the five seconds after which the road refuses.
 */
const LINES_PER_BATCH = 3_000
const BATCHES_AT_ONCE = 3

export interface PlacingDeps {
  readonly db: Db
  readonly checkout: Pick<Checkout, 'placeTrustedOrders' | 'drained'>
}

export interface Placing {
  readonly runId: Id<'importRun'>
  readonly channel: Channel
  readonly file: Pick<RetailFile, 'invoices' | 'malformed'>
  readonly people: PeopleByReference
  /** Recorded before: these are done. */
  readonly recorded: LineSet
  readonly onBatch: (done: BatchDone) => Promise<void>
}

export interface BatchDone {
  readonly lineCount: number
  readonly orderCount: number
}

/**
 * Hands invoices to the trusted road by date, and records what became of each of their lines. The lines of an invoice
 * are recorded together, after its order stands: killed in between, the next run hands the order over again and hears
 * that it is there.
 */
export async function placeRetailInvoices(deps: PlacingDeps, placing: Placing): Promise<void> {
  const { file, recorded, onBatch } = placing
  await eachAtOnce(batchesOf(file.invoices, recorded), BATCHES_AT_ONCE, async (batch) => {
    const lineCount = await patiently(deps.checkout, () => takeIn(deps, placing, batch))
    await onBatch({ lineCount, orderCount: ordersOf(batch).length })
  })
  await eachAtOnce(malformedOf(file.malformed, recorded), 1, async (lines) => {
    await record(deps, placing, lines)
    await onBatch({ lineCount: lines.length, orderCount: 0 })
  })
}

interface PlannedInvoice extends RetailInvoicePlan {
  readonly invoice: RetailInvoice
}

function* malformedOf(malformed: Iterable<MalformedLine>, recorded: LineSet): Generator<ImportLine[], void, undefined> {
  let batch: ImportLine[] = []
  for (const line of malformed) {
    if (recorded.has(line.lineNumber)) continue
    batch.push(malformedLine(line))
    if (batch.length < LINES_PER_BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function* batchesOf(
  invoices: Iterable<RetailInvoice>,
  recorded: LineSet,
): Generator<PlannedInvoice[], void, undefined> {
  let batch: PlannedInvoice[] = []
  let lineCount = 0
  for (const invoice of invoices) {
    const [first] = invoice.lines
    if (first === undefined || recorded.has(first.lineNumber)) continue
    const isFull = batch.length >= ORDERS_PER_BATCH || lineCount + invoice.lines.length > LINES_PER_BATCH
    if (isFull && batch.length > 0) {
      yield batch
      batch = []
      lineCount = 0
    }
    batch.push({ invoice, ...planRetailInvoice(invoice, retailTarget) })
    lineCount += invoice.lines.length
  }
  if (batch.length > 0) yield batch
}

function ordersOf(batch: readonly PlannedInvoice[]): RetailOrder[] {
  return batch.flatMap(({ order }) => order ?? [])
}

/** @returns the number of lines */
async function takeIn(deps: PlacingDeps, placing: Placing, batch: readonly PlannedInvoice[]): Promise<number> {
  const placements = ordersOf(batch).map((order) => placementOf(order, placing))
  const outcomes = (await deps.checkout.placeTrustedOrders(placements)).values()
  const lines = batch.flatMap((planned) =>
    linesOf(planned, planned.order === null ? null : must(outcomes.next().value, 'an outcome for every order')),
  )
  await record(deps, placing, lines)
  return lines.length
}

async function record({ db }: PlacingDeps, { runId }: Placing, lines: readonly ImportLine[]): Promise<void> {
  await db.inTransaction(async (tx) => insertLines(tx, runId, lines))
}

const TRIES_MAX = 6

/**
 * A busy database, or shoppers who come first, are no reason to give up. Orders of the failed try that went through
 * all the same are answered as placed before.
 */
async function patiently<Result>(checkout: PlacingDeps['checkout'], work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES_MAX || !(error instanceof BusyError || error instanceof QueueFullError)) throw error
    }
    // What else was handed over goes on; a second order with the number of one under way would be refused.
    await checkout.drained()
    await sleep(tries * 500)
  }
}

/** What became of each line of an invoice, once its order is answered. */
function linesOf({ invoice, outcomes }: PlannedInvoice, placed: TrustedOutcome | null): ImportLine[] {
  if (placed?.kind === 'refused') assertInvoicesFault(placed.refusal)
  return invoice.lines.map((line, index) => {
    const { outcome, reason } = must(outcomes[index], 'an outcome for every line')
    const { lineNumber, raw, invoiceNo: reference } = line
    const common = { lineNumber, raw, reference, thousandths: amountThousandths(line), detail: null }
    if (outcome !== 'accepted') return { ...common, outcome, reason, orderId: null }
    const answer = must(placed, 'an answer about the order of an accepted line')
    return answer.kind === 'refused'
      ? { ...common, outcome: 'rejected', reason: answer.refusal.code, detail: detailOf(answer.refusal), orderId: null }
      : { ...common, outcome, reason, orderId: answer.orderId }
  })
}

/** What the order itself is refused for is final; anything else is ours to put right before the next try. */
function assertInvoicesFault(refusal: PlacementRefusal): void {
  if (['reference_reused', 'amount_too_large', 'too_many_units'].includes(refusal.code)) return
  throw new Error(`orders cannot be taken in: ${refusals[refusal.code].meaning} ${JSON.stringify(refusal)}`)
}

function detailOf(refusal: PlacementRefusal): string {
  return refusal.code === 'reference_reused'
    ? `${formatId('order', refusal.orderId)} has this number and other content`
    : refusals[refusal.code].meaning
}

function malformedLine({ lineNumber, raw, fault }: MalformedLine): ImportLine {
  const nothing = { reference: null, thousandths: 0n, orderId: null }
  return { lineNumber, raw, outcome: 'rejected', reason: 'malformed', detail: fault, ...nothing }
}

function placementOf(order: RetailOrder, { channel, people }: Placing): TrustedPlacement {
  const { reference, placedAt, currency, taxIncluded, lines, charges, customer, fulfillment, payment } = order
  const personId = customer === undefined ? null : must(people.get(customer.reference), 'the person of a customer')
  return {
    kind: 'trusted',
    actor: null,
    channel,
    reference,
    // The same for the same content of an invoice, in whichever file it comes.
    fingerprint: fingerprintOfContent(order),
    placedAt,
    currency,
    taxIncluded,
    lines: lines.map(({ sku, quantity, unitPrice }) => ({
      sku,
      quantity,
      unitPriceMinor: unitPrice.minor,
      discountMinor: 0n,
      taxMinor: 0n,
    })),
    charges: charges.map(({ type, amount }) => ({ type, amountMinor: amount.minor, taxMinor: 0n })),
    buyer: { personId },
    shipTo: null,
    method: fulfillment.method,
    locationCode: fulfillment.location,
    paymentState: payment.state,
    tenders: [],
  }
}
