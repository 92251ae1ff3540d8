import { newId, type Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { tidyAddress, type NewAddress } from './address.ts'
import { insertAddresses, insertPeople, type SealedAddress, type SealedPerson } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import type { PersonKind } from './person.ts'
import { sealAddress, sealPerson } from './seal-person.ts'

export interface NewPerson {
  readonly id: Id<'person'>
  readonly kind: PersonKind
  readonly email?: string | null | undefined
  readonly name?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly address?: NewAddress | null | undefined
  /** Where else they have goods sent; lends them no name. */
  readonly otherAddresses?: readonly NewAddress[] | undefined
}

export interface RecordedPerson {
  readonly personId: Id<'person'>
  /** Null when no address came. */
  readonly addressId: Id<'address'> | null
}

/** A person ready to be written; can only be read with the master key. */
export interface SealedNewPerson extends RecordedPerson {
  readonly person: SealedPerson
  readonly addresses: readonly SealedAddress[]
}

/**
 * Encrypts people and their addresses: some 20 µs a person with e-mail and address, so do it before taking locks.
 * Where the person has no name or telephone number of their own, the address lends them its.
 *
 * What is sealed here was checked at the edge; a contact that cannot be normalised is kept and cannot be searched.
 */
export function sealPeople(keys: KeyRing, people: readonly NewPerson[]): SealedNewPerson[] {
  return people.map(({ id, kind, email, name, phone, address: typed, otherAddresses = [] }) => {
    const tidied = typed ? tidyAddress(typed) : null
    const contact = {
      email: email ?? null,
      name: name ?? tidied?.name ?? null,
      phone: phone ?? tidied?.phone ?? null,
    }
    const { person, dataKey } = sealPerson(keys, { id, kind, contact, country: tidied?.country ?? null, version: 0 })
    const sealOne = ({ id: addressId, ...address }: NewAddress) =>
      sealAddress(dataKey, { id: addressId ?? newId(), personId: id, address })
    const own = typed && tidied ? sealOne({ ...tidied, id: typed.id }) : null
    const others = otherAddresses.map((other) => sealOne({ ...tidyAddress(other), id: other.id }))
    const addresses = own === null ? others : [own, ...others]
    return { personId: id, addressId: own?.id ?? null, person, addresses }
  })
}

/** Puts sealed people into the vault: one statement for them and one for their addresses, sent without waiting. */
export function recordSealed(tx: Tx, sealed: readonly SealedNewPerson[]): void {
  const addresses = sealed.flatMap((each) => each.addresses)
  if (sealed.length > 0)
    insertPeople(
      tx,
      sealed.map(({ person }) => person),
    )
  if (addresses.length > 0) insertAddresses(tx, addresses)
}

/**
 * Seals and records at once, for who holds no locks that others wait for.
 * @returns one row a person, in the order given
 */
export function recordPeople(tx: Tx, keys: KeyRing, people: readonly NewPerson[]): RecordedPerson[] {
  const sealed = sealPeople(keys, people)
  recordSealed(tx, sealed)
  return sealed
}
