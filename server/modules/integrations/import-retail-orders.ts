import { basename } from 'node:path'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Checkout } from '../checkout/index.ts'
import type { Customers } from '../customers/index.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Pricing } from '../pricing/index.ts'
import { createRetailCatalog } from './create-retail-catalog.ts'
import { CsvFileError } from './csv.ts'
import { openRejectFile } from './csv-reject-file.ts'
import { hashFile } from './hash-file.ts'
import { grouped, ImportProgress } from './import-progress.ts'
import {
  beginPlacing,
  completeRun,
  openRun,
  readRecordedRanges,
  readRejectedLines,
  type ImportRun,
} from './integrations.sql.ts'
import { introduceRetailCustomers } from './introduce-retail-customers.ts'
import { LineSet } from './line-set.ts'
import { placeRetailInvoices } from './place-retail-invoices.ts'
import { planRetailImport, renderBooks, type RetailImportPlan } from './plan-retail-import.ts'
import type { JoinNetwork } from './ports.ts'
import { IMPORT_ACTOR, prepareRetailShop, retailTarget, type RetailShop } from './prepare-retail-shop.ts'
import { readImportedBooks, type ImportedBooks } from './read-import-books.ts'
import { loadRetailFile, type RetailFile } from './read-retail.ts'
import { areBooksBalanced, renderImportedBooks } from './render-import.ts'
import { stockRetailStore } from './stock-retail-store.ts'

export interface ImportDeps {
  readonly db: Db
  readonly rooms: {
    readonly merchant: Merchant
    readonly catalog: Pick<Catalog, 'saveProducts'>
    readonly customers: Pick<Customers, 'recordPeople'>
    readonly pricing: Pick<Pricing, 'currentBook' | 'createPricing' | 'setPrices'>
    readonly inventory: Pick<Inventory, 'currentLocations' | 'createLocation' | 'adjustStock'>
    readonly checkout: Pick<Checkout, 'placeTrustedOrders' | 'drained'>
  }
  readonly joinNetwork: JoinNetwork
  /** Tells the person at the terminal one line. */
  readonly say: (line: string) => void
  /** Whether a line may be written over the last one: somebody watches, nothing keeps the lines. */
  readonly isTerminal: boolean
}

export interface ImportOptions {
  /** Of the columns of the UCI Online Retail file; packed when its name ends in `.gz`. */
  readonly file: string
  /** Beside the file when left out. */
  readonly rejectsFile?: string
}

const KIND = 'online-retail'

/**
 * Takes in the orders of a file, each once:
 *
 *   read     the whole file, to the disk and not into memory; plan what becomes of each line
 *   prepare  channel, store, catalog, people, stock: everything the orders need, before the first of them
 *   place    invoices by date, in batches; each line's outcome is recorded once its order stands
 *   finish   read the books back, and close the run if they balance
 *
 * Every step leaves alone what is there, so that a command that was killed is simply given again: it goes on with the
 * lines that are not recorded. A file that came in whole changes nothing.
 *
 * @returns the exit code: 0 when the books balance
 */
export async function importRetailOrders(deps: ImportDeps, options: ImportOptions): Promise<number> {
  const read = await readFile(deps, options.file)
  if (read === null) return 1
  try {
    return await takeInFile(deps, options, read)
  } finally {
    read.file.close()
  }
}

async function takeInFile(
  deps: ImportDeps,
  { file: path, rejectsFile }: ImportOptions,
  read: ReadFile,
): Promise<number> {
  const { db, say } = deps
  const { file, plan } = read
  const name = basename(path)
  const run = await db.inTransaction((tx) => openRun(tx, newId(), { kind: KIND, name, hash: read.hash }))
  if (run.status === 'completed') say('This file is in already: nothing is changed.')
  else if (!(await takeIn(deps, run, read))) return 1

  const total = { lines: file.lineCount, thousandths: file.amountThousandths }
  const imported = await readImportedBooks(db, run.id, total)
  const isBalanced = areBooksBalanced(imported)
  if (run.status !== 'completed' && isBalanced) await finish(db, run.id, imported)
  for (const line of renderImportedBooks(imported, plan.books)) say(line)
  const rejects = { path: rejectsFile ?? defaultRejectsFile(path), columns: file.columns }
  const isTold = await tellRejects(deps, run.id, rejects)
  return isBalanced && isTold ? 0 : 1
}

interface ReadFile {
  readonly file: RetailFile
  readonly plan: RetailImportPlan
  readonly hash: Buffer
}

/** @returns null when the file cannot be read; the person was told why */
async function readFile({ say }: ImportDeps, path: string): Promise<ReadFile | null> {
  try {
    say(`reading ${path}`)
    const hash = await hashFile(path)
    const file = await loadRetailFile(path)
    say(`read ${grouped(file.lineCount)} lines, ${grouped(file.invoiceNos.length)} invoices`)
    return { file, plan: planRetailImport(file, retailTarget), hash }
  } catch (error) {
    if (!(error instanceof CsvFileError)) throw error
    say(error.message)
    return null
  }
}

/** @returns false when it could not begin; the person was told why */
async function takeIn(deps: ImportDeps, run: ImportRun, { file, plan }: ReadFile): Promise<boolean> {
  const { db, say, isTerminal, joinNetwork, rooms } = deps
  const { checkout, customers } = rooms
  const prepared = await prepareRetailShop({ db, joinNetwork, ...rooms })
  if (prepared.kind === 'unfit') {
    say(`The orders cannot be taken in: ${prepared.reason}.`)
    return false
  }
  const { channel } = prepared.shop
  if (run.status === 'preparing') await makeReady(deps, run, { file, plan, shop: prepared.shop })
  const people = await introduceRetailCustomers({ db, customers }, KIND, [...plan.customers])

  const recorded = new LineSet(await readRecordedRanges(db, run.id))
  if (recorded.size > 0) say(`going on: ${grouped(recorded.size)} lines were done before`)
  const { wallAt: at } = await db.clock()
  const progress = new ImportProgress({ say, isTerminal }, { lineCount: file.lineCount, doneLines: recorded.size, at })
  await placeRetailInvoices(
    { db, checkout },
    {
      runId: run.id,
      channel,
      file,
      people,
      recorded,
      onBatch: async (done) => progress.add(done, (await db.clock()).wallAt),
    },
  )
  return true
}

async function makeReady(
  { db, say, rooms }: ImportDeps,
  run: ImportRun,
  { file, plan, shop }: { readonly file: RetailFile; readonly plan: RetailImportPlan; readonly shop: RetailShop },
): Promise<void> {
  const newSkus = await createRetailCatalog({ db, ...rooms }, shop, plan.catalog)
  say(`catalog: ${grouped(plan.catalog.length)} SKUs, ${grouped(newSkus)} of them new`)
  const { openingUnits, adjustmentCount } = await stockRetailStore(
    { db, inventory: rooms.inventory },
    { runId: run.id, channelId: shop.channel.id, file, plan },
  )
  say(`stock: ${grouped(openingUnits)} units laid in, ${grouped(adjustmentCount)} adjustments posted`)
  await beginPlacing(db, run.id)
}

async function finish(db: Db, runId: Id<'importRun'>, { books, orderCount }: ImportedBooks): Promise<void> {
  await db.inTransaction(async (tx) => {
    const view = renderBooks(books)
    if ((await completeRun(tx, runId, view)) === 0) return
    const detail = { kind: KIND, orderCount, total: view.total, accepted: view.accepted }
    appendAudit(tx, { actor: IMPORT_ACTOR, action: 'import.completed', object: formatId('importRun', runId), detail })
  })
}

const REJECTS_PER_READ = 5_000

interface RejectsTarget {
  readonly path: string
  readonly columns: readonly string[]
}

/** @returns false when the file of rejected lines could not be written; the person was told why */
async function tellRejects(deps: ImportDeps, runId: Id<'importRun'>, target: RejectsTarget): Promise<boolean> {
  try {
    const count = await writeRejects(deps.db, runId, target)
    if (count > 0) deps.say(`The ${grouped(count)} rejected lines, with their reasons, are in ${target.path}`)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    deps.say(`The rejected lines could not be written, name another file with --rejects: ${error.message}`)
    return false
  }
}

/** From the records, so that it holds every rejected line, whichever run of the command met it. */
async function writeRejects(db: Db, runId: Id<'importRun'>, { path, columns }: RejectsTarget): Promise<number> {
  const rejects = await openRejectFile(path, columns)
  let after = 0
  for (;;) {
    const lines = await readRejectedLines(db, runId, { after, limit: REJECTS_PER_READ })
    for (const { detail, ...line } of lines) await rejects.write({ ...line, detail: detail ?? '' })
    const last = lines.at(-1)
    if (last === undefined) break
    after = last.lineNumber
  }
  await rejects.close()
  return rejects.count
}

/** `sales.csv.gz` → `sales.rejects.csv` */
function defaultRejectsFile(path: string): string {
  return `${path.replace(/(\.csv)?(\.gz)?$/i, '')}.rejects.csv`
}
