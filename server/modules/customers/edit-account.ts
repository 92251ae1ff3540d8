import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { lockAccount, tellOf, type CustomerChange } from './account.ts'
import { updateAccountRow } from './accounts.sql.ts'
import { isTag } from './check-segment.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { hasAccount, updateContacts } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { sealContact } from './seal-person.ts'
import { revokeSessions, spendMessages } from './sign-in.sql.ts'

/** What an account's owner may say of themselves; what is left out stays, null takes away. */
export interface OwnChanges {
  readonly name?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly locale?: string | null | undefined
}

/** What the merchant may say besides. */
export interface AccountChanges extends OwnChanges {
  /** Has to be proved anew, unless whoever changes it knows. */
  readonly email?: string | undefined
  readonly emailVerified?: boolean | undefined
  readonly tags?: readonly string[] | undefined
  readonly taxExempt?: boolean | undefined
  readonly taxExemptUntil?: Instant | null | undefined
  readonly taxId?: string | null | undefined
}

export type EditAccountRefusal =
  | { readonly code: 'email_invalid' }
  | { readonly code: 'email_taken' }
  | { readonly code: 'phone_invalid' }
  | { readonly code: 'tag_invalid'; readonly tag: string }
  | { readonly code: 'tax_exemption_missing' }
  | { readonly code: 'tax_exemption_over' }

export type EditAccountOutcome =
  | { readonly kind: 'edited' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: EditAccountRefusal }

/**
 * Changes an account. Another e-mail ends what the old one opened: sessions, tokens on their way, and the proof.
 *
 * @param actor        the key that does it; null for the account's owner
 * @param seenVersion  the version the editor decided on
 */
export async function editAccount(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string | null
    readonly id: Id<'person'>
    readonly seenVersion: number
    readonly changes: AccountChanges
  },
): Promise<EditAccountOutcome> {
  const locked = await lockAccount(tx, keys, id)
  if (locked === null) return { kind: 'unknown' }
  const { person, account, dataKey, contact: before } = locked
  if (person.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: person.version }

  const isNewEmail = changes.email !== undefined && !isSameEmail(changes.email, before.email)
  const contact = {
    email: changes.email?.trim() ?? before.email,
    name: changes.name === undefined ? before.name : changes.name,
    phone: changes.phone === undefined ? before.phone : changes.phone,
    taxId: changes.taxId === undefined ? before.taxId : (changes.taxId ?? undefined),
  }
  const taxExempt = changes.taxExempt ?? account.tax_exempt
  const until = changes.taxExemptUntil === undefined ? account.tax_exempt_until : changes.taxExemptUntil
  const fields = Object.entries(changes).flatMap(([field, value]) => (value === undefined ? [] : [field]))
  const refusal =
    (await refuseEmail(tx, keys, isNewEmail ? contact.email : null)) ??
    refuseEdit({ changes, taxExempt, until, at: tx.at })
  if (refusal !== null) return { kind: 'refused', refusal }

  const isVerifiedNow = changes.emailVerified === true && contact.email !== null
  const stillVerifiedAt = isNewEmail ? null : account.email_verified_at
  const emailVerifiedAt = isVerifiedNow
    ? (stillVerifiedAt ?? tx.at)
    : changes.emailVerified === false
      ? null
      : stillVerifiedAt
  updateContacts(tx, [sealContact(keys, dataKey, { id, contact, country: null })])
  updateAccountRow(tx, {
    ...account,
    email_verified_at: emailVerifiedAt,
    locale: changes.locale === undefined ? account.locale : changes.locale,
    tags: changes.tags === undefined ? account.tags : [...new Set(changes.tags)].toSorted(),
    tax_exempt: taxExempt,
    tax_exempt_until: taxExempt ? until : null,
  })
  if (isNewEmail) {
    await revokeSessions(tx, { personId: id })
    for (const kind of ['verify_email', 'reset_password'] as const) spendMessages(tx, { personId: id, kind })
  }
  // The names of the fields only: what they hold is personal.
  const told: CustomerChange[] = [{ type: 'customer.edited', data: { fields }, actor }]
  if (emailVerifiedAt !== null && stillVerifiedAt === null) told.push({ type: 'customer.email_verified', actor })
  tellOf(tx, id, person.version, told)
  return { kind: 'edited' }
}

function isSameEmail(typed: string, before: string | null): boolean {
  return before !== null && normaliseEmail(typed) === normaliseEmail(before)
}

async function refuseEmail(tx: Tx, keys: KeyRing, email: string | null): Promise<EditAccountRefusal | null> {
  if (email === null) return null
  const normal = normaliseEmail(email)
  if (normal === null) return { code: 'email_invalid' }
  return (await hasAccount(tx, keys.hashes('email', normal))) ? { code: 'email_taken' } : null
}

function refuseEdit({
  changes: { phone, tags, taxExemptUntil },
  taxExempt,
  until,
  at,
}: {
  readonly changes: AccountChanges
  readonly taxExempt: boolean
  readonly until: Instant | null
  readonly at: Instant
}): EditAccountRefusal | null {
  if (phone !== undefined && phone !== null && normalisePhone(phone, null) === null) return { code: 'phone_invalid' }
  const wrong = tags?.find((tag) => !isTag(tag))
  if (wrong !== undefined) return { code: 'tag_invalid', tag: wrong }
  if (!taxExempt && taxExemptUntil !== undefined && taxExemptUntil !== null) return { code: 'tax_exemption_missing' }
  if (taxExempt && taxExemptUntil !== undefined && until !== null && until <= at) return { code: 'tax_exemption_over' }
  return null
}
