import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What a client knows of one of its requests. The last line of a request is what it knows now. */
export type ClientLine =
  | { readonly request: string; readonly kind: 'sent' }
  /** The server said what became of it: `id` is what was made, null when it was refused and nothing was. */
  | { readonly request: string; readonly kind: 'told'; readonly status: number; readonly id: string | null }
  /** No answer, or one that leaves it open. */
  | { readonly request: string; readonly kind: 'unknown'; readonly cause: string }

/**
 * A client's own book of what it was told, in a file: the judge of what a server that was killed may have lost. A line
 * is written before the client believes what it says.
 */
export class ClientLog {
  readonly path: string
  readonly #file: number

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'ax', 0o600)
  }

  write(line: ClientLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }

  /** Every line, from the file. */
  read(): ClientLine[] {
    return readFileSync(this.path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ClientLine)
  }
}
