import type { KeyObject } from 'node:crypto'
import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raisePersonVersion, readAccountRows, type AccountRow } from './accounts.sql.ts'
import { lockPersonRows, type PersonRow } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import type { Contact } from './person.ts'
import { dataKeyOf, openContact } from './seal-person.ts'

/** What an account has beyond a person, as everybody may read it. */
export interface Account {
  readonly emailVerifiedAt: Instant | null
  readonly hasPassword: boolean
  readonly locale: string | null
  readonly defaultAddressId: Id<'address'> | null
  readonly tags: readonly string[]
  readonly taxExempt: boolean
  /** The exemption ends then; null when it has no end. */
  readonly taxExemptUntil: Instant | null
}

export function accountOf(row: AccountRow): Account {
  return {
    emailVerifiedAt: row.email_verified_at,
    hasPassword: row.password_hash !== null,
    locale: row.locale,
    defaultAddressId: row.default_address,
    tags: row.tags,
    taxExempt: row.tax_exempt,
    taxExemptUntil: row.tax_exempt_until,
  }
}

/** An account under its person's lock, opened. */
export interface LockedAccount {
  readonly id: Id<'person'>
  readonly person: PersonRow
  readonly account: AccountRow
  readonly dataKey: KeyObject
  readonly contact: Contact
}

/** @returns null when there is no such account, or when it is erased */
export async function lockAccount(tx: Tx, keys: KeyRing, id: Id<'person'>): Promise<LockedAccount | null> {
  const [person] = await lockPersonRows(tx, [id])
  if (person?.kind !== 'account') return null
  const dataKey = dataKeyOf(keys, id, person)
  if (dataKey === null) return null
  const [account] = await readAccountRows(tx, [id])
  const contact = openContact(dataKey, id, must(person.vault, 'the data of a person who is not erased'))
  return { id, person, account: must(account, "an account's own row"), dataKey, contact }
}

export interface CustomerChange {
  /** `customer.edited` */
  readonly type: string
  /** What the event tells beside the id; never personal data. */
  readonly data?: object
  /** The key that did it, for the audit log; null when the account's owner did, whom the event covers. */
  readonly actor: string | null
  /** What the audit log keeps beyond the event's data. */
  readonly detail?: object
}

/**
 * Appends events that tell of one person, whose row is locked, and counts them in its version.
 * @param before  the version the row had when it was locked
 * @returns the version after the last of them
 */
export function tellOf(tx: Tx, id: Id<'person'>, before: number, changes: readonly CustomerChange[]): number {
  const object = formatId('person', id)
  appendEvents(
    tx,
    changes.map(({ type, data }, index) => ({
      type,
      aggregateKind: 'customer',
      aggregateId: id,
      version: before + 1 + index,
      data: { id: object, ...data },
      occurredAt: tx.at,
    })),
  )
  appendAudit(
    tx,
    changes.flatMap(({ type, data, actor, detail }) =>
      actor === null ? [] : [{ actor, action: type, object, detail: { ...data, ...detail } }],
    ),
  )
  const after = before + changes.length
  raisePersonVersion(tx, id, after)
  return after
}
