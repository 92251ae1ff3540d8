import { inspect } from 'node:util'
import { invariant } from '../../kernel/invariant.ts'

/** For what the import asks of other rooms in words of its own: where one refuses, the import is wrong. */
export function expectDone(isDone: boolean, what: string, outcome: unknown): void {
  invariant(isDone, isDone ? '' : `the import's ${what} is sound: ${inspect(outcome, { depth: 5 })}`)
}
