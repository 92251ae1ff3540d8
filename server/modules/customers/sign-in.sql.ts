import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { instant } from './accounts.sql.ts'

export interface SessionRow {
  readonly id: Id<'session'>
  readonly person_id: Id<'person'>
  readonly channel_id: Id<'channel'>
  readonly created_at: Instant
  readonly expires_at: Instant
  readonly revoked_at: Instant | null
}

const sessionColumns = 'id, person_id, channel_id, created_at, expires_at, revoked_at'

export function insertSession(tx: Tx, session: Omit<SessionRow, 'revoked_at'>): void {
  tx.send({
    name: 'customers.insert_session',
    text: `insert into customers.session (id, person_id, channel_id, created_at, expires_at)
           values ($1, $2, $3, $4, $5)`,
    values: [
      session.id,
      session.person_id,
      session.channel_id,
      formatInstant(session.created_at),
      formatInstant(session.expires_at),
    ],
  })
}

export async function readSession(source: Queryable, id: Id<'session'>): Promise<SessionRow | undefined> {
  const rows = await source.rows<SessionRow>({
    name: 'customers.read_session',
    text: `select ${sessionColumns} from customers.session where id = $1`,
    values: [id],
  })
  return rows[0]
}

export function readSessionsOf(source: Queryable, personId: Id<'person'>): Promise<SessionRow[]> {
  return source.rows({
    name: 'customers.read_sessions_of',
    text: `select ${sessionColumns} from customers.session where person_id = $1 order by id desc`,
    values: [personId],
  })
}

/** Ends a person's sessions: one, all but one, or all. @returns how many were live */
export function revokeSessions(
  tx: Tx,
  {
    personId,
    only = null,
    except = null,
  }: {
    readonly personId: Id<'person'>
    readonly only?: Id<'session'> | null
    readonly except?: Id<'session'> | null
  },
): Promise<number> {
  return tx.execute({
    name: 'customers.revoke_sessions',
    text: `update customers.session set revoked_at = $4
            where person_id = $1 and revoked_at is null
              and ($2::uuid is null or id = $2) and ($3::uuid is null or id <> $3)`,
    values: [personId, only, except, formatInstant(tx.wallAt)],
  })
}

export async function readLogin(
  source: Queryable,
  {
    providerId,
    subjectHashes,
  }: { readonly providerId: Id<'identityProvider'>; readonly subjectHashes: readonly Buffer[] },
): Promise<Id<'person'> | undefined> {
  const rows = await source.rows<{ person_id: Id<'person'> }>({
    name: 'customers.read_login',
    text: 'select person_id from customers.login where provider_id = $1 and subject_hash = any($2::bytea[])',
    values: [providerId, subjectHashes],
  })
  return rows[0]?.person_id
}

/** @returns false when the subject has a login already, also one that another transaction is just making */
export async function insertLogin(
  tx: Tx,
  login: {
    readonly providerId: Id<'identityProvider'>
    readonly subjectHash: Buffer
    readonly personId: Id<'person'>
  },
): Promise<boolean> {
  const inserted = await tx.execute({
    name: 'customers.insert_login',
    text: `insert into customers.login (provider_id, subject_hash, person_id, created_at) values ($1, $2, $3, $4)
           on conflict do nothing`,
    values: [login.providerId, login.subjectHash, login.personId, formatInstant(tx.wallAt)],
  })
  return inserted === 1
}

export function readLoginsOf(
  source: Queryable,
  personId: Id<'person'>,
): Promise<{ readonly provider_id: Id<'identityProvider'>; readonly created_at: Instant }[]> {
  return source.rows({
    name: 'customers.read_logins_of',
    text: 'select provider_id, created_at from customers.login where person_id = $1 order by created_at',
    values: [personId],
  })
}

export type MessageKind = 'verify_email' | 'reset_password' | 'already_registered'

export interface MessageRow {
  readonly id: Id<'customerMessage'>
  readonly person_id: Id<'person'>
  readonly channel_id: Id<'channel'>
  readonly kind: MessageKind
  readonly vault: Buffer | null
  readonly email_hash: Buffer | null
  /** Of the password that takes effect when the token comes back with it; null when the message brings none. */
  readonly password_hash: string | null
  readonly created_at: Instant
  readonly expires_at: Instant
  readonly revealed_at: Instant | null
  readonly used_at: Instant | null
}

const messageColumns =
  'id, person_id, channel_id, kind, vault, email_hash, password_hash, created_at, expires_at, revealed_at, used_at'

export function insertMessage(
  tx: Tx,
  message: Omit<MessageRow, 'revealed_at' | 'used_at'> & { readonly tokenHash: Buffer | null },
): void {
  tx.send({
    name: 'customers.insert_message',
    text: `insert into customers.message
             (id, person_id, channel_id, kind, token_hash, vault, email_hash, password_hash, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      message.id,
      message.person_id,
      message.channel_id,
      message.kind,
      message.tokenHash,
      message.vault,
      message.email_hash,
      message.password_hash,
      formatInstant(message.created_at),
      formatInstant(message.expires_at),
    ],
  })
}

/** When the person was last written a message of this kind. */
export async function readLastMessageAt(
  tx: Tx,
  { personId, kind }: { readonly personId: Id<'person'>; readonly kind: MessageKind },
): Promise<Instant | null> {
  const [row] = await tx.rows<{ created_at: Instant | null }>({
    name: 'customers.read_last_message',
    text: 'select max(created_at) as created_at from customers.message where person_id = $1 and kind = $2',
    values: [personId, kind],
  })
  return row?.created_at ?? null
}

export async function readMessage(source: Queryable, id: Id<'customerMessage'>): Promise<MessageRow | undefined> {
  const rows = await source.rows<MessageRow>({
    name: 'customers.read_message',
    text: `select ${messageColumns} from customers.message where id = $1`,
    values: [id],
  })
  return rows[0]
}

/** Those nobody has fetched yet, oldest first. */
export function listUnrevealedMessages(
  source: Queryable,
  { after, limit }: { readonly after: Id<'customerMessage'> | null; readonly limit: number },
): Promise<MessageRow[]> {
  return source.rows({
    name: 'customers.list_unrevealed_messages',
    text: `select ${messageColumns} from customers.message
            where revealed_at is null and ($1::uuid is null or id > $1) order by id limit $2`,
    values: [after, limit],
  })
}

export function markMessageRevealed(tx: Tx, id: Id<'customerMessage'>): void {
  tx.send({
    name: 'customers.mark_message_revealed',
    text: 'update customers.message set revealed_at = coalesce(revealed_at, $2) where id = $1',
    values: [id, formatInstant(tx.wallAt)],
  })
}

/** Whose token this is, whatever became of it. */
export async function findMessageByToken(
  source: Queryable,
  { tokenHash, kind }: { readonly tokenHash: Buffer; readonly kind: MessageKind },
): Promise<MessageRow | undefined> {
  const rows = await source.rows<MessageRow>({
    name: 'customers.find_message_by_token',
    text: `select ${messageColumns} from customers.message where token_hash = $1 and kind = $2`,
    values: [tokenHash, kind],
  })
  return rows[0]
}

/** Spends every open token of a kind: after one was used no other may be. Tokens and passwords they brought are gone. */
export function spendMessages(
  tx: Tx,
  { personId, kind }: { readonly personId: Id<'person'>; readonly kind: MessageKind },
): void {
  tx.send({
    name: 'customers.spend_messages',
    text: `update customers.message set used_at = $3, vault = null, password_hash = null
            where person_id = $1 and kind = $2 and used_at is null`,
    values: [personId, kind, formatInstant(tx.wallAt)],
  })
}

export interface ThrottleRow {
  readonly key: Buffer
  readonly failures: number
  readonly blocked_until: Instant
  readonly counted_at: Instant
}

/** Makes sure that the rows are there and locks them in key order; a row of zero failures stands for none. */
export async function lockThrottles(tx: Tx, keys: readonly Buffer[]): Promise<ThrottleRow[]> {
  tx.send({
    name: 'customers.add_throttles',
    text: `insert into customers.sign_in_throttle (key, failures, blocked_until, counted_at)
           select key, 0, $2, $2 from unnest($1::bytea[]) as wanted (key) order by key
           on conflict do nothing`,
    values: [keys, formatInstant(tx.wallAt)],
  })
  return tx.rows({
    name: 'customers.lock_throttles',
    text: `select key, failures, blocked_until, counted_at from customers.sign_in_throttle
            where key = any($1::bytea[]) order by key for update`,
    values: [keys],
  })
}

export function updateThrottle(tx: Tx, { key, failures, blocked_until, counted_at }: ThrottleRow): void {
  tx.send({
    name: 'customers.update_throttle',
    text: `update customers.sign_in_throttle set failures = $2, blocked_until = $3, counted_at = $4
            where key = $1`,
    values: [key, failures, instant(blocked_until), instant(counted_at)],
  })
}

/** Forgets what ended before `before`. @returns how many rows of the kind with the most; a full batch means more */
export async function deleteOldSignIns(
  tx: Tx,
  { before, limit }: { readonly before: Instant; readonly limit: number },
): Promise<number> {
  const values = [formatInstant(before), limit]
  const counts = await Promise.all([
    tx.execute({
      name: 'customers.delete_old_throttles',
      text: `delete from customers.sign_in_throttle where key in
               (select key from customers.sign_in_throttle where counted_at < $1
                 order by counted_at limit $2 for update skip locked)`,
      values,
    }),
    tx.execute({
      name: 'customers.delete_old_sessions',
      text: `delete from customers.session where id in
               (select id from customers.session where expires_at < $1 order by expires_at limit $2 for update skip locked)`,
      values,
    }),
    tx.execute({
      name: 'customers.delete_old_messages',
      text: `delete from customers.message where id in
               (select id from customers.message where expires_at < $1 order by expires_at limit $2 for update skip locked)`,
      values,
    }),
  ])
  return Math.max(...counts)
}
