import { hash } from 'node:crypto'
import { newId, type Id } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import { hasCardNumber } from '../../platform/http/card-number.ts'
import type { Customers, FileVault } from '../customers/index.ts'
import { readCell, type FileRow, type Problem } from './cell.ts'
import { checkHeader, columnOf, type HeaderProblem } from './check-header.ts'
import type { FileKind, RowPlace, SentFile } from './file-kind.ts'
import { dropReceiving, insertImport, insertPart } from './files.sql.ts'
import { FileRefusedError, readCsvStream, type CsvRecord, type FileRefusal } from './read-csv-stream.ts'

/** A row as it waits, with what is wrong with it whatever the database says. */
export interface WaitingRow {
  readonly line: number
  /** By the import's columns; undecoded. */
  readonly cells: readonly string[]
  readonly problems: readonly Problem[]
}

export type ReceiveRefusal =
  | FileRefusal
  | { readonly code: 'file_columns'; readonly problems: readonly HeaderProblem[] }
  | { readonly code: 'file_too_long'; readonly rowsMax: number }

export type ReceiveOutcome =
  | { readonly kind: 'received'; readonly id: Id<'fileImport'>; readonly rowCount: number }
  | { readonly kind: 'refused'; readonly refusal: ReceiveRefusal }

/** What tells repeated rows from others stays in memory: some 100 bytes a row. */
const ROWS_MAX = 500_000
/** A group that is larger is cut, and its room refuses the rest. */
const GROUP_ROWS_MAX = 1_000
const WITHHELD = '(withheld)'

export interface ReceiveDeps {
  readonly db: Db
  readonly rooms: { readonly customers: Pick<Customers, 'makeFileVault'> }
}

/**
 * Takes in a file, a chunk in memory at a time, and puts its rows by in parts, sealed. Nothing is done with them yet:
 * the import still is `receiving`, and whoever calls begins it in a transaction of their own, or drops it.
 *
 * What can be told from the file alone is told here: a row with too many cells, twice the same thing, a card number.
 */
export async function receiveFile(
  deps: ReceiveDeps,
  kind: FileKind,
  { file, actor, dryRun }: { readonly file: SentFile; readonly actor: string; readonly dryRun: boolean },
): Promise<ReceiveOutcome> {
  const id = newId<'fileImport'>()
  try {
    const records = readCsvStream(file.bytes, file)
    const first = await records.next()
    if (first.done === true) return refuse({ code: 'file_empty' })
    const header = checkHeader(first.value.cells, kind.columns)
    if (header.kind === 'misfit') return refuse({ code: 'file_columns', problems: header.problems })

    const { vault, ...key } = deps.rooms.customers.makeFileVault(id)
    const columns = header.columns.flatMap((column) => column ?? [])
    await deps.db.inTransaction(async (tx) => {
      insertImport(tx, { id, kind: kind.name, dryRun, actor, columns, ...key })
    })
    const parts = new PartsOfFile(deps.db, kind, { id, vault, columns: header.columns })
    for await (const record of records) {
      if (parts.rowCount === ROWS_MAX) {
        throw new FileRefusedError<ReceiveRefusal>({ code: 'file_too_long', rowsMax: ROWS_MAX })
      }
      await parts.add(record)
    }
    await parts.finish()
    return { kind: 'received', id, rowCount: parts.rowCount }
  } catch (error) {
    await dropFile(deps, id)
    if (!(error instanceof FileRefusedError)) throw error
    return refuse(error.refusal as ReceiveRefusal)
  }
}

/** Drops a file that was received and not begun. */
export async function dropFile({ db }: Pick<ReceiveDeps, 'db'>, id: Id<'fileImport'>): Promise<void> {
  await db.inTransaction((tx) => dropReceiving(tx, { id }))
}

interface OpenPart {
  number: number
  rows: WaitingRow[]
}

/** Rows that stand together and go into one part. */
interface OpenGroup {
  readonly name: string | null
  /** The line of rows before that belong to it and do not stand together with it; null when there are none. */
  readonly apartFrom: number | null
  stage: 0 | 1
  readonly rows: WaitingRow[]
}

/** Sorts the rows of a file into parts and writes each as soon as it is full. */
class PartsOfFile {
  rowCount = 0
  readonly #db: Db
  readonly #kind: FileKind
  readonly #id: Id<'fileImport'>
  readonly #vault: FileVault
  /** By place in the file; null where nothing is read. */
  readonly #columns: readonly (string | null)[]
  readonly #isCode: readonly boolean[]
  readonly #stages: readonly [OpenPart, OpenPart] = [
    { number: 0, rows: [] },
    { number: 0, rows: [] },
  ]
  /** Line of the first row by what must stand once, and by what must stand together. */
  readonly #lineByKey = new Map<string, number>()
  readonly #lineByGroup = new Map<string, number>()
  #group: OpenGroup | null = null

  constructor(
    db: Db,
    kind: FileKind,
    {
      id,
      vault,
      columns,
    }: { readonly id: Id<'fileImport'>; readonly vault: FileVault; readonly columns: readonly (string | null)[] },
  ) {
    this.#db = db
    this.#kind = kind
    this.#id = id
    this.#vault = vault
    this.#columns = columns
    this.#isCode = columns.flatMap((name) => (name === null ? [] : [columnOf(name, kind.columns)?.code === true]))
  }

  async add({ line, cells: all }: CsvRecord): Promise<void> {
    this.rowCount += 1
    const problems: Problem[] = []
    const tooMany = all.length - this.#columns.length
    if (tooMany > 0 && all.slice(-tooMany).some((cell) => cell !== '')) {
      problems.push(problemOf('too_many_cells', `The row has ${all.length} cells, the header ${this.#columns.length}.`))
    }
    const cells = this.#columns.flatMap((name, place) => (name === null ? [] : [all[place] ?? '']))
    for (const [place, cell] of cells.entries()) {
      if (cell.length < 13 || this.#isCode[place] === true || !hasCardNumber(cell)) continue
      const column = this.#columnAt(place)
      problems.push({ ...problemOf('card_number', 'This looks like the number of a payment card.'), column })
      cells[place] = WITHHELD
    }
    const place = this.#kind.placeOf(rowOf(this.#names, { line, cells, problems }))
    const first = place.key === null ? line : firstLine(this.#lineByKey, place.key, line)
    if (first !== line) problems.push(problemOf('row_repeated', `Line ${first} is about the same.`))
    const before = this.#group
    const isSame = before !== null && before.name !== null && before.name === place.group
    const group = isSame && before.rows.length < GROUP_ROWS_MAX ? before : await this.#openGroup(place, line)
    if (group.apartFrom !== null) {
      problems.push(
        problemOf('rows_apart', `Rows that belong together stand together: line ${group.apartFrom} begins them.`),
      )
    }
    // Where one of them has to wait, all do.
    if (place.stage === 1) group.stage = 1
    group.rows.push({ line, cells, problems })
  }

  async finish(): Promise<void> {
    await this.#closeGroup()
    for (const stage of [0, 1] as const) if (this.#stages[stage].rows.length > 0) await this.#write(stage)
  }

  async #openGroup({ group, stage }: RowPlace, line: number): Promise<OpenGroup> {
    await this.#closeGroup()
    const first = group === null ? line : firstLine(this.#lineByGroup, group, line)
    this.#group = { name: group, apartFrom: first === line ? null : first, stage, rows: [] }
    return this.#group
  }

  async #closeGroup(): Promise<void> {
    if (this.#group === null) return
    const { stage, rows } = this.#group
    const part = this.#stages[stage]
    if (part.rows.length > 0 && part.rows.length + rows.length > this.#kind.rowsPerPart) await this.#write(stage)
    part.rows.push(...rows)
    this.#group = null
  }

  get #names(): readonly string[] {
    return this.#columns.flatMap((name) => name ?? [])
  }

  #columnAt(place: number): string | null {
    return this.#names[place] ?? null
  }

  async #write(stage: 0 | 1): Promise<void> {
    const part = this.#stages[stage]
    const { number, rows } = part
    const vault = this.#vault.seal(JSON.stringify(rows), partPlace({ stage, number }))
    const isKept = await this.#db.inTransaction((tx) =>
      insertPart(tx, this.#id, { stage, number, vault, rowCount: rows.length }),
    )
    if (!isKept) throw new Error('a file that came in too slowly was dropped')
    part.number += 1
    part.rows = []
  }
}

function firstLine(lines: Map<string, number>, key: string, line: number): number {
  // Twelve characters: 72 bits are enough for half a million rows, and V8 copies so short a slice.
  const short = hash('sha256', key, 'base64url').slice(0, 12)
  const first = lines.get(short)
  if (first === undefined) lines.set(short, line)
  return first ?? line
}

export function partPlace({ stage, number }: { readonly stage: number; readonly number: number }): string {
  return `part ${stage} ${number}`
}

/** A waiting row by its columns. */
export function rowOf(columns: readonly string[], { line, cells, problems }: WaitingRow): FileRow {
  return { line, cells: new Map(columns.map((column, place) => [column, readCell(cells[place] ?? '')])), problems }
}

function problemOf(code: string, message: string): Problem {
  return { column: null, value: null, code, message }
}

function refuse(refusal: ReceiveRefusal): ReceiveOutcome {
  return { kind: 'refused', refusal }
}
