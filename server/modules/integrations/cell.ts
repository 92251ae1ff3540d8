/** What a spreadsheet takes for a formula when a cell begins with it. */
const FORMULA_BEGINS = /^[=+\-@\t\r\n＝＋－＠]/
const ESCAPED = /^'['=+\-@\t\r\n＝＋－＠]/

/**
 * A text as a cell that no spreadsheet runs: what begins like a formula gets an apostrophe before it, and so does what
 * already looks as if it had one. `readCell` takes back exactly these, so every text survives the way out and in again.
 */
export function writeCell(text: string): string {
  return FORMULA_BEGINS.test(text) || ESCAPED.test(text) ? `'${text}` : text
}

/** A cell's text: `'=1+1` is `=1+1`, `'tis` stays as it is. */
export function readCell(cell: string): string {
  return ESCAPED.test(cell) ? cell.slice(1) : cell
}

/** Something wrong with a row, in words for the person who has the file open. */
export interface Problem {
  /** Null when it is the row as a whole. */
  readonly column: string | null
  /** What stands there; null when that is not to be repeated. */
  readonly value: string | null
  readonly code: string
  readonly message: string
}

/** A row by its columns. A column that the file does not have says nothing; an empty cell says "none". */
export interface FileRow {
  readonly line: number
  readonly cells: ReadonlyMap<string, string>
  /** What is wrong with it whatever the database says: it is refused, with what else is found. */
  readonly problems: readonly Problem[]
}

/** A text of a row, without the blanks around it; undefined where the file has no such column. */
export function textIn({ cells }: FileRow, column: string): string | undefined {
  return cells.get(column)?.trim()
}

/** Reads cells and gathers everything that is wrong with them. */
export class RowReader {
  readonly problems: Problem[]
  readonly #row: FileRow

  constructor(row: FileRow) {
    this.problems = [...row.problems]
    this.#row = row
  }

  /** The cell trimmed; undefined where the file has no such column. */
  text(column: string): string | undefined {
    return textIn(this.#row, column)
  }

  /** The same, and a problem where it is missing or empty. */
  required(column: string): string {
    const text = this.text(column) ?? ''
    if (text === '') this.refuse(column, 'value_required', 'A row needs a value here.')
    return text
  }

  /** A whole number; undefined where the cell is empty, there is no such column, or it is none. */
  integer(column: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(column) ?? ''
    if (text === '') return undefined
    const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    this.refuse(column, 'not_a_whole_number', `This is not a whole number from ${min} to ${max}, in digits alone.`)
    return undefined
  }

  /** One of the words; undefined where the cell is empty or there is no such column. */
  word<Word extends string>(column: string, words: readonly Word[]): Word | undefined {
    const text = this.text(column) ?? ''
    if (text === '') return undefined
    const found = words.find((word) => word === text)
    if (found === undefined) this.refuse(column, 'not_a_choice', `This is none of: ${words.join(', ')}.`)
    return found
  }

  refuse(column: string | null, code: string, message: string): void {
    const value = column === null ? null : (this.#row.cells.get(column) ?? null)
    this.problems.push({ column, value, code, message })
  }
}
