import { isDeepStrictEqual } from 'node:util'
import { newId, type Id } from '../../kernel/id.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { lockAccount, tellOf } from './account.ts'
import { checkAddress, tidyAddress, type Address, type AddressProblem } from './address.ts'
import { listAddressRow, readListedAddressIds, updateAccountRow } from './accounts.sql.ts'
import { insertAddresses, readAddressRows, readAddressRowsOf } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import type { PersonAddress } from './person.ts'
import { openAddress, sealAddress } from './seal-person.ts'

/** Offices of a large company; beyond it somebody fills our disk. */
export const ADDRESSES_MAX = 100

export type AddAddressRefusal =
  | { readonly code: 'address_invalid'; readonly problems: readonly AddressProblem[] }
  | { readonly code: 'too_many_addresses'; readonly addressesMax: number }

export type AddAddressOutcome =
  | { readonly kind: 'added'; readonly addressId: Id<'address'> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: AddAddressRefusal }

/** Puts an address into an account's book; the first one is the default. Addresses are never edited: orders name them. */
export async function addAddress(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    personId,
    address: typed,
  }: { readonly actor: string | null; readonly personId: Id<'person'>; readonly address: Address },
): Promise<AddAddressOutcome> {
  const problems = checkAddress(typed)
  if (problems.length > 0) return { kind: 'refused', refusal: { code: 'address_invalid', problems } }
  const locked = await lockAccount(tx, keys, personId)
  if (locked === null) return { kind: 'unknown' }
  const listed = await readListedAddressIds(tx, personId)
  if (listed.length >= ADDRESSES_MAX) {
    return { kind: 'refused', refusal: { code: 'too_many_addresses', addressesMax: ADDRESSES_MAX } }
  }
  const id = newId<'address'>()
  insertAddresses(tx, [sealAddress(locked.dataKey, { id, personId, address: tidyAddress(typed), listed: true })])
  if (locked.account.default_address === null) updateAccountRow(tx, { ...locked.account, default_address: id })
  tellOf(tx, personId, locked.person.version, [addressesEdited(actor)])
  return { kind: 'added', addressId: id }
}

/** How far back an order's address is looked for among those the account had; most have three. */
const REMEMBERED_MAX = 20

/**
 * The id under which an order of an account goes to an address: one it has had before, or a new one that is not in its
 * book. Told twice it is one address.
 * @param address  checked by the caller
 * @returns null when there is no such account
 */
export async function keepAddress(
  tx: Tx,
  keys: KeyRing,
  { personId, address: typed }: { readonly personId: Id<'person'>; readonly address: Address },
): Promise<Id<'address'> | null> {
  const locked = await lockAccount(tx, keys, personId)
  if (locked === null) return null
  const address = tidyAddress(typed)
  const rows = (await readAddressRowsOf(tx, personId)).slice(0, REMEMBERED_MAX)
  const known = rows.find((row) => isDeepStrictEqual(openAddress(keys, row).address, address))
  if (known !== undefined) return known.id
  const id = newId<'address'>()
  insertAddresses(tx, [sealAddress(locked.dataKey, { id, personId, address })])
  return id
}

/** Takes an address out of the book; orders that name it keep it. Done again it changes nothing. @returns false when it is not theirs */
export async function removeAddress(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    personId,
    id,
  }: { readonly actor: string | null; readonly personId: Id<'person'>; readonly id: Id<'address'> },
): Promise<boolean> {
  const locked = await lockAccount(tx, keys, personId)
  if (locked === null) return false
  const listed = await readListedAddressIds(tx, personId)
  if (!(await listAddressRow(tx, { id, personId, listed: false }))) return false
  if (!listed.includes(id)) return true
  if (locked.account.default_address === id) {
    const next = listed.find((other) => other !== id) ?? null
    updateAccountRow(tx, { ...locked.account, default_address: next })
  }
  tellOf(tx, personId, locked.person.version, [addressesEdited(actor)])
  return true
}

/** @returns false when the address is not in their book */
export async function chooseDefaultAddress(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    personId,
    id,
  }: { readonly actor: string | null; readonly personId: Id<'person'>; readonly id: Id<'address'> },
): Promise<boolean> {
  const locked = await lockAccount(tx, keys, personId)
  if (locked === null || !(await readListedAddressIds(tx, personId)).includes(id)) return false
  if (locked.account.default_address === id) return true
  updateAccountRow(tx, { ...locked.account, default_address: id })
  tellOf(tx, personId, locked.person.version, [
    { type: 'customer.edited', data: { fields: ['defaultAddress'] }, actor },
  ])
  return true
}

/** Newest first. */
export async function readAddressBook(
  source: Queryable,
  keys: KeyRing,
  personId: Id<'person'>,
): Promise<PersonAddress[]> {
  const ids = await readListedAddressIds(source, personId)
  const rows = await readAddressRows(source, ids)
  const byId = new Map(rows.map((row) => [row.id, openAddress(keys, row)]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

function addressesEdited(actor: string | null) {
  return { type: 'customer.edited', data: { fields: ['addresses'] }, actor }
}
