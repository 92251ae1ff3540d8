import { must } from '../../kernel/invariant.ts'

/** Small numbers for things on this node, given when first met and never again: they index arrays and shorten keys. */
export class Numbering<Thing extends string> {
  readonly #numbers = new Map<Thing, number>()
  readonly #things: Thing[] = []

  of(thing: Thing): number {
    let number = this.#numbers.get(thing)
    if (number === undefined) {
      number = this.#things.push(thing) - 1
      this.#numbers.set(thing, number)
    }
    return number
  }

  thingOf(number: number): Thing {
    return must(this.#things[number], 'the thing of a number that was given out')
  }

  get size(): number {
    return this.#things.length
  }
}
