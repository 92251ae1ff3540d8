/** How the provider misbehaves on writes, each a share of all calls between 0 and 1. */
export interface Manners {
  readonly seed: number
  /** Added to every answer. */
  readonly latencyMs: number
  /** 500 before anything was done. */
  readonly errorBeforeRate: number
  /** 500 although it was done. */
  readonly errorAfterRate: number
  /** Done, and then half a JSON document. */
  readonly badJsonRate: number
  /** Done, and then silence until the caller gives up. */
  readonly silenceRate: number
  /** Done, and then an authentic answer that names one minor unit less. */
  readonly wrongAmountRate: number
}

export const goodManners: Manners = {
  seed: 1,
  latencyMs: 0,
  errorBeforeRate: 0,
  errorAfterRate: 0,
  badJsonRate: 0,
  silenceRate: 0,
  wrongAmountRate: 0,
}

export const faults = ['error_before', 'error_after', 'bad_json', 'silence', 'wrong_amount'] as const
export type Fault = (typeof faults)[number]

/** Draws what happens to each call, the same for the same seed and order of calls, and counts what was drawn. */
export class Mood {
  readonly hits: Record<Fault, number> = { error_before: 0, error_after: 0, bad_json: 0, silence: 0, wrong_amount: 0 }
  readonly #rates: readonly (readonly [Fault, number])[]
  #state: number

  constructor(manners: Manners) {
    this.#state = manners.seed >>> 0
    const rates = [
      ['error_before', manners.errorBeforeRate],
      ['error_after', manners.errorAfterRate],
      ['bad_json', manners.badJsonRate],
      ['silence', manners.silenceRate],
      ['wrong_amount', manners.wrongAmountRate],
    ] as const
    this.#rates = rates.filter(([, rate]) => rate > 0)
  }

  draw(): Fault | null {
    if (this.#rates.length === 0) return null
    let left = this.#random()
    for (const [fault, rate] of this.#rates) {
      if (left < rate) {
        this.hits[fault] += 1
        return fault
      }
      left -= rate
    }
    return null
  }

  /** mulberry32: 32 bits of state are plenty to pick faults with. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
