import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { lockAccount, tellOf, type LockedAccount } from './account.ts'
import { hashToken, writeMessage } from './account-messages.ts'
import { findAccountByEmail, readAccountRows, unlistAddressRows, updateAccountRow } from './accounts.sql.ts'
import { normaliseEmail } from './contact.ts'
import type { KeyRing } from './key-ring.ts'
import { mergeGuestsOf } from './merge-guests.ts'
import { findMessageByToken, revokeSessions, spendMessages, type MessageKind, type MessageRow } from './sign-in.sql.ts'
import { checkPassword, slowed, type PasswordRefusal, type SignInDeps, type WaitRefusal } from './sign-up.ts'
import { countAttempt, forgive } from './throttle-sign-ins.ts'

export type ProveEmailRefusal = { readonly code: 'token_invalid' } | { readonly code: 'credentials_wrong' }

/**
 * Proves by the token from a mailbox that an account's e-mail is its owner's. Where a password was chosen it is asked
 * for as well: else a stranger signs up with somebody's address, waits until they click on what came by mail, and is
 * then inside an account whose guest orders are theirs. Whoever does not know it resets it.
 *
 * | typed                                   | what becomes of the account                                           |
 * |-----------------------------------------|-----------------------------------------------------------------------|
 * | the account's own password              | proved; who is signed in stays, what later sign-ups chose is gone     |
 * | the one that the token's message brings | proved and its owner's: see `giveToOwner`                             |
 * | nothing, and there is neither           | proved; a password comes by a reset                                   |
 * | anything else                           | `credentials_wrong`                                                   |
 *
 * The same token again says the same again, as long as nothing else was proved.
 */
export async function proveEmail(
  { db, keys, passwords }: SignInDeps,
  { token, password }: { readonly token: string; readonly password?: string | undefined },
): Promise<ProveEmailRefusal | null> {
  const seen = await findMessageByToken(db, { tokenHash: hashToken(token), kind: 'verify_email' })
  if (seen === undefined) return { code: 'token_invalid' }
  const [account] = await readAccountRows(db, [seen.person_id])
  const chosen = [account?.password_hash, seen.password_hash].flatMap((hash) => hash ?? [])
  // Guessing needs the token, of 256 bits: it is not slowed.
  const typedHash = await findMatch(passwords, password ?? '', chosen)
  if (typedHash === null && chosen.length > 0) return { code: 'credentials_wrong' }
  return db.inTransaction(async (tx): Promise<ProveEmailRefusal | null> => {
    const locked = await lockAccount(tx, keys, seen.person_id)
    // Read again under the lock: another token may have been used meanwhile, which spends this one.
    const message = await findMessageByToken(tx, { tokenHash: hashToken(token), kind: 'verify_email' })
    if (locked === null || message === undefined || !isForTheirEmail(keys, locked, message)) {
      return { code: 'token_invalid' }
    }
    const { password_hash: ownHash, email_verified_at: provedAt } = locked.account
    // Said again; not so where a password was typed that another proof left without effect.
    const isSaidAgain = ownHash === typedHash && (typedHash !== null || password === undefined)
    if (provedAt !== null) return isSaidAgain ? null : { code: 'token_invalid' }
    if (message.used_at !== null || message.expires_at <= tx.wallAt) return { code: 'token_invalid' }
    if (ownHash === typedHash) {
      await markEmailProved(tx, keys, locked, locked.person.version)
      return null
    }
    // The account's own was replaced while it was compared.
    if (typedHash === null || message.password_hash !== typedHash) return { code: 'credentials_wrong' }
    await giveToOwner(tx, keys, locked, typedHash)
    return null
  })
}

/** The first of these that is the password's hash. */
async function findMatch(
  passwords: Pick<SignInDeps['passwords'], 'matches'>,
  password: string,
  hashes: readonly string[],
): Promise<string | null> {
  const [hash, ...others] = hashes
  if (hash === undefined) return null
  return (await passwords.matches(password, hash)) ? hash : findMatch(passwords, password, others)
}

/**
 * Gives an account to who sees its mailbox, with the password of their choice: every session ends, every open token is
 * spent. Where the e-mail was not proved and somebody had a password, what they did may be a stranger's: their addresses
 * leave the book, or the owner's next order goes to the stranger's door. Orders stay, they are the shop's record.
 *
 * @param passwordHash  null for who comes in by an identity provider
 * @returns the person's version after it
 */
export async function giveToOwner(
  tx: Tx,
  keys: KeyRing,
  locked: LockedAccount,
  passwordHash: string | null,
): Promise<number> {
  const { id, account, person } = locked
  const isProvedNow = account.email_verified_at === null
  const isDoubtful = isProvedNow && account.password_hash !== null
  const unlisted = isDoubtful ? await unlistAddressRows(tx, id) : 0
  updateAccountRow(tx, {
    ...account,
    password_hash: passwordHash,
    email_verified_at: account.email_verified_at ?? tx.at,
    default_address: isDoubtful ? null : account.default_address,
  })
  await revokeSessions(tx, { personId: id })
  for (const kind of ['verify_email', 'reset_password'] as const) spendMessages(tx, { personId: id, kind })
  const version = tellOf(tx, id, person.version, [
    ...(unlisted > 0 ? [{ type: 'customer.edited', data: { fields: ['addresses'] }, actor: null }] : []),
    ...(passwordHash === null ? [] : [{ type: 'customer.password_changed', actor: null }]),
    ...(isProvedNow ? [{ type: 'customer.email_verified', actor: null }] : []),
  ])
  return (await mergeGuestsOf(tx, keys, locked, { actor: null, version })).version
}

/** Writes that an account's e-mail is its owner's and gives them what they did as guests. @returns the version after */
export async function markEmailProved(tx: Tx, keys: KeyRing, locked: LockedAccount, before: number): Promise<number> {
  updateAccountRow(tx, { ...locked.account, email_verified_at: tx.at })
  spendMessages(tx, { personId: locked.id, kind: 'verify_email' })
  const version = tellOf(tx, locked.id, before, [{ type: 'customer.email_verified', actor: null }])
  return (await mergeGuestsOf(tx, keys, locked, { actor: null, version })).version
}

/** Asks for another message of a kind; the answer does not tell whether the e-mail has an account. */
export async function requestMessage(
  { db, keys }: Pick<SignInDeps, 'db' | 'keys'>,
  wanted: {
    readonly kind: Extract<MessageKind, 'reset_password' | 'verify_email'>
    readonly channelId: Id<'channel'>
    readonly email: string
  },
): Promise<WaitRefusal | null> {
  const email = normaliseEmail(wanted.email)
  if (email === null) return null
  return db.inTransaction(async (tx): Promise<WaitRefusal | null> => {
    const counted = await countAttempt(tx, keys, { email, from: null })
    if (counted.kind === 'wait') return slowed(counted)
    const known = await findAccountByEmail(tx, keys.hashes('email', email))
    const locked = known === undefined ? null : await lockAccount(tx, keys, known.id)
    if (locked === null) return null
    if (wanted.kind === 'verify_email' && locked.account.email_verified_at !== null) return null
    await writeMessage(tx, keys, locked, { ...wanted, version: locked.person.version })
    return null
  })
}

export type ResetPasswordRefusal = { readonly code: 'token_invalid' } | PasswordRefusal | WaitRefusal

/** Sets a new password with the token from a mailbox, which also proves the e-mail; all sessions end. */
export async function resetPassword(
  { db, keys, passwords }: SignInDeps,
  { token, password }: { readonly token: string; readonly password: string },
): Promise<ResetPasswordRefusal | null> {
  const refusal = checkPassword(password)
  if (refusal !== null) return refusal
  const tokenHash = hashToken(token)
  // Before a hash of 35 ms is spent on a token that is none.
  const known = await findMessageByToken(db, { tokenHash, kind: 'reset_password' })
  if (known === undefined) return { code: 'token_invalid' }
  if (known.used_at !== null) return answerReset({ db, keys, passwords }, { personId: known.person_id, password })
  const passwordHash = await passwords.hash(password)
  return db.inTransaction(async (tx): Promise<ResetPasswordRefusal | null> => {
    const seen = await findMessageByToken(tx, { tokenHash, kind: 'reset_password' })
    const locked = seen === undefined ? null : await lockAccount(tx, keys, seen.person_id)
    // Read again under the lock: of two with one token the first spends it.
    const message = await findMessageByToken(tx, { tokenHash, kind: 'reset_password' })
    if (locked === null || message === undefined || message.used_at !== null || message.expires_at <= tx.wallAt)
      return { code: 'token_invalid' }
    if (!isForTheirEmail(keys, locked, message)) return { code: 'token_invalid' }
    await giveToOwner(tx, keys, locked, passwordHash)
    const email = normaliseEmail(locked.contact.email ?? '')
    if (email !== null) await forgive(tx, keys, { email, from: null })
    return null
  })
}

/** A token that was used says that it is done to who knows the password it set: the answer may have been lost. */
async function answerReset(
  { db, keys, passwords }: SignInDeps,
  { personId, password }: { readonly personId: Id<'person'>; readonly password: string },
): Promise<ResetPasswordRefusal | null> {
  const seen = await db.inTransaction(async (tx) => {
    const locked = await lockAccount(tx, keys, personId)
    const email = normaliseEmail(locked?.contact.email ?? '')
    if (locked === null || email === null) return null
    const counted = await countAttempt(tx, keys, { email, from: null })
    return { counted, email, hash: locked.account.password_hash }
  })
  if (seen === null) return { code: 'token_invalid' }
  if (seen.counted.kind === 'wait') return slowed(seen.counted)
  if (!(await passwords.matches(password, seen.hash))) return { code: 'token_invalid' }
  await db.inTransaction((tx) => forgive(tx, keys, { email: seen.email, from: null }))
  return null
}

/** A token proves the address it was sent to and no other that the account has by now. */
function isForTheirEmail(keys: KeyRing, { contact }: LockedAccount, { email_hash }: MessageRow): boolean {
  const email = contact.email === null ? null : normaliseEmail(contact.email)
  return email !== null && email_hash !== null && keys.hashes('email', email).some((hash) => hash.equals(email_hash))
}
