import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { accountOf } from './account.ts'
import { readAccountRows, readMergedGuests } from './accounts.sql.ts'
import { readConsents } from './consents.ts'
import { readAddressRowsOf, readPersonRows } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { readNotes } from './notes.ts'
import type { PersonalRecords } from './ports.ts'
import { openAddress, openPerson } from './seal-person.ts'
import { readLoginsOf, readSessionsOf } from './sign-in.sql.ts'

/**
 * Everything that is held of one person and of the guests merged into their account, in the API's form and in words
 * that a person can read (GDPR article 15): what they told, agreed to and did, and what was written about them. Secrets
 * that open the account are not theirs to read: hashes, tokens.
 *
 * @param records  what other rooms hold
 * @returns null when there is no such person
 */
export async function exportPerson(
  source: Queryable,
  keys: KeyRing,
  { id, records }: { readonly id: Id<'person'>; readonly records: readonly PersonalRecords[] },
): Promise<Readonly<Record<string, unknown>> | null> {
  const ids = [id, ...(await readMergedGuests(source, id))]
  const rows = await readPersonRows(source, ids)
  const subject = rows.find((row) => row.id === id)
  if (subject === undefined) return null
  const [[account], consents, addresses, notes, sessions, logins, others] = await Promise.all([
    readAccountRows(source, [id]),
    readConsents(source, ids),
    Promise.all(ids.map((each) => readAddressRowsOf(source, each))),
    Promise.all(ids.map((each) => readNotes(source, keys, each))),
    readSessionsOf(source, id),
    readLoginsOf(source, id),
    Promise.all(records.map(async ({ name, read }) => [name, await read(source, ids)] as const)),
  ])
  const time = (at: Instant | null): string | null => (at === null ? null : formatInstant(at))
  const told = account === undefined ? null : accountOf(account)
  return {
    people: rows.map((row) => {
      const { kind, email, name, phone, taxId, createdAt, erasedAt } = openPerson(keys, row)
      const contact = { email, name, phone, taxId: taxId ?? null }
      return { id: formatId('person', row.id), kind, ...contact, createdAt: time(createdAt), erasedAt: time(erasedAt) }
    }),
    account: told && {
      emailVerifiedAt: time(told.emailVerifiedAt),
      hasPassword: told.hasPassword,
      locale: told.locale,
      tags: told.tags,
      taxExempt: told.taxExempt,
      taxExemptUntil: time(told.taxExemptUntil),
    },
    addresses: addresses.flat().map((row) => {
      const { country, region, address } = openAddress(keys, row)
      return { id: formatId('address', row.id), ...address, country, region }
    }),
    consents: consents.history.map(({ id: entryId, personId, occurredAt, recordedAt, ...entry }) => ({
      id: formatId('consentEntry', entryId),
      personId: formatId('person', personId),
      ...entry,
      occurredAt: time(occurredAt),
      recordedAt: time(recordedAt),
    })),
    notes: notes.flat().map(({ author, text, createdAt }) => ({ author, text, createdAt: time(createdAt) })),
    sessions: sessions.map((session) => ({
      channelId: formatId('channel', session.channel_id),
      createdAt: time(session.created_at),
      expiresAt: time(session.expires_at),
      revokedAt: time(session.revoked_at),
    })),
    logins: logins.map(({ provider_id, created_at }) => ({
      providerId: formatId('identityProvider', provider_id),
      createdAt: time(created_at),
    })),
    ...Object.fromEntries(others),
  }
}
