/** One message of PostgreSQL's protocol. */
export interface PostgresMessage {
  /** One letter; empty for the first message of a client, which has no type. */
  readonly type: string
  readonly body: Buffer
  /** As it goes over the line. */
  readonly whole: Buffer
}

const LENGTH_BYTES = 4

/**
 * Cuts one direction of a connection into its messages, however they arrive. A type of one byte, then a length that
 * counts itself and the body; only a client's first message begins with its length.
 */
export class PostgresMessages {
  #rest: Buffer = Buffer.alloc(0)
  #isTyped: boolean

  constructor({ startsTyped }: { readonly startsTyped: boolean }) {
    this.#isTyped = startsTyped
  }

  /** @returns the messages that these bytes complete */
  push(bytes: Buffer): PostgresMessage[] {
    const messages: PostgresMessage[] = []
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    for (;;) {
      const typeBytes = this.#isTyped ? 1 : 0
      if (rest.length < typeBytes + LENGTH_BYTES) break
      const end = typeBytes + rest.readUInt32BE(typeBytes)
      if (rest.length < end) break
      messages.push({
        type: rest.toString('latin1', 0, typeBytes),
        body: rest.subarray(typeBytes + LENGTH_BYTES, end),
        whole: rest.subarray(0, end),
      })
      rest = rest.subarray(end)
      this.#isTyped = true
    }
    this.#rest = rest
    return messages
  }
}
