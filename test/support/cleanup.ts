import { after } from 'node:test'

/**
 * What a test file opens and must close again, however far it came: the last opened first. Registers itself with the
 * file, so that a `before` that fails halfway leaves no process behind that keeps the run waiting.
 */
export class Cleanup {
  readonly #steps: (() => unknown)[] = []

  constructor() {
    after(() => this.#run())
  }

  /** @returns what was opened */
  after<Opened>(opened: Opened, close: (opened: Opened) => unknown): Opened {
    this.#steps.push(() => close(opened))
    return opened
  }

  async #run(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.toReversed()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0)
      throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'not all could be closed')
  }
}
