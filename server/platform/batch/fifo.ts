/** First in, first out, both in constant time: `Array.shift` moves every element that waits. */
export class Fifo<Element> {
  #elements: (Element | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#elements.length - this.#head
  }

  get first(): Element | undefined {
    return this.#elements[this.#head]
  }

  *[Symbol.iterator](): Generator<Element> {
    for (let index = this.#head; index < this.#elements.length; index++) {
      const element = this.#elements[index]
      if (element !== undefined) yield element
    }
  }

  push(element: Element): void {
    this.#elements.push(element)
  }

  shift(): Element | undefined {
    const element = this.#elements[this.#head]
    if (this.#head === this.#elements.length) return undefined
    this.#elements[this.#head++] = undefined
    if (this.#head === this.#elements.length) {
      this.#elements = []
      this.#head = 0
    } else if (this.#head > 1_024 && this.#head * 2 > this.#elements.length) {
      this.#elements = this.#elements.slice(this.#head)
      this.#head = 0
    }
    return element
  }
}
