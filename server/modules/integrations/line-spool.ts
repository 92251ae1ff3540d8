import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { invariant } from '../../kernel/invariant.ts'

/** Lines that stand together, in the file and in the spool. */
export interface LineRun {
  /** Number of the first of them. */
  readonly line: number
  readonly count: number
  /** Where they begin, in bytes. */
  readonly offset: number
  /** With the line breaks between them. */
  readonly byteCount: number
}

export interface SpooledLine {
  readonly lineNumber: number
  readonly raw: string
}

/** One write to the file for so many bytes. */
const HELD_BYTES_MAX = 1_048_576

/**
 * The lines of a file that is too large for memory and not in the order it is needed in: written once, and read again
 * from wherever they stand. A file without a name, which goes with the process however that ends; so whoever needs a
 * line reads it in place, without waiting.
 */
export class LineSpool {
  readonly #file: number
  #held: string[] = []
  #heldBytes = 0
  #writtenBytes = 0

  constructor() {
    const directory = mkdtempSync(join(tmpdir(), 'waybill-lines-'))
    this.#file = openSync(join(directory, 'lines'), 'wx+', 0o600)
    rmSync(directory, { recursive: true })
  }

  /** @returns the line's own run, or the run before with the line at its end where it follows on it */
  append({ lineNumber, raw }: SpooledLine, before: LineRun | undefined): { run: LineRun; isNew: boolean } {
    const offset = this.#writtenBytes + this.#heldBytes
    const byteCount = Buffer.byteLength(raw)
    this.#held.push(raw)
    this.#heldBytes += byteCount + 1
    if (this.#heldBytes >= HELD_BYTES_MAX) this.#flush()
    const follows =
      before !== undefined &&
      before.line + before.count === lineNumber &&
      before.offset + before.byteCount + 1 === offset
    if (!follows) return { run: { line: lineNumber, count: 1, offset, byteCount }, isNew: true }
    const { line, count, offset: begin } = before
    return { run: { line, count: count + 1, offset: begin, byteCount: before.byteCount + 1 + byteCount }, isNew: false }
  }

  read({ line, offset, byteCount }: LineRun): SpooledLine[] {
    this.#flush()
    const bytes = Buffer.allocUnsafe(byteCount)
    const readBytes = readSync(this.#file, bytes, 0, byteCount, offset)
    invariant(readBytes === byteCount, 'what was spooled is there')
    return bytes
      .toString()
      .split('\n')
      .map((raw, index) => ({ lineNumber: line + index, raw }))
  }

  close(): void {
    closeSync(this.#file)
  }

  #flush(): void {
    if (this.#held.length === 0) return
    const bytes = Buffer.from(`${this.#held.join('\n')}\n`)
    for (let at = 0; at < bytes.byteLength;) at += writeSync(this.#file, bytes, at)
    this.#writtenBytes += this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
  }
}
