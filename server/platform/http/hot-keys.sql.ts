import { plainArray, type Tx } from '../db.ts'
import type { KeyCompletion } from './idempotency.sql.ts'

/**
 * Gives back keys that this transaction took for requests it then refused: with the reason gone, the same request may
 * succeed.
 */
export function releaseKeys(tx: Tx, ids: readonly string[]): void {
  tx.send({
    name: 'platform.release_keys',
    text: `delete from platform.idempotency_key where id = any($1::uuid[]) and status = 'in_progress'`,
    values: [plainArray(ids)],
  })
}

/**
 * Keeps the answers of attempts without waiting to hear which of them still held their key: where another attempt took
 * over, that one keeps its own answer, which is about the same object.
 */
export function sendKeyAnswers(tx: Tx, answers: readonly KeyCompletion[]): void {
  // Repeats lock the same rows, in the order of their ids.
  const completions = answers.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  tx.send({
    name: 'platform.send_key_answers',
    text: `update platform.idempotency_key as key
              set status = 'completed', answer = completion.answer::jsonb
             from unnest($1::uuid[], $2::uuid[], string_to_array($3, E'\\n')) as completion (id, run, answer)
            where key.id = completion.id and key.run = completion.run and key.status = 'in_progress'`,
    values: [
      plainArray(completions.map(({ id }) => id)),
      plainArray(completions.map(({ run }) => run)),
      completions.map(({ answer }) => JSON.stringify(answer)).join('\n'),
    ],
  })
}
