import { must, unreachable } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Caller } from '../../platform/http/index.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import { hashApiKey, isApiKeyText, type ApiKey } from './api-key.ts'
import { readLiveApiKeys } from './identity.sql.ts'

/** Two checks for keys that are unknown here begin at least this far apart, however many are tried. */
const CHECK_SPACING_MS = 100

/**
 * The live keys, kept whole in memory: a known key is recognised without the database, also while that is away.
 *
 * A revoked key is dropped by `refresh`, which the node calls when it is told of a change and at the latest every
 * second. A key that is not here may have been made on another node a moment ago, so "unknown" is only said after a
 * look at the room's revision that began later than the request; all waiting requests share one look, ten a second at
 * most, so that made-up keys neither load the database nor stay in memory.
 */
export class KeyRing {
  readonly #source: Queryable
  readonly #book = new RevisionedBook(loadCallers)
  #nextCheck: Promise<void> | undefined
  #spacing: Promise<unknown> = Promise.resolve()

  constructor(source: Queryable) {
    this.#source = source
  }

  /**
   * Whose key this is: at once when it is known here, after a look at the database when it is not.
   * The look-up is by SHA-256, so how long it takes says nothing about a key's characters.
   * @throws DatabaseAwayError  the key is not known here and nobody could be asked
   */
  authenticate(token: string): Caller | null | Promise<Caller | null> {
    if (!isApiKeyText(token)) return null
    const hash = hashApiKey(token)
    return this.#book.peek()?.get(hash) ?? this.#askAgain(hash)
  }

  /** Brings the ring to the database's revision, or to the one the caller already read there. */
  async refresh(knownRevision?: bigint): Promise<void> {
    await this.#book.at(this.#source, knownRevision ?? (await readRevisions(this.#source)).identity)
  }

  async #askAgain(hash: string): Promise<Caller | null> {
    await (this.#nextCheck ??= this.#check())
    return this.#book.peek()?.get(hash) ?? null
  }

  async #check(): Promise<void> {
    await this.#spacing
    // Whoever comes from here on did not see this look begin and waits for the next.
    this.#nextCheck = undefined
    this.#spacing = sleep(CHECK_SPACING_MS)
    await this.refresh()
  }
}

async function loadCallers(source: Queryable): Promise<ReadonlyMap<string, Caller>> {
  const rows = await readLiveApiKeys(source)
  return new Map(rows.map(({ key, hash }) => [hash, callerOf(key)]))
}

function callerOf({ id, kind, channelId, scopes, locationIds }: ApiKey): Caller {
  switch (kind) {
    case 'publishable':
      return { kind, keyId: id, channelId: must(channelId, 'the channel of a publishable key') }
    case 'secret':
      return { kind, keyId: id, scopes }
    case 'partner':
      return { kind, keyId: id, locationIds }
    default:
      return unreachable(kind)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
