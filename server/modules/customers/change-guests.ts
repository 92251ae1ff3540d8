import { newId, type Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { tidyAddress, type NewAddress } from './address.ts'
import {
  insertAddresses,
  lockPersonRows,
  updateContacts,
  type SealedAddress,
  type SealedContact,
} from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { dataKeyOf, openContact, sealAddress, sealContact } from './seal-person.ts'

/** What a guest says anew while filling a cart; what is left out stays. */
export interface GuestChange {
  readonly id: Id<'person'>
  readonly email?: string | null | undefined
  readonly name?: string | null | undefined
  readonly phone?: string | null | undefined
  /** Becomes another address of theirs; earlier ones stay as they are. */
  readonly address?: NewAddress | null | undefined
}

export interface ChangedGuest {
  readonly personId: Id<'person'>
  /** The address that came with the change. */
  readonly addressId: Id<'address'> | null
}

/**
 * Changes what guests told of themselves, each guest once. Guests only: an account's e-mail is how its owner comes in.
 * @returns one row a guest who exists and is not erased; the others are left out
 */
export async function changeGuests(tx: Tx, keys: KeyRing, changes: readonly GuestChange[]): Promise<ChangedGuest[]> {
  const rows = await lockPersonRows(
    tx,
    changes.map(({ id }) => id),
  )
  const rowById = new Map(rows.map((row) => [row.id, row]))
  const contacts: SealedContact[] = []
  const addresses: SealedAddress[] = []
  const changed: ChangedGuest[] = []
  for (const { id, email, name, phone, address: typed } of changes) {
    const row = rowById.get(id)
    const dataKey = row?.kind === 'guest' ? dataKeyOf(keys, id, row) : null
    if (row === undefined || dataKey === null || row.vault === null) continue
    const address = typed ? tidyAddress(typed) : null
    const before = openContact(dataKey, id, row.vault)
    const contact = {
      email: email ?? before.email,
      name: name ?? address?.name ?? before.name,
      phone: phone ?? address?.phone ?? before.phone,
    }
    contacts.push(sealContact(keys, dataKey, { id, contact, country: address?.country ?? null }))
    const sealed = address === null ? null : sealAddress(dataKey, { id: typed?.id ?? newId(), personId: id, address })
    if (sealed !== null) addresses.push(sealed)
    changed.push({ personId: id, addressId: sealed?.id ?? null })
  }
  if (contacts.length > 0) updateContacts(tx, contacts)
  if (addresses.length > 0) insertAddresses(tx, addresses)
  return changed
}
