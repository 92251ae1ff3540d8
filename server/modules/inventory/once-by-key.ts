import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { fingerprintOfContent } from '../../platform/fingerprint.ts'
import { answerCommand, dropCommand, readCommand, takeCommand } from './commands.sql.ts'

/** A command or message that its source names by a key of its own. */
export interface KeyedCommand {
  /** The API key that sends it. */
  readonly source: string
  readonly key: string
  /** What it says: two commands are the same when their contents are, whatever the order of the properties. */
  readonly content: object
}

export type Worked<Answer, Dropped> =
  | { readonly kind: 'keep'; readonly answer: Answer }
  /** Nothing was written: the key stays free. */
  | { readonly kind: 'drop'; readonly outcome: Dropped }

export type Once<Answer, Dropped> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'dropped'; readonly outcome: Dropped }
  | { readonly kind: 'key_reused' }

/**
 * Lets a keyed command take effect once. The same content again gets the first answer, in the transaction or years
 * later; other content under the same key gets none.
 *
 * @param work  gets the id that the ledger names as the cause; a refusal must come before its first write
 */
export async function onceByKey<Answer extends object, Dropped>(
  tx: Tx,
  { source, key, content }: KeyedCommand,
  work: (commandId: string) => Promise<Worked<Answer, Dropped>>,
): Promise<Once<Answer, Dropped>> {
  const id = newId()
  const fingerprint = fingerprintOfContent(content)
  if (!(await takeCommand(tx, { id, source, key, fingerprint }))) {
    const first = must(await readCommand(tx, source, key), 'the command that holds the key')
    // The answer was written as the JSON of this use case's answer.
    return first.fingerprint === fingerprint
      ? { kind: 'answered', answer: must(first.answer, 'the answer of a committed command') as Answer }
      : { kind: 'key_reused' }
  }
  const worked = await work(id)
  if (worked.kind === 'drop') {
    dropCommand(tx, id)
    return { kind: 'dropped', outcome: worked.outcome }
  }
  answerCommand(tx, id, worked.answer)
  return { kind: 'answered', answer: worked.answer }
}
