import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse/sync'

/** One line of a CSV file. */
export interface CsvLine {
  /** As an editor counts: the header is line 1. */
  readonly lineNumber: number
  /** The line as it stands in the file, without its line end. What PostgreSQL cannot store is replaced by U+FFFD. */
  readonly raw: string
  /** Null when the line is not CSV, see `fault`. */
  readonly fields: readonly string[] | null
  readonly fault?: string
}

/** Thrown when a file as a whole cannot be read; one bad line never is a reason. */
export class CsvFileError extends Error {
  override readonly name = 'CsvFileError'
}

/** Far above any real line; a file without line ends would otherwise be gathered in memory. */
const LINE_CHARACTERS_MAX = 1_000_000
/** Some 2,500 lines of a sale: a call of the parser for every line would cost ten times the reading. */
const CHUNK_BYTES = 256 * 1_024

/** The decoder puts it where bytes are not UTF-8, and we where PostgreSQL could not store what is there. */
const UNSTORABLE = '\uFFFD'

const csvOptions = { record_delimiter: '\n', relax_column_count: true, skip_empty_lines: false } as const

/**
 * Reads a CSV file (RFC 4180, UTF-8) line by line; a name that ends in `.gz` is unpacked on the way.
 *
 * A line is a record: a quoted line break is not supported. In exchange a stray quote spoils its own line only and not
 * the rest of the file, line numbers are those of an editor, and `raw` is what stands there. Empty lines are skipped.
 *
 * @throws CsvFileError  the file cannot be read or is not what its name says
 */
export async function* readCsv(path: string): AsyncGenerator<CsvLine, void, undefined> {
  for await (const lines of readLines(path)) yield* parseLines(lines)
}

/** The fields of one line, or what is wrong with it. */
export function parseCsvLine(raw: string): { readonly fields: readonly string[] } | { readonly fault: string } {
  try {
    const [fields] = parse(raw, csvOptions)
    return fields === undefined ? { fault: 'empty' } : { fields }
  } catch (error) {
    return { fault: (error as Error).message }
  }
}

interface RawLine {
  readonly lineNumber: number
  readonly raw: string
}

/** Parses lines as `readCsv` yields them, again: some thousands at a time cost least. */
export function parseLines(lines: readonly RawLine[]): readonly CsvLine[] {
  const records = parseTogether(lines)
  return lines.map(({ lineNumber, raw }, index) => {
    if (raw.includes(UNSTORABLE)) return { lineNumber, raw, fields: null, fault: 'holds bytes that are not text' }
    const fields = records?.[index]
    if (fields !== undefined) return { lineNumber, raw, fields }
    return { lineNumber, raw, fields: null, ...parseCsvLine(raw) }
  })
}

/** Null when a quote in one line reaches into the next: fewer records than lines, or none at all. */
function parseTogether(lines: readonly RawLine[]): string[][] | null {
  try {
    const records = parse(lines.map(({ raw }) => raw).join('\n'), csvOptions)
    return records.length === lines.length ? records : null
  } catch {
    return null
  }
}

/** As many lines at a time as a chunk of the file brings, without the empty ones. */
async function* readLines(path: string): AsyncGenerator<readonly RawLine[], void, undefined> {
  let lineNumber = 0
  let rest = ''
  for await (const chunk of readText(path)) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield parts.map((part) => rawLine((lineNumber += 1), part)).filter(({ raw }) => raw !== '')
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw new CsvFileError(`${path}: line ${lineNumber + 1} is over ${LINE_CHARACTERS_MAX} characters long`)
    }
  }
  if (rest !== '') yield [rawLine(lineNumber + 1, rest)].filter(({ raw }) => raw !== '')
}

function rawLine(lineNumber: number, text: string): RawLine {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  const raw = lineNumber === 1 && line.startsWith('\uFEFF') ? line.slice(1) : line
  return { lineNumber, raw: raw.replaceAll('\0', UNSTORABLE) }
}

async function* readText(path: string): AsyncGenerator<string, void, undefined> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const bytes: Readable = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file
  // `pipe` hands on the data only.
  if (bytes !== file) file.once('error', (error) => bytes.destroy(error))
  bytes.setEncoding('utf8')
  try {
    for await (const chunk of bytes) yield chunk as string
  } catch (error) {
    throw new CsvFileError(`${path}: ${(error as Error).message}`, { cause: error })
  } finally {
    file.destroy()
  }
}
