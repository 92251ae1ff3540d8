import { formatId, newId, type Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { tellOf } from './account.ts'
import { insertConsentEntry, readConsentRows, type ConsentRow } from './consents.sql.ts'
import { lockPersonRows } from './customers.sql.ts'

export const consentChannels = ['email', 'sms', 'phone', 'push', 'post', 'web'] as const
export type ConsentChannel = (typeof consentChannels)[number]
export type ConsentDecision = 'given' | 'withdrawn'

/** What somebody said about one purpose on one channel; it is never changed, only followed by another. */
export interface NewConsent {
  /** What for: `newsletter`, `profiling`. */
  readonly purpose: string
  readonly channel: ConsentChannel
  readonly decision: ConsentDecision
  /** Which text they had before them. */
  readonly wordingVersion: string
  /** Where they said it: `checkout`, `account`, `import`. */
  readonly source: string
  /** When they said it, where somebody else reports it; now by default. */
  readonly occurredAt?: Instant | undefined
}

export interface ConsentEntry extends Required<Omit<NewConsent, 'occurredAt'>> {
  readonly id: Id<'consentEntry'>
  readonly personId: Id<'person'>
  readonly actor: string
  readonly occurredAt: Instant
  readonly recordedAt: Instant
}

export type RecordConsentOutcome =
  | { readonly kind: 'recorded'; readonly entryId: Id<'consentEntry'> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: { readonly code: 'consent_in_future' } }

/**
 * Adds what a person said to the record. What holds is the entry that occurred last: one reported late, about a moment
 * before another, is kept and changes nothing.
 *
 * @param actor  the key that reports it; null when the account's owner says it themselves
 */
export async function recordConsent(
  tx: Tx,
  {
    actor,
    personId,
    consent,
  }: { readonly actor: string | null; readonly personId: Id<'person'>; readonly consent: NewConsent },
): Promise<RecordConsentOutcome> {
  const [person] = await lockPersonRows(tx, [personId])
  if (person === undefined || person.erased_at !== null) return { kind: 'unknown' }
  const { purpose, channel, decision, wordingVersion, source, occurredAt = tx.at } = consent
  if (occurredAt > tx.at) return { kind: 'refused', refusal: { code: 'consent_in_future' } }
  const id = newId<'consentEntry'>()
  insertConsentEntry(tx, {
    id,
    person_id: personId,
    purpose,
    channel,
    decision,
    wording_version: wordingVersion,
    source,
    actor: actor ?? formatId('person', personId),
    occurred_at: occurredAt,
    recorded_at: tx.at,
  })
  const data = { purpose, channel, decision, wordingVersion, source }
  tellOf(tx, personId, person.version, [{ type: 'customer.consent_recorded', data, actor }])
  return { kind: 'recorded', entryId: id }
}

export interface Consents {
  /** One a purpose and channel that was ever spoken of: what was said last. */
  readonly current: readonly ConsentEntry[]
  /** Newest first. */
  readonly history: readonly ConsentEntry[]
}

/** What people said, all of them together: an account with the guests that turned out to be its owner. */
export async function readConsents(source: Queryable, personIds: readonly Id<'person'>[]): Promise<Consents> {
  const history = (await readConsentRows(source, personIds)).map(entryOf)
  const current = new Map<string, ConsentEntry>()
  for (const entry of history) {
    const key = `${entry.purpose} ${entry.channel}`
    if (!current.has(key)) current.set(key, entry)
  }
  return { current: [...current.values()], history }
}

function entryOf(row: ConsentRow): ConsentEntry {
  return {
    id: row.id,
    personId: row.person_id,
    purpose: row.purpose,
    channel: row.channel,
    decision: row.decision,
    wordingVersion: row.wording_version,
    source: row.source,
    actor: row.actor,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
  }
}
