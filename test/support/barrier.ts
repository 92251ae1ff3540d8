/**
 * A start line: whoever arrives waits until all are there, then all go at once. Clients arrive with their connection
 * open, so that what they race for is the write and not the handshake.
 */
export class Barrier {
  readonly #parties: number
  readonly #open = Promise.withResolvers<void>()
  #arrived = 0

  constructor(parties: number) {
    this.#parties = parties
  }

  arrive(): Promise<void> {
    this.#arrived++
    if (this.#arrived === this.#parties) this.#open.resolve()
    return this.#open.promise
  }
}

/** Runs `client` once for each of `clients`, all from one start line. @returns what each came to, in their order */
export function race<Client, Outcome>(
  clients: readonly Client[],
  client: (each: Client, start: () => Promise<void>, index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const barrier = new Barrier(clients.length)
  return Promise.all(clients.map((each, index) => client(each, () => barrier.arrive(), index)))
}
