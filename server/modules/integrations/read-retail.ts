import { Temporal } from 'temporal-polyfill'
import { invariant, must } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX, parseDecimal } from '../../kernel/money.ts'
import { addMs, instantFromMs, MINUTE_MS, SECOND_MS, type Instant } from '../../kernel/time.ts'
import { CsvFileError, parseLines, readCsv, type CsvLine } from './csv.ts'
import { LineSpool, type LineRun, type SpooledLine } from './line-spool.ts'
import type { RetailInvoice, RetailLine } from './plan-retail-invoice.ts'

/** The header of the UCI Online Retail file. A reject file has more columns after these; they are not read. */
export const RETAIL_COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const

/** A line nothing can be made of; it is rejected and has no amount. */
export interface MalformedLine {
  readonly lineNumber: number
  readonly raw: string
  readonly fault: string
}

export type RetailRow =
  /** The header, before all lines. */
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | { readonly kind: 'line'; readonly line: RetailLine }
  | { readonly kind: 'malformed'; readonly malformed: MalformedLine }

/** The whole file, sorted for the import. Its lines lie on the disk and are read again each time they are asked for. */
export interface RetailFile {
  /** As the header names them; a reject file has more than the eight. */
  readonly columns: readonly string[]
  /** By date, then in the order of the file. */
  readonly invoices: Iterable<RetailInvoice>
  /** Their numbers, in the same order. */
  readonly invoiceNos: readonly string[]
  readonly malformed: Iterable<MalformedLine>
  readonly malformedCount: number
  /** Counted while reading, so that the books can tell whether everything that was read was also accounted for. */
  readonly lineCount: number
  readonly amountThousandths: bigint
  /** Lets go of the disk. */
  close(): void
}

const PRICE_DIGITS = 3
const THOUSANDTHS_PER_PENNY = 10
const PROGRESS_EVERY_LINES = 50_000
/** The merchant's clock. */
const ZONE = 'Europe/London'

/**
 * Reads every line of a UCI Online Retail file, in the order of the file.
 * @throws CsvFileError  the file cannot be read or does not have the columns
 */
export async function* readRetailFile(
  path: string,
  shared = new SharedValues(),
): AsyncGenerator<RetailRow, void, undefined> {
  let columnCount = 0
  for await (const line of readCsv(path)) {
    if (columnCount === 0) {
      const columns = checkHeader(path, line)
      columnCount = columns.length
      yield { kind: 'columns', columns }
      continue
    }
    const read = readLine(line, columnCount, shared)
    const { lineNumber, raw } = line
    yield typeof read === 'string'
      ? { kind: 'malformed', malformed: { lineNumber, raw, fault: read } }
      : { kind: 'line', line: read }
  }
  if (columnCount === 0) throw new CsvFileError(`${path}: empty`)
}

/**
 * Reads the file and gathers its invoices. An invoice's lines need not stand together, and the file need not be sorted;
 * so its lines are spooled to the disk and memory holds where each invoice stands: some 200 bytes an invoice in one
 * piece, 60 bytes a line at worst.
 *
 * @param onProgress  called now and then with the number of lines read
 */
export async function loadRetailFile(path: string, onProgress?: (lines: number) => void): Promise<RetailFile> {
  const spool = new LineSpool()
  try {
    return await spoolFile(path, spool, onProgress)
  } catch (error) {
    spool.close()
    throw error
  }
}

interface InvoicePlace {
  readonly invoiceNo: string
  /** The earliest of its lines. */
  placedAt: Instant
  readonly runs: LineRun[]
}

async function spoolFile(path: string, spool: LineSpool, onProgress?: (lines: number) => void): Promise<RetailFile> {
  const shared = new SharedValues()
  let columns: readonly string[] = []
  const places = new Map<string, InvoicePlace>()
  const malformed: LineRun[] = []
  let malformedCount = 0
  let lineCount = 0
  let amountThousandths = 0n
  for await (const row of readRetailFile(path, shared)) {
    if (row.kind === 'columns') {
      columns = row.columns
      continue
    }
    lineCount += 1
    if (lineCount % PROGRESS_EVERY_LINES === 0) onProgress?.(lineCount)
    if (row.kind === 'malformed') {
      malformedCount += 1
      append(spool, malformed, row.malformed)
      continue
    }
    const { line } = row
    amountThousandths += BigInt(line.quantity) * line.priceThousandths
    const place = places.get(line.invoiceNo)
    if (place !== undefined && line.at < place.placedAt) place.placedAt = line.at
    const { runs } = place ?? { runs: [] }
    if (place === undefined) places.set(line.invoiceNo, { invoiceNo: line.invoiceNo, placedAt: line.at, runs })
    append(spool, runs, line)
  }
  // Sorting is stable and the map is in the order of the file.
  const byDate = [...places.values()].toSorted((a, b) => a.placedAt - b.placedAt)
  const read = (lines: readonly SpooledLine[]) =>
    parseLines(lines).map((line) => readLine(line, columns.length, shared))
  return {
    columns,
    invoices: { [Symbol.iterator]: () => readInvoices(spool, byDate, read) },
    invoiceNos: byDate.map(({ invoiceNo }) => invoiceNo),
    malformed: { [Symbol.iterator]: () => readMalformed(spool, malformed, read) },
    malformedCount,
    lineCount,
    amountThousandths,
    close: () => spool.close(),
  }
}

function append(spool: LineSpool, runs: LineRun[], line: SpooledLine): void {
  const { run, isNew } = spool.append(line, runs.at(-1))
  if (!isNew) runs.pop()
  runs.push(run)
}

type ReadLines = (lines: readonly SpooledLine[]) => readonly (RetailLine | string)[]

/** Lines parsed at a time: a call of the parser for every invoice would cost several times the parsing. */
const LINES_PER_READ = 2_000

function* readInvoices(
  spool: LineSpool,
  places: readonly InvoicePlace[],
  read: ReadLines,
): Generator<RetailInvoice, void, undefined> {
  for (const some of readable(places, ({ runs }) => runs.reduce((sum, { count }) => sum + count, 0))) {
    const raw = some.map(({ runs }) => runs.flatMap((run) => spool.read(run)))
    const lines = read(raw.flat()).values()
    for (const [index, { invoiceNo, placedAt }] of some.entries()) {
      const own = (raw[index] ?? []).map(() => {
        const line = must(lines.next().value, 'a line for each that was spooled')
        invariant(typeof line !== 'string', 'a line that could be read can be read again')
        return line
      })
      yield { invoiceNo, placedAt, customer: must(own[0], 'a line of an invoice').customer, lines: own }
    }
  }
}

function* readMalformed(
  spool: LineSpool,
  runs: readonly LineRun[],
  read: ReadLines,
): Generator<MalformedLine, void, undefined> {
  for (const some of readable(runs, ({ count }) => count)) {
    const raw = some.flatMap((run) => spool.read(run))
    const faults = read(raw)
    for (const [index, line] of raw.entries()) {
      const fault = faults[index]
      invariant(typeof fault === 'string', 'a line that could not be read cannot be read now')
      yield { ...line, fault }
    }
  }
}

/** The items in parts of about so many lines as are read at a time. */
function* readable<Item>(items: readonly Item[], linesOf: (item: Item) => number): Generator<Item[], void, undefined> {
  let some: Item[] = []
  let lineCount = 0
  for (const item of items) {
    some.push(item)
    lineCount += linesOf(item)
    if (lineCount < LINES_PER_READ) continue
    yield some
    some = []
    lineCount = 0
  }
  if (some.length > 0) yield some
}

/** @returns the columns every line must have */
function checkHeader(path: string, { fields }: CsvLine): readonly string[] {
  const wanted = RETAIL_COLUMNS.join(',')
  if (fields?.slice(0, RETAIL_COLUMNS.length).join(',') !== wanted) {
    throw new CsvFileError(`${path}: the first line must name the columns ${wanted}`)
  }
  return fields
}

/** @returns what is wrong with the line when it is text */
function readLine(line: CsvLine, columnCount: number, shared: SharedValues): RetailLine | string {
  const { lineNumber, raw, fields } = line
  if (fields === null) return line.fault ?? 'not CSV'
  if (fields.length !== columnCount) return `${fields.length} fields instead of ${columnCount}`
  const [invoiceNo = '', code = '', description = '', quantityText = '', time = '', price = '', customer = ''] = fields
  if (!/^\w{1,20}$/.test(invoiceNo)) return `InvoiceNo '${invoiceNo}'`
  if (code === '' || code.length > 40 || code !== code.trim()) return `StockCode '${code}'`
  if (description.length > 500) return `Description of ${description.length} characters`
  if (!/^-?\d{1,9}$/.test(quantityText)) return `Quantity '${quantityText}'`
  if (!/^\w{1,20}$/.test(customer)) return `CustomerID '${customer}'`
  const priceThousandths = shared.price(price)
  if (priceThousandths === null) return `UnitPrice '${price}'`
  const quantity = Number(quantityText)
  if (isBeyondBooks(quantity, priceThousandths)) return `Quantity '${quantityText}' at UnitPrice '${price}'`
  const at = shared.instant(time)
  if (at === null) return `InvoiceDate '${time}'`
  return {
    lineNumber,
    raw,
    invoiceNo: shared.text(invoiceNo),
    code: shared.text(code),
    description: description === 'NA' ? null : shared.text(description),
    quantity,
    priceThousandths,
    at,
    customer: customer === 'NA' ? null : shared.text(customer),
  }
}

/** More than the API can say of one amount of money: no real line, and sums of such would leave 64 bits. */
function isBeyondBooks(quantity: number, priceThousandths: bigint): boolean {
  // Far from the limit the rounding of numbers decides nothing.
  return Math.abs(quantity * Number(priceThousandths)) > Number(MONEY_MINOR_MAX) * THOUSANDTHS_PER_PENNY
}

/** The file says the same few thousand things half a million times: each is parsed and kept once. */
class SharedValues {
  readonly #texts = new Map<string, string>()
  readonly #prices = new Map<string, bigint | null>()
  readonly #hours = new Map<string, Instant | null>()

  text(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }

  /** Thousandths; null for what is not a decimal or finer than that. */
  price(text: string): bigint | null {
    let thousandths = this.#prices.get(text)
    if (thousandths === undefined) this.#prices.set(text, (thousandths = parseDecimal(text, PRICE_DIGITS)))
    return thousandths
  }

  /**
   * Reads `2010-12-01 08:26:00` as the wall clock of London. A time that summer time skips is taken as the hour after
   * it, one that comes twice as the first.
   */
  instant(text: string): Instant | null {
    const match = /^(\d{4}-\d\d-\d\d) (\d\d):([0-5]\d):([0-5]\d)$/.exec(text)
    if (match === null) return null
    const [, day = '', hour = '', minutes = '', seconds = ''] = match
    // London moves its clocks on the hour: the minutes can be added.
    const hourStart = this.#hour(`${day}T${hour}:00:00`)
    return hourStart === null ? null : addMs(hourStart, Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS)
  }

  #hour(text: string): Instant | null {
    let start = this.#hours.get(text)
    if (start === undefined) this.#hours.set(text, (start = hourStartInLondon(text)))
    return start
  }
}

function hourStartInLondon(text: string): Instant | null {
  try {
    return instantFromMs(Temporal.PlainDateTime.from(text).toZonedDateTime(ZONE).epochMilliseconds)
  } catch {
    return null // no such day or hour
  }
}
