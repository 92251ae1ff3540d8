import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'

/** Why a file as a whole is not taken; one bad row never is a reason. */
export type FileRefusal =
  | { readonly code: 'file_empty' }
  | { readonly code: 'file_not_utf8'; readonly detail: string }
  | { readonly code: 'file_not_csv'; readonly detail: string }
  | { readonly code: 'file_not_gzip' }
  | { readonly code: 'file_too_large'; readonly detail: string }

/** Leaves a file half read; never leaves the use case that reads it. */
export class FileRefusedError<Refusal extends { readonly code: string } = FileRefusal> extends Error {
  override readonly name = 'FileRefusedError'
  readonly refusal: Refusal

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.code, options)
    this.refusal = refusal
  }
}

export interface CsvRecord {
  /** Where it begins, as an editor counts: the header is line 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** As it comes over the line. */
const BYTES_MAX = 128 * 1024 * 1024
/** Unpacked: a million rows of 500 characters. No bomb fits through. */
const CHARACTERS_MAX = 512 * 1024 * 1024
/** A description of 20,000 characters in each of ten locales, and room. */
const RECORD_CHARACTERS_MAX = 1_000_000
const HEADER_CHARACTERS_MAX = 65_536
const DELIMITERS = [',', ';', '\t'] as const

/**
 * Reads CSV (RFC 4180) record by record, a chunk of the file in memory at a time: with or without a byte order mark,
 * lines that end in LF, CRLF or CR, quoted line breaks, and whichever of comma, semicolon and tab the header is
 * written with. Rows without any text are passed over.
 *
 * A quote where none may be refuses the file and not the row: nobody can tell where the next row begins.
 *
 * @param packed  the bytes are gzip
 * @throws FileRefusedError
 */
export async function* readCsvStream(
  source: Readable,
  { packed }: { readonly packed: boolean },
): AsyncGenerator<CsvRecord, void, undefined> {
  const text = readText(source, packed)
  try {
    const { header, delimiter } = await readHeader(text)
    const parser = parse({
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: RECORD_CHARACTERS_MAX,
    })
    // A failure on the way reaches the loop below through the parser.
    pipeline(follow(header, text), parser, () => {})
    let line = 1
    let emptyLines = 0
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      line += info.empty_lines - emptyLines
      emptyLines = info.empty_lines
      if (record.some((cell) => cell.trim() !== '')) yield { line, cells: record }
      line += 1 + breaksIn(record)
    }
  } catch (error) {
    throw refusalOf(error)
  } finally {
    source.destroy()
  }
}

interface ParsedRecord {
  readonly record: readonly string[]
  readonly info: { readonly empty_lines: number }
}

/** By hand: the parser takes a quoted CRLF for two. */
function breaksIn(cells: readonly string[]): number {
  return cells.reduce((count, cell) => count + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0)
}

async function* readText(source: Readable, packed: boolean): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let byteCount = 0
  let characterCount = 0
  let lines = 1
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch (error) {
      const detail = `near line ${lines}; save it as "CSV UTF-8"`
      throw new FileRefusedError<FileRefusal>({ code: 'file_not_utf8', detail }, { cause: error })
    }
  }
  const counted = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      byteCount += chunk.byteLength
      if (byteCount > BYTES_MAX) throw tooLarge(`it is over ${BYTES_MAX / 1_048_576} MB long`)
      yield chunk
    }
  }
  const bytes = packed ? pipeline(counted, createGunzip(), () => {}) : counted()
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const text = decode(chunk)
    characterCount += text.length
    if (characterCount > CHARACTERS_MAX) throw tooLarge(`it is over ${CHARACTERS_MAX / 1_048_576} MB unpacked`)
    if (text.includes('\0')) {
      throw new FileRefusedError<FileRefusal>({ code: 'file_not_utf8', detail: `a NUL near line ${lines}` })
    }
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
    yield text
  }
  yield decode()
}

/** As much of the file as its first line needs, and what the line is divided by. */
async function readHeader(text: AsyncGenerator<string>): Promise<{ header: string; delimiter: string }> {
  let header = ''
  while (!/[^\s][^\n\r]*[\n\r]/.test(header)) {
    const next = await text.next()
    if (next.done === true) break
    header += next.value
    if (header.length > HEADER_CHARACTERS_MAX && !/[\n\r]/.test(header)) {
      throw new FileRefusedError<FileRefusal>({ code: 'file_not_csv', detail: 'the first line does not end' })
    }
  }
  const [line = ''] = header.trimStart().split(/[\n\r]/, 1)
  if (line === '') throw new FileRefusedError<FileRefusal>({ code: 'file_empty' })
  const [delimiter] = DELIMITERS.toSorted((a, b) => line.split(b).length - line.split(a).length)
  return { header, delimiter: delimiter ?? ',' }
}

async function* follow(header: string, text: AsyncGenerator<string>): AsyncGenerator<string, void, undefined> {
  yield header
  yield* text
}

function tooLarge(detail: string): FileRefusedError {
  return new FileRefusedError<FileRefusal>({ code: 'file_too_large', detail })
}

function refusalOf(error: unknown): unknown {
  if (error instanceof CsvError) {
    // The parser's message repeats what stands in the file, which may be personal.
    const line = typeof error['lines'] === 'number' ? error['lines'] : 0
    const what = faults[error.code] ?? 'this is not CSV'
    return new FileRefusedError<FileRefusal>(
      { code: 'file_not_csv', detail: `line ${line}: ${what}` },
      { cause: error },
    )
  }
  const { code = '' } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new FileRefusedError<FileRefusal>({ code: 'file_not_gzip' }, { cause: error })
  }
  return error
}

const faults: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote stands within a cell that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'something follows the quote that ends a cell; a quote within a cell is written twice',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_MAX_RECORD_SIZE: `a row is over ${RECORD_CHARACTERS_MAX} characters long, or a quote is never closed`,
}
