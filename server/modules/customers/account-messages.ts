import { createHash, randomBytes } from 'node:crypto'
import { formatId, newId, type Id } from '../../kernel/id.ts'
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS, type Instant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { tellOf, type LockedAccount } from './account.ts'
import { normaliseEmail } from './contact.ts'
import { readPersonRows } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { dataKeyOf, openPerson, openText, sealText } from './seal-person.ts'
import {
  insertMessage,
  listUnrevealedMessages,
  markMessageRevealed,
  readLastMessageAt,
  readMessage,
  type MessageKind,
  type MessageRow,
} from './sign-in.sql.ts'

/** How long a token may lie in a mailbox. A reset is dangerous in a stranger's hands, a verification is not. */
const VALID_MS = {
  verify_email: 7 * DAY_MS,
  reset_password: HOUR_MS,
  already_registered: DAY_MS,
} as const satisfies Record<MessageKind, number>

/** Whoever asks again and again fills a mailbox that may be somebody else's. */
const AGAIN_AFTER_MS = MINUTE_MS

const TOKEN_BYTES = 32

/**
 * Writes down that an account's owner is to be told something, with a token in it that only their mailbox shall see.
 * The event `customer.message_due` tells whoever delivers; they fetch the token with a secret key (`revealMessage`).
 *
 * Within a minute of the last message of its kind none is written: the answer to the shopper is the same.
 * @returns the person's version after it
 */
export async function writeMessage(
  tx: Tx,
  keys: KeyRing,
  account: LockedAccount,
  {
    kind,
    channelId,
    version,
    passwordHash = null,
  }: {
    readonly kind: MessageKind
    readonly channelId: Id<'channel'>
    readonly version: number
    /** The account's from when the token of a `verify_email` comes back with it. */
    readonly passwordHash?: string | null
  },
): Promise<number> {
  const { id: personId, dataKey, contact } = account
  const normalEmail = contact.email === null ? null : normaliseEmail(contact.email)
  if (normalEmail === null) return version
  const lastAt = await readLastMessageAt(tx, { personId, kind })
  if (lastAt !== null && addMs(lastAt, AGAIN_AFTER_MS) > tx.wallAt) return version

  const id = newId<'customerMessage'>()
  const token = kind === 'already_registered' ? null : randomBytes(TOKEN_BYTES).toString('base64url')
  insertMessage(tx, {
    id,
    person_id: personId,
    channel_id: channelId,
    kind,
    tokenHash: token === null ? null : hashToken(token),
    vault: token === null ? null : sealText(dataKey, id, token),
    email_hash: keys.hash('email', normalEmail),
    password_hash: passwordHash,
    created_at: tx.wallAt,
    expires_at: addMs(tx.wallAt, VALID_MS[kind]),
  })
  const data = { messageId: formatId('customerMessage', id), kind, channelId: formatId('channel', channelId) }
  return tellOf(tx, personId, version, [{ type: 'customer.message_due', data, actor: null }])
}

/** 256 random bits: nobody guesses them, so a fast hash protects as well as a slow one. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** A message without what is in it. */
export interface MessageHead {
  readonly id: Id<'customerMessage'>
  readonly personId: Id<'person'>
  readonly channelId: Id<'channel'>
  readonly kind: MessageKind
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly revealedAt: Instant | null
}

/** Everything that whoever delivers a message needs. */
export interface RevealedMessage extends MessageHead {
  readonly email: string | null
  readonly name: string | null
  /** Null where the message has none, or when it was used already. */
  readonly token: string | null
}

/** Messages that nobody has fetched yet, oldest first. */
export async function listMessages(
  db: Db,
  page: { readonly after: Id<'customerMessage'> | null; readonly limit: number },
): Promise<MessageHead[]> {
  return (await listUnrevealedMessages(db, page)).map(headOf)
}

/**
 * Opens a message for its delivery. May be repeated: a delivery that broke off is done again.
 * @returns null when there is no such message, or when its person is erased
 */
export async function revealMessage(
  tx: Tx,
  keys: KeyRing,
  { actor, id }: { readonly actor: string; readonly id: Id<'customerMessage'> },
): Promise<RevealedMessage | null> {
  const message = await readMessage(tx, id)
  const [row] = message === undefined ? [] : await readPersonRows(tx, [message.person_id])
  const dataKey = row === undefined ? null : dataKeyOf(keys, row.id, row)
  if (message === undefined || row === undefined || dataKey === null) return null
  markMessageRevealed(tx, id)
  const object = formatId('person', row.id)
  const detail = { messageId: formatId('customerMessage', id), kind: message.kind }
  appendAudit(tx, { actor, action: 'customer.message_revealed', object, detail })
  const { email, name } = openPerson(keys, row)
  const token = message.vault === null ? null : openText(dataKey, id, message.vault)
  return { ...headOf(message), revealedAt: message.revealed_at ?? tx.wallAt, email, name, token }
}

function headOf(row: MessageRow): MessageHead {
  return {
    id: row.id,
    personId: row.person_id,
    channelId: row.channel_id,
    kind: row.kind,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revealedAt: row.revealed_at,
  }
}
