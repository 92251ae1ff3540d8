import assert from 'node:assert/strict'

/**
 * Counts how often a race or a fault hit each moment that it is meant to hit. A moment that was never hit was not
 * tested, however green everything else is.
 */
export class Windows<Name extends string> {
  readonly #hits: Map<Name, number>

  constructor(names: readonly Name[]) {
    this.#hits = new Map(names.map((name) => [name, 0]))
  }

  hit(name: Name, times = 1): void {
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + times)
  }

  count(name: Name): number {
    return this.#hits.get(name) ?? 0
  }

  /** Of the moment that was hit least. */
  fewest(): number {
    return Math.min(...this.#hits.values())
  }

  /** `won the last unit 1, was told in time 59` */
  describe(): string {
    return [...this.#hits].map(([name, count]) => `${name} ${count}`).join(', ')
  }

  assertAllHit(): void {
    const missed = [...this.#hits].flatMap(([name, count]) => (count === 0 ? [name] : []))
    assert.deepEqual(missed, [], `not tested, because never hit; hits: ${this.describe()}`)
  }
}
