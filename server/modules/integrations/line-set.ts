import type { LineRange } from './integrations.sql.ts'

/** Line numbers of a file, kept as stretches. */
export class LineSet {
  readonly size: number
  readonly #ranges: readonly LineRange[]

  /** @param ranges  in order, not touching each other */
  constructor(ranges: readonly LineRange[]) {
    this.#ranges = ranges
    this.size = ranges.reduce((sum, { from, end }) => sum + end - from, 0)
  }

  has(line: number): boolean {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      const range = this.#ranges[middle]
      if (range === undefined || line < range.from) high = middle
      else if (line >= range.end) low = middle + 1
      else return true
    }
    return false
  }
}
