import { hash } from 'node:crypto'
import { newId } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import { afterCommit } from '../after-commit.ts'
import { BusyError, CommitUnknownError, DatabaseAwayError, type Db, type Tx } from '../db.ts'
import { uuidOfHash } from '../fingerprint.ts'
import type { Caller } from './caller.ts'
import {
  completeKeys,
  takeKeys,
  tryTakeKey,
  type Json,
  type KeptAnswer,
  type KeyRequest,
  type KeyTaking,
} from './idempotency.sql.ts'
import { refuse, refusePlatform, type ProblemReply } from './problem.ts'
import type { Refusal, RefusalTable } from './refusals.ts'

/** As much of a request as idempotency is about. */
export interface KeyedRequest {
  readonly method: string
  /** The path with its query, as it was sent. */
  readonly url: string
  readonly caller: Caller
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body's bytes as they were sent. */
  readonly rawBody: Buffer | null
}

const KEY_FORM = /^[\x21-\x7e]{22,255}$/

/** What is wrong with an `Idempotency-Key` header, or null. */
export function keyProblem(header: unknown): 'idempotency_key_required' | 'idempotency_key_invalid' | null {
  if (header === undefined) return 'idempotency_key_required'
  return typeof header === 'string' && KEY_FORM.test(header) ? null : 'idempotency_key_invalid'
}

/**
 * The id under which a key is kept: the same key of another caller, or of another guest of the same head, is another.
 * @param accessToken  the `Waybill-Access-Token` header, if the request had one
 * @returns the first 16 bytes of SHA-256, as a UUID; the key itself is never stored
 */
export function keyOf(caller: Caller, key: string, accessToken = ''): string {
  invariant(caller.kind !== 'public', 'a request with an idempotency key has an API key')
  // The customer and not their token: a repeat after signing in again is the same request.
  const customer = caller.kind === 'publishable' ? (caller.customer?.personId ?? '') : ''
  return uuidOfHash(`${caller.keyId}\n${customer}\n${accessToken}\n${key}`)
}

/** What makes two requests the same: method, path with query, and every byte of the body. */
export function fingerprintOf(method: string, url: string, rawBody: Buffer | null): string {
  return uuidOfHash(`${method} ${url}\n${rawBody === null ? '' : hash('sha256', rawBody, 'base64')}`)
}

/** The key of a request whose route is declared `idempotent: 'key'`: its header has been checked by then. */
export function keyRequestOf(request: KeyedRequest, objectId: string | null = null): KeyRequest {
  const { 'idempotency-key': key, 'waybill-access-token': accessToken } = request.headers
  invariant(typeof key === 'string', "the route is declared idempotent: 'key'")
  return {
    id: keyOf(request.caller, key, typeof accessToken === 'string' ? accessToken : ''),
    fingerprint: fingerprintOf(request.method, request.url, request.rawBody),
    run: newId(),
    objectId,
  }
}

/** What a keyed write came to: an answer that is kept with its effect, or a refusal that leaves no trace. */
export type OnceOutcome<Stored extends Json, Refused extends Refusal> =
  | { readonly status: number; readonly stored: Stored }
  | { readonly refuse: Refused }

export interface OnceOptions<Stored extends Json, Refused extends Refusal> {
  /** Where the refusals of `work` are mapped. */
  readonly refusals: RefusalTable<Refused>
  /** All of the effect, in one transaction; may be run again after a conflict, so nothing outside of it. */
  readonly work: (tx: Tx) => Promise<OnceOutcome<Stored, Refused>>
  /** The body of the answer, made from what is stored; also for every repeat. */
  readonly render: (stored: Stored) => unknown
}

/** Longer than any transaction may take, so an attempt that still holds its key after this is dead. */
const LOCK_MS = 30_000

/**
 * Runs a write at most once for its `Idempotency-Key` and answers.
 *
 *   one transaction:  take the key, do the work, keep the answer
 *
 * The same request again is answered from what was kept; another request under the same key is refused, and so is a
 * repeat while the first is still at work. A refusal rolls everything back, the key included: with the reason gone, the
 * same request may succeed. An answer of 402 is an effect and is returned by `work` as one.
 *
 * When the connection breaks while committing, the key is taken once more. That waits for a commit under way, so it
 * finds either the kept answer or a free key, under which the work is done now.
 *
 * @throws what `Db.inTransaction` throws; nothing was written then, except with CommitUnknownError
 */
export async function once<Stored extends Json, Refused extends Refusal, Reply extends ProblemReply>(
  { db }: { readonly db: Db },
  request: KeyedRequest,
  reply: Reply,
  options: OnceOptions<Stored, Refused>,
): Promise<Reply> {
  const key = keyRequestOf(request)
  const outcome = await runOnce(db, key, options)
  switch (outcome.kind) {
    case 'answered': {
      // Whatever was stored under this fingerprint was stored by this route's own `work`.
      const { status, stored } = outcome.answer as { status: number; stored: Stored }
      reply.code(status)
      reply.send(await afterCommit(() => options.render(stored)))
      return reply
    }
    case 'refused':
      return refuse(reply, options.refusals, outcome.refusal)
    case 'in_progress':
      return refusePlatform(reply, 'request_in_progress', {}, RETRY_AFTER_SECONDS)
    case 'reused':
      return refusePlatform(reply, 'idempotency_key_reused')
  }
}

const RETRY_AFTER_SECONDS = 1

type RunOutcome<Refused extends Refusal> =
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  | { readonly kind: 'refused'; readonly refusal: Refused }
  | { readonly kind: 'in_progress' }
  | { readonly kind: 'reused' }

async function runOnce<Stored extends Json, Refused extends Refusal>(
  db: Db,
  key: KeyRequest,
  { work }: OnceOptions<Stored, Refused>,
): Promise<RunOutcome<Refused>> {
  const attempt = async (
    take: (tx: Tx, key: KeyRequest, lockMs: number) => Promise<KeyTaking>,
  ): Promise<RunOutcome<Refused>> => {
    try {
      return await db.inTransaction(async (tx): Promise<RunOutcome<Refused>> => {
        const taking = await take(tx, key, LOCK_MS)
        if (taking.kind === 'completed') return { kind: 'answered', answer: taking.answer }
        if (taking.kind === 'in_progress' || taking.kind === 'reused') return { kind: taking.kind }
        const outcome = await work(tx)
        if ('refuse' in outcome) throw new RefusedSignal(outcome.refuse)
        const answer = { status: outcome.status, stored: outcome.stored }
        const completed = await completeKeys(tx, [{ id: key.id, run: key.run, answer }])
        invariant(completed.has(key.id), 'nobody takes over a key whose row is locked')
        return { kind: 'answered', answer }
      })
    } catch (error) {
      if (error instanceof RefusedSignal) return { kind: 'refused', refusal: error.refusal as Refused }
      throw error
    }
  }
  try {
    return await attempt(tryTakeKey)
  } catch (error) {
    if (!(error instanceof CommitUnknownError)) throw error
    return await attempt(takeKey).catch((again: unknown) => {
      // The first attempt's fate is still unknown, even where the second surely wrote nothing.
      if (isDatabaseTrouble(again)) throw new CommitUnknownError(error.message, { cause: again })
      throw again
    })
  }
}

function isDatabaseTrouble(error: unknown): boolean {
  return error instanceof BusyError || error instanceof DatabaseAwayError || error instanceof CommitUnknownError
}

async function takeKey(tx: Tx, key: KeyRequest, lockMs: number): Promise<KeyTaking> {
  const [taking] = await takeKeys(tx, [key], lockMs)
  invariant(taking !== undefined, 'an outcome for the one key')
  return taking
}

/** Carries a refusal out of the transaction so that it rolls back; never leaves this file. */
class RefusedSignal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('refused')
    this.refusal = refusal
  }
}
