import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'

export interface ConsentRow {
  readonly id: Id<'consentEntry'>
  readonly person_id: Id<'person'>
  readonly purpose: string
  readonly channel: 'email' | 'sms' | 'phone' | 'push' | 'post' | 'web'
  readonly decision: 'given' | 'withdrawn'
  readonly wording_version: string
  readonly source: string
  readonly actor: string
  readonly occurred_at: Instant
  readonly recorded_at: Instant
}

export function insertConsentEntry(tx: Tx, entry: ConsentRow): void {
  tx.send({
    name: 'customers.insert_consent',
    text: `insert into customers.consent_entry
             (id, person_id, purpose, channel, decision, wording_version, source, actor, occurred_at, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      entry.id,
      entry.person_id,
      entry.purpose,
      entry.channel,
      entry.decision,
      entry.wording_version,
      entry.source,
      entry.actor,
      formatInstant(entry.occurred_at),
      formatInstant(entry.recorded_at),
    ],
  })
}

/** What occurred last comes first. */
export function readConsentRows(source: Queryable, personIds: readonly Id<'person'>[]): Promise<ConsentRow[]> {
  return source.rows({
    name: 'customers.read_consents',
    text: `select id, person_id, purpose, channel, decision, wording_version, source, actor, occurred_at, recorded_at
             from customers.consent_entry where person_id = any($1::uuid[]) order by occurred_at desc, id desc`,
    values: [plainArray(personIds)],
  })
}
