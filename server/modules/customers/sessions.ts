import { formatId, newId, parseId, type Id } from '../../kernel/id.ts'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { SessionTokens } from './ports.ts'
import { insertSession, readSession, revokeSessions } from './sign-in.sql.ts'

/** A month, as shops have it: whoever comes back for the next season signs in again. */
const SESSION_MS = 30 * DAY_MS

export interface OpenedSession {
  readonly id: Id<'session'>
  readonly personId: Id<'person'>
  readonly expiresAt: Instant
}

/** Signs an account's owner in at a channel's heads. */
export function openSession(
  tx: Tx,
  { personId, channelId }: { readonly personId: Id<'person'>; readonly channelId: Id<'channel'> },
): OpenedSession {
  const id = newId<'session'>()
  const expiresAt = addMs(tx.wallAt, SESSION_MS)
  insertSession(tx, { id, person_id: personId, channel_id: channelId, created_at: tx.wallAt, expires_at: expiresAt })
  return { id, personId, expiresAt }
}

/**
 * Ends a session, or with it all others of its person. One that ended before ends nothing more: whoever finds an old
 * token must not be able to sign its owner out.
 */
export async function signOut(
  tx: Tx,
  { sessionId, everywhere }: { readonly sessionId: Id<'session'>; readonly everywhere: boolean },
): Promise<void> {
  const session = await readSession(tx, sessionId)
  if (session === undefined || session.revoked_at !== null) return
  await revokeSessions(tx, { personId: session.person_id, only: everywhere ? null : sessionId })
}

/** `ses_01h….1.<mac>`: the session's id and what proves that we gave it out. Nothing of it is stored. */
export function sessionToken(tokens: SessionTokens, id: Id<'session'>): string {
  return `${formatId('session', id)}.${tokens.makeAccessToken('session', id)}`
}

/** The session a token of ours names; null for what we did not make. */
export function readSessionToken(tokens: SessionTokens, token: string): Id<'session'> | null {
  const dot = token.indexOf('.')
  const id = parseId('session', token.slice(0, dot))
  return id !== null && tokens.verifyAccessToken('session', id, token.slice(dot + 1)) ? id : null
}
