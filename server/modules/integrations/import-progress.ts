import type { Instant } from '../../kernel/time.ts'

/** How far an import is. */
export interface ImportState {
  readonly lineCount: number
  /** Recorded by this run of the command or an earlier one. */
  readonly doneLines: number
  /** Of those, by this one. */
  readonly newLines: number
  readonly newOrders: number
  /** Since the first order of this run of the command. */
  readonly elapsedMs: number
}

/** `42 %, 226,912 of 541,909 lines, 412 orders/s, 11,210 lines/s, 28 s left` */
export function renderProgress({ lineCount, doneLines, newLines, newOrders, elapsedMs }: ImportState): string {
  const seconds = Math.max(elapsedMs, 1) / 1_000
  const linesPerSecond = newLines / seconds
  const leftS = linesPerSecond === 0 ? null : (lineCount - doneLines) / linesPerSecond
  return [
    `${Math.floor((100 * doneLines) / Math.max(lineCount, 1))} %`,
    `${grouped(doneLines)} of ${grouped(lineCount)} lines`,
    `${grouped(Math.round(newOrders / seconds))} orders/s`,
    `${grouped(Math.round(linesPerSecond))} lines/s`,
    ...(leftS === null ? [] : [`${duration(leftS)} left`]),
  ].join(', ')
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

function duration(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Clears the line said last and says the next one in its place. */
const OVER_LAST_LINE = '\u001b[1A\u001b[2K'
/** Where lines stay, such as in a log. */
const LINE_EVERY_MS = 5_000

/** Tells a person how far the import is: on one line that changes, or on a line every few seconds. */
export class ImportProgress {
  readonly #say: (line: string) => void
  readonly #isTerminal: boolean
  readonly #lineCount: number
  readonly #beganAt: Instant
  #saidAt: Instant
  #hasLine = false
  #doneLines: number
  #newLines = 0
  #newOrders = 0

  constructor(
    { say, isTerminal }: { readonly say: (line: string) => void; readonly isTerminal: boolean },
    { lineCount, doneLines, at }: { readonly lineCount: number; readonly doneLines: number; readonly at: Instant },
  ) {
    this.#say = say
    this.#isTerminal = isTerminal
    this.#lineCount = lineCount
    this.#doneLines = doneLines
    this.#beganAt = at
    this.#saidAt = at
  }

  /** @param at  wall time */
  add({ lineCount, orderCount }: { readonly lineCount: number; readonly orderCount: number }, at: Instant): void {
    this.#doneLines += lineCount
    this.#newLines += lineCount
    this.#newOrders += orderCount
    if (!this.#isTerminal && at - this.#saidAt < LINE_EVERY_MS) return
    this.#saidAt = at
    const line = renderProgress({
      lineCount: this.#lineCount,
      doneLines: this.#doneLines,
      newLines: this.#newLines,
      newOrders: this.#newOrders,
      elapsedMs: at - this.#beganAt,
    })
    this.#say(this.#isTerminal && this.#hasLine ? OVER_LAST_LINE + line : line)
    this.#hasLine = true
  }
}
