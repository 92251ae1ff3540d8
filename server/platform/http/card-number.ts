/**
 * Payment card numbers have no business in an order system: whoever stores one owes the card schemes an audit. A text
 * holds one when 13 to 19 digits in it, alone or in groups joined by single spaces or dashes, pass the Luhn check.
 *
 * A telephone number in E.164 (a plus sign, at most 15 digits) is not taken for one. Neither are digits within a longer
 * token of mixed letters and digits, such as a UUID or a hash: of random UUIDs one in ten thousand would fail.
 */
export function hasCardNumber(text: string): boolean {
  if (text.length < DIGITS_MIN || !couldHold.test(text)) return false
  for (const [run, plus] of text.replace(uuid, '|').matchAll(digitRun)) {
    const digits = readRun(run)
    if (plus === '+' && digits.length <= PHONE_DIGITS_MAX) continue
    if (holdsCard(digits)) return true
  }
  return false
}

/** Hides card numbers, and telephone numbers that look like one: a log can spare both. */
export function withoutCardNumbers(text: string): string {
  if (!couldHold.test(text)) return text
  return text.replace(digitRun, (run) => (holdsCard(readRun(run)) ? '[digits]' : run))
}

const DIGITS_MIN = 13
const DIGITS_MAX = 19
const PHONE_DIGITS_MAX = 15

const couldHold = /\d(?:[\p{Zs}\p{Pd}\t]?\d){12}/u
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
// Letters may touch the digits ("card4111…"), unless beyond those letters stand digits again: then it is a code.
const digitRun = /(?<![0-9][A-Za-z_]{1,64})(?<!\d)(\+?)\d(?:[\p{Zs}\p{Pd}\t]?\d){12,}(?!\d)(?![A-Za-z_]{1,64}\d)/gu

interface DigitRun {
  readonly length: number
  /** By position of a digit: whether a group begins there. One more entry than digits. */
  readonly beginsGroup: readonly boolean[]
  /** Luhn sums of all digits before a position, those at even (or odd) positions doubled. */
  readonly sumsEvenDoubled: readonly number[]
  readonly sumsOddDoubled: readonly number[]
}

function readRun(run: string): DigitRun {
  const beginsGroup: boolean[] = []
  const sumsEvenDoubled = [0]
  const sumsOddDoubled = [0]
  let sumEven = 0
  let sumOdd = 0
  let begins = true
  for (const character of run) {
    const digit = character.charCodeAt(0) - 48
    if (digit < 0 || digit > 9) {
      begins = true
      continue
    }
    const doubled = digit > 4 ? digit * 2 - 9 : digit * 2
    const isEven = beginsGroup.length % 2 === 0
    sumEven += isEven ? doubled : digit
    sumOdd += isEven ? digit : doubled
    sumsEvenDoubled.push(sumEven)
    sumsOddDoubled.push(sumOdd)
    beginsGroup.push(begins)
    begins = false
  }
  const length = beginsGroup.length
  beginsGroup.push(true)
  return { length, beginsGroup, sumsEvenDoubled, sumsOddDoubled }
}

/**
 * Whether any neighbouring groups make up a card number: "1 4111 1111 1111 1111" hides one behind a quantity.
 * Linear, by differences of sums: a megabyte of single digits takes 0.1 s and not a minute.
 */
function holdsCard({ length, beginsGroup, sumsEvenDoubled, sumsOddDoubled }: DigitRun): boolean {
  for (let end = DIGITS_MIN; end <= length; end++) {
    if (!beginsGroup[end]) continue
    // Luhn (ISO/IEC 7812-1) doubles every second digit from the right, beginning with the last but one.
    const sums = end % 2 === 0 ? sumsEvenDoubled : sumsOddDoubled
    for (let begin = end - DIGITS_MIN; begin >= Math.max(0, end - DIGITS_MAX); begin--) {
      if (beginsGroup[begin] && ((sums[end] ?? 0) - (sums[begin] ?? 0)) % 10 === 0) return true
    }
  }
  return false
}
