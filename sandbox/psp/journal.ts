import { open, type FileHandle } from 'node:fs/promises'
import { createReadStream } from 'node:fs'

/**
 * An append-only file of JSON lines, forced to disk in groups: whatever was appended while the last group was on its
 * way goes out together, one write and one fdatasync for all. A record counts once `whenDurable` has called back.
 *
 * A kill in the middle of a write leaves half a line at the end; nobody was told about it, so opening cuts it off.
 * A write that fails ends the process: better no answer than one the disk does not back.
 */
export class Journal {
  readonly #file: FileHandle
  #pending: string[] = []
  #waitingForPending: (() => void)[] = []
  #waitingForGroup: (() => void)[] = []
  #scheduled = false
  #groupUnderWay = false

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens `path`, creating it when missing, and hands every record written so far to `replay`, in order. */
  static async open(path: string, replay: (record: unknown) => void): Promise<Journal> {
    const file = await open(path, 'a+', 0o600)
    try {
      await file.truncate(await readRecords(path, replay))
      return new Journal(file)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  append(record: object): void {
    this.#pending.push(`${JSON.stringify(record)}\n`)
    if (this.#scheduled) return
    this.#scheduled = true
    // A turn later, so that all requests read from their sockets in this turn share the first group too.
    setImmediate(() => void this.#writeGroups())
  }

  /** Calls back once everything appended before this call is on disk; at once when it already is. */
  whenDurable(callback: () => void): void {
    if (this.#pending.length > 0) this.#waitingForPending.push(callback)
    else if (this.#groupUnderWay) this.#waitingForGroup.push(callback)
    else callback()
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.whenDurable(resolve))
    await this.#file.close()
  }

  async #writeGroups(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = this.#pending
      this.#waitingForGroup = this.#waitingForPending
      this.#pending = []
      this.#waitingForPending = []
      this.#groupUnderWay = true
      await this.#file.appendFile(lines.join(''))
      await this.#file.datasync()
      this.#groupUnderWay = false
      const told = this.#waitingForGroup
      this.#waitingForGroup = []
      for (const callback of told) callback()
    }
    this.#scheduled = false
  }
}

/** @returns the bytes up to and including the last whole line */
async function readRecords(path: string, replay: (record: unknown) => void): Promise<number> {
  let keptBytes = 0
  let line = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      line += 1
      replay(parseRecord(bytes.toString('utf8', start, end), path, line))
      start = end + 1
    }
    keptBytes += start
    rest = bytes.subarray(start)
  }
  return keptBytes
}

function parseRecord(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Only the last line may be torn, and that one has no line end: this is damage, not a crash.
    throw new Error(`${path}:${line} is not a record; the book cannot be trusted`, { cause: error })
  }
}
