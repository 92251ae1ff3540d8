/** Longer words are cut: a lexeme has at most 2,046 bytes, and nobody types more of one. */
const WORD_CHARACTERS_MAX = 40
/** From so many letters on, two typing errors are forgiven; below, one; below four none. */
const TWO_ERRORS_FROM = 8
const ONE_ERROR_FROM = 4

/** Letters that are written in another way when the keyboard has none of them; marks above letters go by themselves. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
}

/** Scripts without spaces between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu

/**
 * The words of a text as search knows them: lower case, without accents, letters and digits only, in their order. What
 * is written without spaces is cut into pairs of characters, which finds whatever was typed of it.
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[ßæœøđðłþı]/g, (letter) => plainLetters[letter] ?? letter)
    .normalize('NFC')
  return (plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [])
    .flatMap(cutUp)
    .map((word) => word.slice(0, WORD_CHARACTERS_MAX).toWellFormed())
}

function cutUp(run: string): string[] {
  const spaced = run.replace(UNSPACED, (text) => ` ${pairsOf(text).join(' ')} `)
  return spaced.split(' ').filter((word) => word !== '')
}

function pairsOf(text: string): string[] {
  const characters = Array.from(text)
  if (characters.length === 1) return characters
  return characters.slice(0, -1).map((character, index) => character + (characters[index + 1] ?? ''))
}

/** How many typing errors are forgiven in a word: a letter wrong, missing, too many, or two in the wrong order. */
export function errorsForgiven(word: string): 0 | 1 | 2 {
  if (/\d/.test(word) || word.length < ONE_ERROR_FROM) return 0
  return word.length < TWO_ERRORS_FROM ? 1 : 2
}

/**
 * The word and what is left of it without a letter, or without two where so many errors are forgiven. Words within as
 * many errors of each other share one of these, so that an index finds what may have been meant (W. Garbe, SymSpell).
 */
export function stubsOf(word: string): string[] {
  const stubs = new Set([word])
  let last = [word]
  for (let errors = errorsForgiven(word); errors > 0; errors--) {
    last = last.flatMap((stub) => Array.from(stub, (_, index) => stub.slice(0, index) + stub.slice(index + 1)))
    for (const stub of last) stubs.add(stub)
  }
  return [...stubs]
}

/**
 * Errors between two words: letters wrong, missing, too many, or neighbours swapped; restricted Damerau-Levenshtein
 * distance.
 */
export function errorsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      let errors = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      )
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwapped) errors = Math.min(errors, (beforeLast[column - 2] ?? 0) + 1)
      next.push(errors)
    }
    beforeLast = last
    last = next
  }
  return last[b.length] ?? 0
}

/** PostgreSQL's text search configurations, by language; PostgreSQL 15 has all of them. */
const configurationByLanguage: Readonly<Record<string, string>> = {
  ar: 'arabic',
  hy: 'armenian',
  eu: 'basque',
  ca: 'catalan',
  da: 'danish',
  nl: 'dutch',
  en: 'english',
  fi: 'finnish',
  fr: 'french',
  de: 'german',
  el: 'greek',
  hi: 'hindi',
  hu: 'hungarian',
  id: 'indonesian',
  ga: 'irish',
  it: 'italian',
  lt: 'lithuanian',
  ne: 'nepali',
  nb: 'norwegian',
  nn: 'norwegian',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sr: 'serbian',
  es: 'spanish',
  sv: 'swedish',
  ta: 'tamil',
  tr: 'turkish',
  yi: 'yiddish',
}

/** How words of a locale are brought to their stems; `simple`, which leaves them as they are, for other languages. */
export function configurationOf(locale: string): string {
  return configurationByLanguage[locale.split('-')[0]?.toLowerCase() ?? ''] ?? 'simple'
}
