import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { lockAccount, tellOf, type LockedAccount } from './account.ts'
import { writeMessage } from './account-messages.ts'
import { findAccountByEmail, updateAccountRow } from './accounts.sql.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { createAccount } from './create-account.ts'
import type { KeyRing } from './key-ring.ts'
import { PASSWORD_CHARACTERS_MIN, type Passwords } from './password.ts'
import { revokeSessions, spendMessages } from './sign-in.sql.ts'
import { countAttempt } from './throttle-sign-ins.ts'

export interface SignInDeps {
  readonly db: Db
  readonly keys: KeyRing
  readonly passwords: Passwords
}

export interface SignUp {
  readonly channelId: Id<'channel'>
  readonly email: string
  readonly password: string
  readonly name?: string | undefined
  readonly phone?: string | undefined
  readonly locale?: string | undefined
}

export interface PasswordRefusal {
  readonly code: 'password_too_short'
  readonly charactersMin: number
}
export interface WaitRefusal {
  readonly code: 'sign_in_slowed'
  readonly retryAfterMs: number
}

export type SignUpRefusal =
  | { readonly code: 'email_invalid' }
  | { readonly code: 'phone_invalid' }
  | PasswordRefusal
  | WaitRefusal

/**
 * Makes an account, or does as if: the answer is the same when the e-mail has one. Its owner is told by a message.
 * An account that is there is never changed by it, whoever made it and whether its e-mail is proved or not.
 *
 *   count    one transaction:  the attempt, by e-mail
 *   hash     no transaction:   always, so that time tells nothing
 *   write    one transaction:  the account with the message that proves its e-mail, or the message alone
 *
 * Where the account's e-mail is not proved yet, the message brings the password that was chosen here. It takes effect
 * when the message's token comes back with it (`proveEmail`): who took a stranger's address first does not keep it, and
 * who comes later and never sees the mailbox gets nothing.
 */
export async function signUp({ db, keys, passwords }: SignInDeps, wanted: SignUp): Promise<SignUpRefusal | null> {
  const email = normaliseEmail(wanted.email)
  if (email === null) return { code: 'email_invalid' }
  if (wanted.phone !== undefined && normalisePhone(wanted.phone, null) === null) return { code: 'phone_invalid' }
  const refusal = checkPassword(wanted.password)
  if (refusal !== null) return refusal
  const counted = await db.inTransaction((tx) => countAttempt(tx, keys, { email, from: null }))
  if (counted.kind === 'wait') return slowed(counted)
  const passwordHash = await passwords.hash(wanted.password)
  await db.inTransaction((tx) => writeSignUp(tx, keys, { ...wanted, normalEmail: email, passwordHash }))
  return null
}

async function writeSignUp(
  tx: Tx,
  keys: KeyRing,
  wanted: Omit<SignUp, 'password'> & { readonly normalEmail: string; readonly passwordHash: string },
): Promise<void> {
  const { email, name, phone, locale, passwordHash, channelId } = wanted
  const created = await createAccount(tx, keys, null, { email, name, phone, locale, passwordHash })
  if (created.kind === 'created') {
    const locked = must(await lockAccount(tx, keys, created.personId), 'the account just made')
    await writeMessage(tx, keys, locked, { kind: 'verify_email', channelId, version: locked.person.version })
    return
  }
  const known = await findAccountByEmail(tx, keys.hashes('email', wanted.normalEmail))
  const locked = known === undefined ? null : await lockAccount(tx, keys, known.id)
  // It was erased in between: nobody is there to be told.
  if (locked === null) return
  const { version } = locked.person
  if (locked.account.email_verified_at !== null) {
    await writeMessage(tx, keys, locked, { kind: 'already_registered', channelId, version })
    return
  }
  await writeMessage(tx, keys, locked, { kind: 'verify_email', channelId, version, passwordHash })
}

/** A new password ends every session but the one it was changed in. @returns the person's version after it */
export async function replacePassword(
  tx: Tx,
  { id, account }: LockedAccount,
  {
    passwordHash,
    keepSession,
    version,
  }: { readonly passwordHash: string; readonly keepSession: Id<'session'> | null; readonly version: number },
): Promise<number> {
  updateAccountRow(tx, { ...account, password_hash: passwordHash })
  await revokeSessions(tx, { personId: id, except: keepSession })
  spendMessages(tx, { personId: id, kind: 'reset_password' })
  return tellOf(tx, id, version, [{ type: 'customer.password_changed', actor: null }])
}

export function checkPassword(password: string): PasswordRefusal | null {
  // Code points, not UTF-16 units: eight emoji are eight characters.
  return Array.from(password).length < PASSWORD_CHARACTERS_MIN
    ? { code: 'password_too_short', charactersMin: PASSWORD_CHARACTERS_MIN }
    : null
}

export function slowed({ retryAfterMs }: { readonly retryAfterMs: number }): WaitRefusal {
  return { code: 'sign_in_slowed', retryAfterMs }
}
