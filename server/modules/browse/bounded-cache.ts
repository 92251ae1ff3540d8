import { invariant } from '../../kernel/invariant.ts'

export interface BoundedCacheOptions<Value> {
  readonly weightMax: number
  /** What a value weighs; one each without. */
  readonly weightOf?: (value: Value) => number
  /** Told of what the cache lets go, except of what was replaced. */
  readonly onEvicted?: (value: Value) => void
}

/**
 * A bounded map of what was used lately, in two generations: once the young one holds half of what fits it becomes the
 * old one, and what nobody has asked for since is let go with it. A hit costs one look-up and moves nothing, where a
 * strict order of use deletes and inserts on every read.
 */
export class BoundedCache<Key, Value> {
  readonly #options: BoundedCacheOptions<Value>
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()
  #youngWeight = 0

  constructor(options: BoundedCacheOptions<Value>) {
    invariant(options.weightMax > 0, 'a cache holds something')
    this.#options = options
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.#old.delete(key)
    this.#put(key, old)
    return old
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key)
    const replaced = this.#young.get(key)
    if (replaced !== undefined) this.#youngWeight -= this.#weightOf(replaced)
    this.#put(key, value)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  #put(key: Key, value: Value): void {
    this.#young.set(key, value)
    this.#youngWeight += this.#weightOf(value)
    if (this.#youngWeight <= this.#options.weightMax / 2) return
    const { onEvicted } = this.#options
    if (onEvicted !== undefined) for (const evicted of this.#old.values()) onEvicted(evicted)
    this.#old = this.#young
    this.#young = new Map()
    this.#youngWeight = 0
  }

  #weightOf(value: Value): number {
    return this.#options.weightOf?.(value) ?? 1
  }
}
