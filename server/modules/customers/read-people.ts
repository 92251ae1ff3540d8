import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { findPersonRows, listPersonRows, readAddressRows, readAddressRowsOf, readPersonRows } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import type { Person, PersonAddress, PersonKind } from './person.ts'
import { openAddress, openPerson } from './seal-person.ts'

/** People by id; who does not exist is left out, who is erased comes with nulls. */
export async function readPeople(
  source: Queryable,
  keys: KeyRing,
  ids: readonly Id<'person'>[],
): Promise<Map<Id<'person'>, Person>> {
  const rows = await readPersonRows(source, ids)
  return new Map(rows.map((row) => [row.id, openPerson(keys, row)]))
}

/** Addresses by id; those of erased people come with their country and region only. */
export async function readAddresses(
  source: Queryable,
  keys: KeyRing,
  ids: readonly Id<'address'>[],
): Promise<Map<Id<'address'>, PersonAddress>> {
  const rows = await readAddressRows(source, ids)
  return new Map(rows.map((row) => [row.id, openAddress(keys, row)]))
}

/** A person's addresses, newest first. */
export async function readAddressesOf(source: Queryable, keys: KeyRing, id: Id<'person'>): Promise<PersonAddress[]> {
  return (await readAddressRowsOf(source, id)).map((row) => openAddress(keys, row))
}

export interface PeoplePage {
  /** The last person of the page before, null for the first page. */
  readonly before: Id<'person'> | null
  readonly limit: number
  /** Guests are a person anew with every order: whoever looks for customers mostly wants accounts. */
  readonly kind?: PersonKind | null | undefined
  readonly tag?: string | null | undefined
}

/** Newest first. */
export async function listPeople(source: Queryable, keys: KeyRing, page: PeoplePage): Promise<Person[]> {
  return (await listPersonRows(source, page)).map((row) => openPerson(keys, row))
}

export interface ContactSearch {
  readonly email?: string | undefined
  readonly phone?: string | undefined
  /** Where a telephone number without country code is from. */
  readonly country?: string | undefined
}

/**
 * People with exactly this e-mail or telephone number, newest first; whoever is erased is not found.
 * @param limit  a guest is a person anew with every order
 */
export async function findPeople(
  source: Queryable,
  keys: KeyRing,
  { email, phone, country }: ContactSearch,
  limit: number,
): Promise<Person[]> {
  const normalEmail = email === undefined ? null : normaliseEmail(email)
  const normalPhone = phone === undefined ? null : normalisePhone(phone, country ?? null)
  const rows = await findPersonRows(source, {
    emailHashes: normalEmail === null ? [] : keys.hashes('email', normalEmail),
    phoneHashes: normalPhone === null ? [] : keys.hashes('phone', normalPhone),
    limit,
  })
  return rows.map((row) => openPerson(keys, row))
}
