import { randomBytes } from 'node:crypto'
import { must } from '../../kernel/invariant.ts'

/**
 * Codes of gift cards: 17 random characters and one to check them, in three groups, `7HQ2KM-XW4TRD-9FCBPN`.
 *
 * Thirty-one characters that are told apart in print and on the telephone (no 0 and O, no 1, I and L): 17 of them are 84
 * random bits. Thirty-one is prime, so the check character, a weighted sum modulo 31 with weights that differ, notices
 * every single wrong character and every two that changed places (Verhoeff, Error Detecting Decimal Codes, 1969).
 */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'.split('')
const RANDOM_CHARACTERS = 17
const CHARACTERS = RANDOM_CHARACTERS + 1
const GROUP = 6
/** A byte at or above this would favour the first characters: 248 is the largest multiple of 31 in a byte. */
const UNBIASED_BELOW = ALPHABET.length * 8

/** A new code without its dashes, from the system's random source. */
export function makeCode(): string {
  let code = ''
  while (code.length < RANDOM_CHARACTERS) {
    for (const byte of randomBytes(RANDOM_CHARACTERS)) {
      if (byte < UNBIASED_BELOW && code.length < RANDOM_CHARACTERS) code += ALPHABET[byte % ALPHABET.length]
    }
  }
  return code + checkCharacter(code)
}

/** As people read it, `7HQ2KM-XW4TRD-9FCBPN`. */
export function formatCode(code: string): string {
  return must(code.match(new RegExp(`.{${GROUP}}`, 'g')), 'the groups of a code').join('-')
}

/** What somebody typed as a code without its dashes: case, spaces and dashes do not count. Null when it is not one. */
export function readCode(typed: string): string | null {
  const code = typed.toUpperCase().replaceAll(/[\s\p{Pd}]/gu, '')
  if (code.length !== CHARACTERS || code.split('').some((character) => !ALPHABET.includes(character))) return null
  return checkCharacter(code.slice(0, RANDOM_CHARACTERS)) === code.at(-1) ? code : null
}

/** Weights 1 to 17 for the code; the check character makes the whole sum, itself weighing 18, zero modulo 31. */
function checkCharacter(random: string): string {
  const { length } = ALPHABET
  const sum = random.split('').reduce((total, character, index) => total + (index + 1) * ALPHABET.indexOf(character), 0)
  return must(
    ALPHABET.find((_, value) => (sum + CHARACTERS * value) % length === 0),
    'a check character, for 18 has an inverse modulo 31',
  )
}
