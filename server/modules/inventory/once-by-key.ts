import { createHash } from 'node:crypto'
import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Tx } from '../../platform/db.ts'
import { answerCommand, dropCommand, readCommand, takeCommand } from './commands.sql.ts'

/** A command or message that its source names by a key of its own. */
export interface KeyedCommand {
  /** The API key that sends it. */
  readonly source: string
  readonly key: string
  /** What it says, as JSON in one fixed order of properties: two commands are the same when this text is. */
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
  const fingerprint = fingerprintOf(content)
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

/** The first 16 bytes of SHA-256, kept where a UUID fits. */
function fingerprintOf(content: object): string {
  const hex = createHash('sha256').update(JSON.stringify(content), 'utf8').digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
