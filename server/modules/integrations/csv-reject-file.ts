import { open, rm, type FileHandle } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import { parseCsvLine } from './csv.ts'

/** A line that did not make it, with the reason a person reads. */
export interface RejectedLine {
  readonly lineNumber: number
  readonly raw: string
  readonly reason: string
  /** More about this line than the reason says, such as the field that is wrong. */
  readonly detail?: string
}

export interface RejectFile {
  /** Lines written so far. */
  readonly count: number
  write(line: RejectedLine): Promise<void>
  /** @returns the file's path, null when nothing was rejected and there is no file */
  close(): Promise<string | null>
}

/**
 * Writes rejected lines as a CSV file with the input's columns and three more at the end: Line, Reason, Detail. The
 * import does not read those three, so a corrected file can be imported; an invoice that is an order already, because
 * others of its lines were accepted, is not changed by that. A line that was not CSV stands whole in the first column.
 *
 * The file appears with the first rejected lines; one left by an earlier run is removed.
 */
export async function openRejectFile(path: string, columns: readonly string[]): Promise<RejectFile> {
  await rm(path, { force: true })
  return new CsvRejectFile(path, columns)
}

/** One write to the file for so many lines. */
const LINES_HELD_MAX = 500

class CsvRejectFile implements RejectFile {
  count = 0
  readonly #path: string
  readonly #columns: readonly string[]
  readonly #held: (readonly string[])[]
  #file: FileHandle | null = null

  constructor(path: string, columns: readonly string[]) {
    this.#path = path
    this.#columns = columns
    this.#held = [[...columns, 'Line', 'Reason', 'Detail']]
  }

  async write({ lineNumber, raw, reason, detail = '' }: RejectedLine): Promise<void> {
    this.#held.push([...this.#fieldsOf(raw), String(lineNumber), reason, detail])
    this.count += 1
    if (this.#held.length >= LINES_HELD_MAX) await this.#flush()
  }

  async close(): Promise<string | null> {
    if (this.count === 0) return null
    await this.#flush()
    await this.#file?.close()
    return this.#path
  }

  async #flush(): Promise<void> {
    this.#file ??= await open(this.#path, 'w')
    await this.#file.appendFile(stringify(this.#held.splice(0)))
  }

  /** As many as there are columns, so that the reason always stands in its own. */
  #fieldsOf(raw: string): readonly string[] {
    const line = parseCsvLine(raw)
    const fields = 'fields' in line && line.fields.length <= this.#columns.length ? line.fields : [raw]
    return this.#columns.map((_, index) => fields[index] ?? '')
  }
}
