import type { KeyObject } from 'node:crypto'
import type { Id } from '../../kernel/id.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import type { Address } from './address.ts'
import type { AddressRow, PersonRow, SealedAddress, SealedContact, SealedPerson } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import type { Contact, Person, PersonAddress, PersonKind } from './person.ts'
import { makeDataKey, open, seal, unwrapDataKey } from './vault.ts'

/** A person about to be stored, with the key that their addresses are sealed with as well. */
export interface FreshlySealed {
  readonly person: SealedPerson
  readonly dataKey: KeyObject
}

/** @param version  how many events will tell of this person */
export function sealPerson(
  keys: KeyRing,
  {
    id,
    kind,
    contact,
    country,
    version,
  }: {
    readonly id: Id<'person'>
    readonly kind: PersonKind
    readonly contact: Contact
    readonly country: string | null
    readonly version: number
  },
): FreshlySealed {
  const { dataKey, wrapped } = makeDataKey(keys.wrappingKey(keys.newestVersion), keyBinding(id))
  const sealed = sealContact(keys, dataKey, { id, contact, country })
  return { dataKey, person: { ...sealed, kind, keyVersion: keys.newestVersion, wrappedKey: wrapped, version } }
}

/** @param country  where a telephone number without country code is from */
export function sealContact(
  keys: KeyRing,
  dataKey: KeyObject,
  { id, contact, country }: { readonly id: Id<'person'>; readonly contact: Contact; readonly country: string | null },
): SealedContact {
  const email = contact.email === null ? null : normaliseEmail(contact.email)
  const phone = contact.phone === null ? null : normalisePhone(contact.phone, country)
  return {
    id,
    vault: seal(dataKey, Buffer.from(JSON.stringify(contact)), contactBinding(id)),
    emailHash: email === null ? null : keys.hash('email', email),
    phoneHash: phone === null ? null : keys.hash('phone', phone),
  }
}

/**
 * @param address  tidied
 * @param listed   whether it stands in the person's address book; an order's address does not by itself
 */
export function sealAddress(
  dataKey: KeyObject,
  {
    id,
    personId,
    address,
    listed = false,
  }: {
    readonly id: Id<'address'>
    readonly personId: Id<'person'>
    readonly address: Address
    readonly listed?: boolean
  },
): SealedAddress {
  return {
    id,
    personId,
    vault: seal(dataKey, Buffer.from(JSON.stringify(address)), addressBinding(id)),
    country: address.country,
    region: address.region ?? null,
    listed,
  }
}

/** @returns null when the person is erased */
export function dataKeyOf(
  keys: KeyRing,
  id: Id<'person'>,
  { key_version, wrapped_key }: Pick<PersonRow, 'key_version' | 'wrapped_key'>,
): KeyObject | null {
  return wrapped_key === null ? null : unwrapDataKey(keys.wrappingKey(key_version), wrapped_key, keyBinding(id))
}

const nothingKnown: Contact = { email: null, name: null, phone: null }

export function openPerson(keys: KeyRing, row: PersonRow): Person {
  const dataKey = dataKeyOf(keys, row.id, row)
  const contact = dataKey === null || row.vault === null ? nothingKnown : openContact(dataKey, row.id, row.vault)
  return {
    id: row.id,
    kind: row.kind,
    version: row.version,
    ...contact,
    createdAt: row.created_at,
    erasedAt: row.erased_at,
    mergedInto: row.merged_into,
  }
}

export function openContact(dataKey: KeyObject, id: Id<'person'>, vault: Buffer): Contact {
  return JSON.parse(open(dataKey, vault, contactBinding(id)).toString()) as Contact
}

export function openAddress(keys: KeyRing, row: AddressRow): PersonAddress {
  const dataKey = dataKeyOf(keys, row.person_id, row)
  const address =
    dataKey === null || row.vault === null
      ? null
      : (JSON.parse(open(dataKey, row.vault, addressBinding(row.id)).toString()) as Address)
  return { id: row.id, personId: row.person_id, country: row.country, region: row.region, address }
}

/** A text that belongs to a person beyond their contact: a note, a token. @param id  of its row */
export function sealText(dataKey: KeyObject, id: string, text: string): Buffer {
  return seal(dataKey, Buffer.from(text), `text|${id}`)
}

export function openText(dataKey: KeyObject, id: string, sealed: Uint8Array): string {
  return open(dataKey, sealed, `text|${id}`).toString()
}

function keyBinding(id: Id<'person'>): string {
  return `data key|${id}`
}

function contactBinding(id: Id<'person'>): string {
  return `contact|${id}`
}

function addressBinding(id: Id<'address'>): string {
  return `address|${id}`
}
