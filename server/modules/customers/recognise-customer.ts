import { newId, type Id } from '../../kernel/id.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { PublishableCaller, SignedInCustomer } from '../../platform/http/index.ts'
import { lockAccount } from './account.ts'
import { findAccountByEmail } from './accounts.sql.ts'
import { normaliseEmail } from './contact.ts'
import { createAccount } from './create-account.ts'
import type { KeyRing } from './key-ring.ts'
import { mergeGuestsOf } from './merge-guests.ts'
import type { IdentityProviders, ProvenLogin, SessionTokens } from './ports.ts'
import { giveToOwner } from './prove-email.ts'
import { insertLogin, readLogin, readSession } from './sign-in.sql.ts'
import { readSessionToken } from './sessions.ts'

export interface RecogniseDeps {
  readonly db: Db
  readonly keys: KeyRing
  readonly tokens: SessionTokens
  readonly providers: IdentityProviders
}

/**
 * Whose account a token opens at a head: a session of ours, or a token of an identity provider that the channel trusts.
 * A session costs one look at its row, which is how a sign-out ends it everywhere at once; what we did not sign costs
 * nothing.
 *
 * @returns null when the token is nobody's, or not this channel's, or ended; 'away' when a provider's keys cannot be had
 */
export async function recogniseCustomer(
  deps: RecogniseDeps,
  { channelId }: PublishableCaller,
  token: string,
): Promise<SignedInCustomer | 'away' | null> {
  if (!token.startsWith('ses_')) return recogniseLogin(deps, channelId, token)
  const sessionId = readSessionToken(deps.tokens, token)
  if (sessionId === null) return null
  const [session, { wallAt }] = await Promise.all([readSession(deps.db, sessionId), deps.db.clock()])
  const isLive = session?.revoked_at === null && session.expires_at > wallAt && session.channel_id === channelId
  return isLive ? { personId: session.person_id, sessionId } : null
}

async function recogniseLogin(
  { db, keys, providers }: RecogniseDeps,
  channelId: Id<'channel'>,
  token: string,
): Promise<SignedInCustomer | 'away' | null> {
  const { wallAt } = await db.clock()
  const proof = await providers.proveLogin({ channelId, token, wallAt })
  if (proof.kind !== 'proven') return proof.kind === 'away' ? 'away' : null
  const { login } = proof
  const personId = (await findLogin(db, keys, login)) ?? (await introduceLogin(db, keys, login))
  return { personId, sessionId: null }
}

function findLogin(
  source: Pick<Db, 'rows' | 'execute'>,
  keys: KeyRing,
  { providerId, subject }: ProvenLogin,
): Promise<Id<'person'> | undefined> {
  return readLogin(source, { providerId, subjectHashes: keys.hashes('subject', subject) })
}

/** Of two first requests at once one finds the e-mail or the login taken, and then finds whose it is. */
const INTRODUCTIONS_MAX = 3

/** The first time a subject is seen: it is given an account, or the one that has its proved e-mail already. */
async function introduceLogin(db: Db, keys: KeyRing, login: ProvenLogin): Promise<Id<'person'>> {
  for (let attempt = 1; ; attempt++) {
    const personId = await commitIf(
      db,
      (tx) => introduce(tx, keys, login),
      (introduced) => introduced !== null,
    )
    if (personId !== null) return personId
    const known = await findLogin(db, keys, login)
    if (known !== undefined) return known
    if (attempt === INTRODUCTIONS_MAX) throw new Error('a login is neither new nor known')
  }
}

/** @returns null when somebody else was faster: nothing may be committed */
async function introduce(tx: Tx, keys: KeyRing, login: ProvenLogin): Promise<Id<'person'> | null> {
  const email = login.verifiedEmail === null ? null : normaliseEmail(login.verifiedEmail)
  const known = email === null ? undefined : await findAccountByEmail(tx, keys.hashes('email', email))
  const personId = known === undefined ? await makeAccount(tx, keys, login, email) : known.id
  if (personId === null) return null
  const locked = await lockAccount(tx, keys, personId)
  if (locked === null) return null
  const { version } = locked.person
  // Whoever signed up with this e-mail never proved it: what they could come in with ends.
  if (locked.account.email_verified_at === null && email !== null) await giveToOwner(tx, keys, locked, null)
  else if (email !== null) await mergeGuestsOf(tx, keys, locked, { actor: null, version })
  const subjectHash = keys.hash('subject', login.subject)
  const isNew = await insertLogin(tx, { providerId: login.providerId, subjectHash, personId })
  return isNew ? personId : null
}

async function makeAccount(
  tx: Tx,
  keys: KeyRing,
  login: ProvenLogin,
  email: string | null,
): Promise<Id<'person'> | null> {
  const id = newId<'person'>()
  const name = login.name === null || login.name.trim() === '' ? undefined : login.name.slice(0, 200)
  const account = { id, email: email === null ? null : login.verifiedEmail, name, emailVerified: email !== null }
  const created = await createAccount(tx, keys, null, account)
  return created.kind === 'created' ? created.personId : null
}
