import { formatId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { lockAccount } from './account.ts'
import { findAccountByEmail } from './accounts.sql.ts'
import { normaliseEmail } from './contact.ts'
import { readPersonRows } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { mergeGuestsOf } from './merge-guests.ts'
import { openPerson } from './seal-person.ts'
import { openSession, type OpenedSession } from './sessions.ts'
import {
  checkPassword,
  replacePassword,
  slowed,
  type PasswordRefusal,
  type SignInDeps,
  type WaitRefusal,
} from './sign-up.ts'
import { countAttempt, forgive } from './throttle-sign-ins.ts'

export interface SignIn {
  readonly channelId: Id<'channel'>
  readonly email: string
  readonly password: string
  /** The IP address it came from. */
  readonly from: string
}

/** One code for a wrong password and for an e-mail without account. */
export type SignInRefusal = { readonly code: 'credentials_wrong' } | WaitRefusal

export type SignInOutcome =
  | { readonly kind: 'signed_in'; readonly session: OpenedSession }
  | { readonly kind: 'refused'; readonly refusal: SignInRefusal }

/**
 * Opens a session for whoever knows an account's password.
 *
 *   count    one transaction:  the attempt, as failed, by e-mail and by where it comes from
 *   compare  no transaction:   the password, with nobody's where there is no account
 *   open     one transaction:  the session; the attempt is forgiven, guests with the e-mail become the account's
 */
export async function signIn({ db, keys, passwords }: SignInDeps, wanted: SignIn): Promise<SignInOutcome> {
  const email = normaliseEmail(wanted.email)
  if (email === null) return { kind: 'refused', refusal: { code: 'credentials_wrong' } }
  const attempt = { email, from: wanted.from }
  const { counted, known } = await db.inTransaction(async (tx) => ({
    counted: await countAttempt(tx, keys, attempt),
    known: await findAccountByEmail(tx, keys.hashes('email', email)),
  }))
  if (counted.kind === 'wait') return { kind: 'refused', refusal: slowed(counted) }
  const seenHash = known?.password_hash ?? null
  const isRight = await passwords.matches(wanted.password, seenHash)
  if (!isRight || known === undefined) return { kind: 'refused', refusal: { code: 'credentials_wrong' } }
  const session = await db.inTransaction(async (tx) => {
    const locked = await lockAccount(tx, keys, known.id)
    // Erased, or the password was replaced while the old one was compared.
    if (locked === null || locked.account.password_hash !== seenHash) return null
    if (locked.account.email_verified_at !== null) {
      await mergeGuestsOf(tx, keys, locked, { actor: null, version: locked.person.version })
    }
    await forgive(tx, keys, attempt)
    return openSession(tx, { personId: known.id, channelId: wanted.channelId })
  })
  return session === null ? { kind: 'refused', refusal: { code: 'credentials_wrong' } } : { kind: 'signed_in', session }
}

export type ChangePasswordRefusal = SignInRefusal | PasswordRefusal

/** Replaces the password of somebody signed in who knows the old one; their other sessions end. */
export async function changePassword(
  { db, keys, passwords }: SignInDeps,
  wanted: {
    readonly personId: Id<'person'>
    readonly sessionId: Id<'session'> | null
    readonly current: string
    readonly password: string
    readonly from: string
  },
): Promise<ChangePasswordRefusal | null> {
  const refusal = checkPassword(wanted.password)
  if (refusal !== null) return refusal
  const [row] = await readPersonRows(db, [wanted.personId])
  const email = row === undefined ? null : normaliseEmail(openPerson(keys, row).email ?? '')
  // Without an e-mail there is no password either: they come in by an identity provider.
  if (email === null) return { code: 'credentials_wrong' }
  const attempt = { email, from: wanted.from }
  const { counted, known } = await db.inTransaction(async (tx) => ({
    counted: await countAttempt(tx, keys, attempt),
    known: await findAccountByEmail(tx, keys.hashes('email', email)),
  }))
  if (counted.kind === 'wait') return slowed(counted)
  const seenHash = known?.password_hash ?? null
  if (!(await passwords.matches(wanted.current, seenHash))) return { code: 'credentials_wrong' }
  const passwordHash = await passwords.hash(wanted.password)
  const isChanged = await db.inTransaction(async (tx: Tx) => {
    const locked = await lockAccount(tx, keys, wanted.personId)
    if (locked === null || locked.account.password_hash !== seenHash) return false
    const { version } = locked.person
    await replacePassword(tx, locked, { passwordHash, keepSession: wanted.sessionId, version })
    await forgive(tx, keys, attempt)
    return true
  })
  return isChanged ? null : { code: 'credentials_wrong' }
}

/** Signs somebody in whom the head's own server knows: a key vouches for them. @returns null without such an account */
export async function openSessionFor(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    personId,
    channelId,
  }: { readonly actor: string; readonly personId: Id<'person'>; readonly channelId: Id<'channel'> },
): Promise<OpenedSession | null> {
  if ((await lockAccount(tx, keys, personId)) === null) return null
  const session = openSession(tx, { personId, channelId })
  const detail = { sessionId: formatId('session', session.id), channelId: formatId('channel', channelId) }
  appendAudit(tx, { actor, action: 'customer.signed_in', object: formatId('person', personId), detail })
  return session
}
