import type { Id } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import { findVariants } from '../catalog/index.ts'
import type { Inventory } from '../inventory/index.ts'
import { readOrdersByReference } from '../orders/index.ts'
import { expectDone } from './expect-done.ts'
import { inParts } from './in-parts.ts'
import { readAdjustmentsOfOtherRuns } from './integrations.sql.ts'
import { planRetailImport, type RetailImportPlan } from './plan-retail-import.ts'
import { IMPORT_ACTOR, retailTarget } from './prepare-retail-shop.ts'
import type { RetailFile } from './read-retail.ts'

/** The most the stock door takes at once. */
const ENTRIES_PER_COMMAND = 1_000
const REFERENCES_PER_READ = 5_000

export interface StockDeps {
  readonly db: Db
  readonly inventory: Pick<Inventory, 'adjustStock'>
}

export interface PostedStock {
  readonly openingUnits: number
  readonly adjustmentCount: number
}

interface Entry {
  readonly sku: string
  readonly delta: number
  readonly reason: string
}

/**
 * Lays in what the orders of the file will take, then posts what the file says was found and written off, in that
 * order: so stock never falls below zero, and what is left once all orders are in is what was found.
 *
 * Only for invoices that are new here: a file that overlaps with an earlier one brings nothing twice. Only before the
 * first order of the run, so that its own orders are not taken for those of an earlier file. A command is named after
 * its run and place, so doing it again changes nothing.
 */
export async function stockRetailStore(
  deps: StockDeps,
  {
    runId,
    channelId,
    file,
    plan,
  }: {
    readonly runId: Id<'importRun'>
    readonly channelId: Id<'channel'>
    readonly file: RetailFile
    /** Of the whole file. */
    readonly plan: RetailImportPlan
  },
): Promise<PostedStock> {
  const known = await knownInvoices(deps.db, { runId, channelId, file })
  const invoices = Iterator.from(file.invoices).filter(({ invoiceNo }) => !known.has(invoiceNo))
  const { catalog, stockAdjustments } = known.size === 0 ? plan : planRetailImport({ ...file, invoices }, retailTarget)
  const variants = await findVariants(
    deps.db,
    catalog.map(({ sku }) => sku),
  )
  const isStocked = ({ sku }: { readonly sku: string }): boolean => variants.get(sku)?.stocked === true

  const opening = catalog
    .filter((each) => each.openingUnits > 0 && isStocked(each))
    .map(({ sku, openingUnits }): Entry => ({ sku, delta: openingUnits, reason: 'opening stock' }))
  const adjustments = stockAdjustments
    .filter(isStocked)
    .map(({ sku, delta, reason }): Entry => ({ sku, delta, reason: reason ?? 'no reason given' }))
  await post(deps, `import ${runId} opening stock`, opening)
  await post(deps, `import ${runId} adjustments`, adjustments)
  return {
    openingUnits: opening.reduce((sum, { delta }) => sum + delta, 0),
    adjustmentCount: adjustments.length,
  }
}

async function post({ inventory }: StockDeps, keyPrefix: string, entries: readonly Entry[]): Promise<void> {
  for (const [index, part] of inParts(entries, ENTRIES_PER_COMMAND).entries()) {
    const outcome = await inventory.adjustStock({
      actor: IMPORT_ACTOR,
      commandKey: `${keyPrefix} ${index + 1}`,
      entries: part.map((entry) => ({ ...entry, location: retailTarget.location })),
    })
    expectDone(outcome.kind === 'adjusted', 'stock', outcome)
  }
}

/** Numbers of invoices that are orders of the channel, or whose adjustments another file brought. */
async function knownInvoices(
  db: Db,
  {
    runId,
    channelId,
    file,
  }: {
    readonly runId: Id<'importRun'>
    readonly channelId: Id<'channel'>
    readonly file: RetailFile
  },
): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (const references of inParts(file.invoiceNos, REFERENCES_PER_READ)) {
    const [orders, adjusted] = await Promise.all([
      readOrdersByReference(
        db,
        references.map((reference) => ({ channelId, reference })),
      ),
      readAdjustmentsOfOtherRuns(db, runId, references),
    ])
    for (const { reference } of orders) if (reference !== null) known.add(reference)
    for (const reference of adjusted) known.add(reference)
  }
  return known
}
