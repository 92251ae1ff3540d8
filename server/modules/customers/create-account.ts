import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { insertAccountRow } from './accounts.sql.ts'
import { checkAddress, tidyAddress, type Address, type AddressProblem } from './address.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { hasAccount, insertAccount, insertAddresses } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { sealAddress, sealPerson } from './seal-person.ts'

export interface NewAccount {
  /** Null for who comes in by an identity provider that told none. */
  readonly email: string | null
  readonly name?: string | undefined
  readonly phone?: string | undefined
  readonly address?: Address | undefined
  readonly locale?: string | undefined
  /** Whoever makes the account knows that the e-mail is its owner's; else its owner proves it later. */
  readonly emailVerified?: boolean | undefined
  readonly passwordHash?: string | undefined
  /** Brought by who needs to know it beforehand, such as demo data. */
  readonly id?: Id<'person'> | undefined
}

export type CreateAccountRefusal =
  | { readonly code: 'email_invalid' }
  | { readonly code: 'email_taken' }
  | { readonly code: 'phone_invalid' }
  | { readonly code: 'address_invalid'; readonly problems: readonly AddressProblem[] }

export type CreateAccountOutcome =
  | { readonly kind: 'created'; readonly personId: Id<'person'> }
  | { readonly kind: 'refused'; readonly refusal: CreateAccountRefusal }

/**
 * Gives a customer an account; an e-mail has at most one. Refused: nothing was written.
 * @param actor  the key that does it; null when its owner signs up, whom the event covers
 */
export async function createAccount(
  tx: Tx,
  keys: KeyRing,
  actor: string | null,
  { email, name, phone, address: typed, locale, emailVerified = false, passwordHash, id }: NewAccount,
): Promise<CreateAccountOutcome> {
  const address = typed === undefined ? null : tidyAddress(typed)
  const country = address?.country ?? null
  const normalEmail = email === null ? null : normaliseEmail(email)
  if (email !== null && normalEmail === null) return refuse({ code: 'email_invalid' })
  if (phone !== undefined && normalisePhone(phone, country) === null) return refuse({ code: 'phone_invalid' })
  const problems = address === null ? [] : checkAddress(address)
  if (problems.length > 0) return refuse({ code: 'address_invalid', problems })
  // The index knows the hashes of one master key only.
  if (normalEmail !== null && (await hasAccount(tx, keys.hashes('email', normalEmail))))
    return refuse({ code: 'email_taken' })

  const personId = id ?? newId<'person'>()
  const contact = {
    email: email === null ? null : email.trim(),
    name: name ?? address?.name ?? null,
    phone: phone ?? address?.phone ?? null,
  }
  const { person, dataKey } = sealPerson(keys, { id: personId, kind: 'account', contact, country, version: 1 })
  if (!(await insertAccount(tx, person))) return refuse({ code: 'email_taken' })
  const addressId = address === null ? null : newId<'address'>()
  if (address !== null && addressId !== null) {
    insertAddresses(tx, [sealAddress(dataKey, { id: addressId, personId, address, listed: true })])
  }
  insertAccountRow(tx, {
    person_id: personId,
    email_verified_at: emailVerified && email !== null ? tx.at : null,
    password_hash: passwordHash ?? null,
    locale: locale ?? null,
    default_address: addressId,
  })

  const publicId = formatId('person', personId)
  appendEvents(tx, [
    {
      type: 'customer.created',
      aggregateKind: 'customer',
      aggregateId: personId,
      version: 1,
      data: { id: publicId },
      occurredAt: tx.at,
    },
  ])
  if (actor !== null) appendAudit(tx, { actor, action: 'customer.created', object: publicId, detail: {} })
  return { kind: 'created', personId }
}

function refuse(refusal: CreateAccountRefusal): CreateAccountOutcome {
  return { kind: 'refused', refusal }
}
