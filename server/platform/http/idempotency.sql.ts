import { addMs, DAY_MS, formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../db.ts'

/** A JSON value as `JSON.parse` makes them. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** An answer as it is kept: a status, and ids and amounts to render the rest from. Never personal data. */
export interface KeptAnswer {
  readonly status: number
  readonly stored: Json
}

/** A request that wants its key. */
export interface KeyRequest {
  /** `keyOf` the caller and the header: a UUID. */
  readonly id: string
  /** `fingerprintOf` the request: a UUID. */
  readonly fingerprint: string
  /** A new UUID for this attempt: only the attempt that holds a key may complete it. */
  readonly run: string
  /** What the request is about to make, so that a repeat after a crash goes on with the same; null if not known. */
  readonly objectId: string | null
}

export type KeyTaking =
  | { readonly kind: 'taken' }
  /** An attempt that died held the key. Its object may exist: go on with it. */
  | { readonly kind: 'taken_over'; readonly objectId: string | null }
  | { readonly kind: 'in_progress' }
  | { readonly kind: 'reused' }
  | { readonly kind: 'completed'; readonly objectId: string | null; readonly answer: KeptAnswer }

interface KeyRow {
  readonly id: string
  readonly fingerprint: string
  readonly run: string
  readonly status: 'in_progress' | 'completed'
  readonly object_id: string | null
  readonly answer: KeptAnswer | null
  readonly locked_until: Instant
}

/**
 * Takes a key for each request, or says why not. To be the first thing a transaction locks: the house's lock order
 * begins with idempotency keys, and they are taken in the order of their ids.
 *
 * A transaction of another node that is taking the same key is waited for. A key whose attempt died (`locked_until` has
 * passed by the database's wall clock) is taken over. The same key twice in `requests`: the second is in progress.
 *
 * @param lockMs  how long an attempt may take until a repeat takes over from it
 * @returns one outcome a request, in their order
 */
export async function takeKeys(tx: Tx, requests: readonly KeyRequest[], lockMs: number): Promise<KeyTaking[]> {
  const firstById = new Map<string, KeyRequest>()
  for (const request of requests) if (!firstById.has(request.id)) firstById.set(request.id, request)
  const sorted = [...firstById.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))

  const takenById = await insertKeys(tx, sorted, lockMs)
  const others = sorted.filter(({ id }) => !takenById.has(id))
  if (others.length > 0) {
    const rows = await readKeys(
      tx,
      others.map(({ id }) => id),
    )
    const rowById = new Map(rows.map((row) => [row.id, row]))
    const orphans: KeyRequest[] = []
    for (const request of others) {
      const taking = judge(rowById.get(request.id), request, tx.wallAt)
      if (taking.kind === 'taken_over') orphans.push(request)
      takenById.set(request.id, taking)
    }
    if (orphans.length > 0) await takeOverKeys(tx, orphans, lockMs)
  }
  return requests.map((request) => {
    const first = firstById.get(request.id)
    if (first === request) return takenById.get(request.id) ?? { kind: 'in_progress' }
    return first?.fingerprint === request.fingerprint ? { kind: 'in_progress' } : { kind: 'reused' }
  })
}

function judge(row: KeyRow | undefined, request: KeyRequest, wallAt: Instant): KeyTaking {
  if (row === undefined) return { kind: 'in_progress' }
  if (row.fingerprint !== request.fingerprint) return { kind: 'reused' }
  if (row.answer !== null) return { kind: 'completed', objectId: row.object_id, answer: row.answer }
  // Our own attempt: its COMMIT went through and the answer to that was lost.
  const isOurs = row.run === request.run
  return isOurs || row.locked_until < wallAt ? { kind: 'taken_over', objectId: row.object_id } : { kind: 'in_progress' }
}

/**
 * Takes the keys that are free and locks the others' rows, in this one statement: a transaction sends the locks of carts
 * and gates right behind it, and a row locked by a later statement would be waited for with those gates held.
 * `do update … where false` is how PostgreSQL locks a row that is there and writes nothing.
 */
async function insertKeys(tx: Tx, requests: readonly KeyRequest[], lockMs: number): Promise<Map<string, KeyTaking>> {
  const rows = await tx.rows<{ id: string }>({
    name: 'platform.insert_keys',
    text: `insert into platform.idempotency_key as key (id, fingerprint, run, object_id, locked_until, created_at)
           select id, fingerprint, run, object_id, $5, $6
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as request (id, fingerprint, run, object_id)
               on conflict (id) do update set run = key.run where false
           returning id`,
    values: [...requestArrays(requests), formatInstant(addMs(tx.wallAt, lockMs)), formatInstant(tx.wallAt)],
  })
  return new Map(rows.map(({ id }) => [id, { kind: 'taken' }]))
}

function readKeys(tx: Tx, ids: readonly string[]): Promise<KeyRow[]> {
  return tx.rows<KeyRow>({
    name: 'platform.read_keys',
    text: `select id, fingerprint, run, status, object_id, answer, locked_until
             from platform.idempotency_key
            where id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** Under the row locks of `insertKeys`. The object of the attempt that died stays. */
async function takeOverKeys(tx: Tx, requests: readonly KeyRequest[], lockMs: number): Promise<void> {
  await tx.execute({
    name: 'platform.take_over_keys',
    text: `update platform.idempotency_key as key
              set run = request.run, locked_until = $3, object_id = coalesce(key.object_id, request.object_id)
             from unnest($1::uuid[], $2::uuid[], $4::uuid[]) as request (id, run, object_id)
            where key.id = request.id`,
    values: [
      plainArray(requests.map(({ id }) => id)),
      plainArray(requests.map(({ run }) => run)),
      formatInstant(addMs(tx.wallAt, lockMs)),
      plainArray(requests.map(({ objectId }) => objectId)),
    ],
  })
}

function requestArrays(requests: readonly KeyRequest[]): string[] {
  return [
    plainArray(requests.map(({ id }) => id)),
    plainArray(requests.map(({ fingerprint }) => fingerprint)),
    plainArray(requests.map(({ run }) => run)),
    plainArray(requests.map(({ objectId }) => objectId)),
  ]
}

/**
 * Takes one key unless another transaction is at it this moment: where several statements follow, a repeat that waits
 * for the first would hold a connection for as long.
 */
export async function tryTakeKey(tx: Tx, request: KeyRequest, lockMs: number): Promise<KeyTaking> {
  const [row] = await tx.rows<{ free: boolean }>({
    name: 'platform.try_lock_key',
    // The first half of the id is random enough for a number to lock; transaction-level, so a pooler may be between.
    text: `select pg_try_advisory_xact_lock(('x' || left(replace($1::text, '-', ''), 16))::bit(64)::bigint) as free`,
    values: [request.id],
  })
  if (row?.free !== true) return { kind: 'in_progress' }
  const [taking] = await takeKeys(tx, [request], lockMs)
  return taking ?? { kind: 'in_progress' }
}

export interface KeyCompletion {
  readonly id: string
  /** The attempt that took the key. */
  readonly run: string
  readonly answer: KeptAnswer
}

/**
 * Keeps the answers of attempts.
 * @returns the ids that were completed: without those another attempt took over in the meantime
 */
export async function completeKeys(tx: Tx, completions: readonly KeyCompletion[]): Promise<Set<string>> {
  if (completions.length === 0) return new Set()
  const rows = await tx.rows<{ id: string }>({
    name: 'platform.complete_keys',
    // JSON text has no line break of its own, so lines are a cheaper array than PostgreSQL's quoted one.
    text: `update platform.idempotency_key as key
              set status = 'completed', answer = completion.answer::jsonb
             from unnest($1::uuid[], $2::uuid[], string_to_array($3, E'\\n')) as completion (id, run, answer)
            where key.id = completion.id and key.run = completion.run and key.status = 'in_progress'
           returning key.id`,
    values: [
      plainArray(completions.map(({ id }) => id)),
      plainArray(completions.map(({ run }) => run)),
      completions.map(({ answer }) => JSON.stringify(answer)).join('\n'),
    ],
  })
  return new Set(rows.map(({ id }) => id))
}

/** Answers are kept for thirty days. */
export const KEY_RETENTION_MS = 30 * DAY_MS

/**
 * Deletes kept answers made before `before`, at most `keysMax` at a time so that no transaction gets long.
 * Keys in progress stay: what became of them is not known yet.
 * @returns the number of keys deleted; fewer than `keysMax` means none is left
 */
export function deleteOldKeys(source: Queryable, before: Instant, keysMax: number): Promise<number> {
  return source.execute({
    name: 'platform.delete_old_keys',
    text: `delete from platform.idempotency_key
            where id = any(array(select id from platform.idempotency_key
                                  where created_at < $1 and status = 'completed'
                                  limit $2 for update skip locked))`,
    values: [formatInstant(before), keysMax],
  })
}
