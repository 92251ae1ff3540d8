import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { checkAddress, tidyAddress, type Address, type AddressProblem } from './address.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { hasAccount, insertAccount, insertAddresses } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { sealAddress, sealPerson } from './seal-person.ts'

export interface NewAccount {
  readonly email: string
  readonly name?: string | undefined
  readonly phone?: string | undefined
  readonly address?: Address | undefined
}

export type CreateAccountRefusal =
  | { readonly code: 'email_invalid' }
  | { readonly code: 'email_taken' }
  | { readonly code: 'phone_invalid' }
  | { readonly code: 'address_invalid'; readonly problems: readonly AddressProblem[] }

export type CreateAccountOutcome =
  | { readonly kind: 'created'; readonly personId: Id<'person'> }
  | { readonly kind: 'refused'; readonly refusal: CreateAccountRefusal }

/** Gives a customer an account; an e-mail has at most one. Refused: nothing was written. */
export async function createAccount(
  tx: Tx,
  keys: KeyRing,
  actor: string,
  { email, name, phone, address: typed }: NewAccount,
): Promise<CreateAccountOutcome> {
  const address = typed === undefined ? null : tidyAddress(typed)
  const country = address?.country ?? null
  const normalEmail = normaliseEmail(email)
  if (normalEmail === null) return refuse({ code: 'email_invalid' })
  if (phone !== undefined && normalisePhone(phone, country) === null) return refuse({ code: 'phone_invalid' })
  const problems = address === null ? [] : checkAddress(address)
  if (problems.length > 0) return refuse({ code: 'address_invalid', problems })
  // The index knows the hashes of one master key only.
  if (await hasAccount(tx, keys.hashes('email', normalEmail))) return refuse({ code: 'email_taken' })

  const personId = newId<'person'>()
  const contact = { email: email.trim(), name: name ?? address?.name ?? null, phone: phone ?? address?.phone ?? null }
  const { person, dataKey } = sealPerson(keys, { id: personId, kind: 'account', contact, country, version: 1 })
  if (!(await insertAccount(tx, person))) return refuse({ code: 'email_taken' })
  if (address !== null) insertAddresses(tx, [sealAddress(dataKey, { id: newId(), personId, address })])

  const id = formatId('person', personId)
  appendEvents(tx, [
    {
      type: 'customer.created',
      aggregateKind: 'customer',
      aggregateId: personId,
      version: 1,
      data: { id },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'customer.created', object: id, detail: {} })
  return { kind: 'created', personId }
}

function refuse(refusal: CreateAccountRefusal): CreateAccountOutcome {
  return { kind: 'refused', refusal }
}
