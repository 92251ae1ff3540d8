import type { JSONWebKeySet } from 'jose'
import { addMs, DAY_MS, MINUTE_MS, SECOND_MS, type Instant } from '../../kernel/time.ts'
import type { FetchJwks } from './ports.ts'

/** Providers announce new keys well before they use them. */
const FRESH_MS = 10 * MINUTE_MS
/** A token whose key we do not have may be signed with a new one; made-up key ids must not make us ask at each. */
const UNKNOWN_KEY_PAUSE_MS = 30 * SECOND_MS
/** While the provider is away its last keys go on being believed, but not for ever: one of them may be revoked. */
const BELIEVED_MS = DAY_MS
const BACKOFF_MIN_MS = SECOND_MS
const BACKOFF_MAX_MS = MINUTE_MS

interface Known {
  readonly jwks: JSONWebKeySet
  readonly fetchedAt: Instant
}

/**
 * The public keys of providers by the URL they are fetched from. All who wait for the same URL share one call; after a
 * failure nobody asks again until a pause is over that doubles from one second to a minute.
 *
 * Times are the database's wall clock, as those in the tokens are judged by.
 */
export class ProviderKeys {
  readonly #fetch: FetchJwks
  readonly #byUrl = new Map<string, KeysOfUrl>()

  constructor(fetch: FetchJwks) {
    this.#fetch = fetch
  }

  /** @returns null when they cannot be had */
  async at(url: string, wallAt: Instant): Promise<JSONWebKeySet | null> {
    return this.#of(url).at(wallAt)
  }

  /** Asks for them anew because a key is missing, unless that was done a moment ago. @returns null when nothing new came */
  async renewed(url: string, wallAt: Instant): Promise<JSONWebKeySet | null> {
    return this.#of(url).renewed(wallAt)
  }

  #of(url: string): KeysOfUrl {
    const keys = this.#byUrl.get(url) ?? new KeysOfUrl(() => this.#fetch(url))
    this.#byUrl.set(url, keys)
    return keys
  }
}

class KeysOfUrl {
  readonly #fetch: () => ReturnType<FetchJwks>
  #known: Known | null = null
  #failures = 0
  #askAgainAt = -Infinity
  #asking: Promise<boolean> | undefined

  constructor(fetch: () => ReturnType<FetchJwks>) {
    this.#fetch = fetch
  }

  async at(wallAt: Instant): Promise<JSONWebKeySet | null> {
    if (this.#known === null || this.#known.fetchedAt + FRESH_MS <= wallAt) await this.#ask(wallAt)
    if (this.#known === null || this.#known.fetchedAt + BELIEVED_MS <= wallAt) return null
    return this.#known.jwks
  }

  async renewed(wallAt: Instant): Promise<JSONWebKeySet | null> {
    if (this.#known !== null && this.#known.fetchedAt + UNKNOWN_KEY_PAUSE_MS > wallAt) return null
    return (await this.#ask(wallAt)) ? (this.#known?.jwks ?? null) : null
  }

  /** @returns whether the keys are those of now */
  async #ask(wallAt: Instant): Promise<boolean> {
    if (wallAt < this.#askAgainAt) return false
    this.#asking ??= this.#askOnce(wallAt).finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #askOnce(wallAt: Instant): Promise<boolean> {
    const answer = await this.#fetch()
    if (answer.kind === 'keys') {
      this.#known = { jwks: answer.jwks, fetchedAt: wallAt }
      this.#failures = 0
      return true
    }
    this.#askAgainAt = addMs(wallAt, Math.min(BACKOFF_MIN_MS * 2 ** this.#failures, BACKOFF_MAX_MS))
    this.#failures++
    return false
  }
}
