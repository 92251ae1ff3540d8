import { randomInt } from 'node:crypto'
import process from 'node:process'
import { Random } from './random.ts'

/** Chance for a race or a fault, told so that a failing run can be had again: `SEED=… npm test -- races`. */
export function seededRandom(): Random {
  const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32))
  process.stdout.write(`# SEED=${seed}\n`)
  return new Random(seed)
}
