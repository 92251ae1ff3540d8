/**
 * Tells the readers of this process that events were appended. Signals are counted, so one that comes while a reader
 * is at work is not missed: note `count`, look, then wait for a signal after the noted one.
 */
export class Wake {
  #count = 0
  readonly #waiting = new Set<() => void>()

  get count(): number {
    return this.#count
  }

  signal(): void {
    this.#count++
    for (const resume of this.#waiting) resume()
  }

  /** Resolves when there was a signal after the `since`-th, after `ms` milliseconds, or when `stop` is aborted. */
  async wait(since: number, ms: number, stop: AbortSignal): Promise<void> {
    if (this.#count > since || stop.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const resume = (): void => resolve()
    const timer = setTimeout(resume, ms)
    this.#waiting.add(resume)
    stop.addEventListener('abort', resume)
    await promise
    clearTimeout(timer)
    this.#waiting.delete(resume)
    stop.removeEventListener('abort', resume)
  }
}
