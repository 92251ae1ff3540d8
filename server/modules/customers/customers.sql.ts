import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { PersonKind } from './person.ts'

/** A person as stored: sealed. */
export interface PersonRow {
  readonly id: Id<'person'>
  readonly kind: PersonKind
  readonly key_version: number
  readonly wrapped_key: Buffer | null
  readonly vault: Buffer | null
  readonly version: number
  readonly created_at: Instant
  readonly erased_at: Instant | null
  readonly merged_into: Id<'person'> | null
}

/** An address as stored, with what unwraps its person's key. */
export interface AddressRow {
  readonly id: Id<'address'>
  readonly person_id: Id<'person'>
  readonly country: string
  readonly region: string | null
  readonly vault: Buffer | null
  readonly key_version: number
  readonly wrapped_key: Buffer | null
}

export interface SealedPerson {
  readonly id: Id<'person'>
  readonly kind: PersonKind
  readonly emailHash: Buffer | null
  readonly phoneHash: Buffer | null
  readonly keyVersion: number
  readonly wrappedKey: Buffer
  readonly vault: Buffer
  readonly version: number
}

export interface SealedAddress {
  readonly id: Id<'address'>
  readonly personId: Id<'person'>
  readonly vault: Buffer
  readonly country: string
  readonly region: string | null
  readonly listed: boolean
}

/** Without waiting: an account whose e-mail has one already fails the transaction (23505); see `insertAccount`. */
export function insertPeople(tx: Tx, people: readonly SealedPerson[]): void {
  tx.send({
    name: 'customers.insert_people',
    text: `insert into customers.person
             (id, kind, email_hash, phone_hash, key_version, wrapped_key, vault, version, created_at)
           select id, kind, email_hash, phone_hash, key_version, wrapped_key, vault, version, $9::timestamptz
             from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::int[], $6::bytea[], $7::bytea[],
                         $8::int[])
               as person (id, kind, email_hash, phone_hash, key_version, wrapped_key, vault, version)`,
    values: [
      plainArray(people.map((person) => person.id)),
      plainArray(people.map((person) => person.kind)),
      byteaArray(people.map((person) => person.emailHash)),
      byteaArray(people.map((person) => person.phoneHash)),
      plainArray(people.map((person) => person.keyVersion)),
      byteaArray(people.map((person) => person.wrappedKey)),
      byteaArray(people.map((person) => person.vault)),
      plainArray(people.map((person) => person.version)),
      formatInstant(tx.at),
    ],
  })
}

/** @returns false when the e-mail has an account already, also one that another transaction is just making */
export async function insertAccount(tx: Tx, person: SealedPerson): Promise<boolean> {
  const inserted = await tx.execute({
    name: 'customers.insert_account',
    text: `insert into customers.person
             (id, kind, email_hash, phone_hash, key_version, wrapped_key, vault, version, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict (email_hash) where kind = 'account' and email_hash is not null do nothing`,
    values: [
      person.id,
      person.kind,
      person.emailHash,
      person.phoneHash,
      person.keyVersion,
      person.wrappedKey,
      person.vault,
      person.version,
      formatInstant(tx.at),
    ],
  })
  return inserted === 1
}

export function insertAddresses(tx: Tx, addresses: readonly SealedAddress[]): void {
  tx.send({
    name: 'customers.insert_addresses',
    text: `insert into customers.address (id, person_id, vault, country, region, listed)
           select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::boolean[])`,
    values: [
      plainArray(addresses.map((address) => address.id)),
      plainArray(addresses.map((address) => address.personId)),
      byteaArray(addresses.map((address) => address.vault)),
      plainArray(addresses.map((address) => address.country)),
      addresses.map((address) => address.region),
      `{${addresses.map((address) => address.listed).join(',')}}`,
    ],
  })
}

const personColumns = 'id, kind, key_version, wrapped_key, vault, version, created_at, erased_at, merged_into'

export function readPersonRows(source: Queryable, ids: readonly Id<'person'>[]): Promise<PersonRow[]> {
  return source.rows({
    name: 'customers.read_people',
    text: `select ${personColumns} from customers.person where id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** In id order, so that two writers of the same people wait for each other instead of deadlocking. */
export function lockPersonRows(tx: Tx, ids: readonly Id<'person'>[]): Promise<PersonRow[]> {
  return tx.rows({
    name: 'customers.lock_people',
    text: `select ${personColumns} from customers.person where id = any($1::uuid[]) order by id for update`,
    values: [plainArray(ids)],
  })
}

/** Newest first. @param before  the last person of the page before */
export function listPersonRows(
  source: Queryable,
  {
    before,
    limit,
    kind = null,
    tag = null,
  }: {
    readonly before: Id<'person'> | null
    readonly limit: number
    readonly kind?: PersonKind | null | undefined
    readonly tag?: string | null | undefined
  },
): Promise<PersonRow[]> {
  const page = 'where ($1::uuid is null or id < $1::uuid)'
  // One statement a filter: with `or` in them the planner would walk all guests to find the accounts among them.
  const [name, text, ...values] =
    tag !== null
      ? ['tagged', `${page} and id in (select person_id from customers.account where tags @> array[$3::text])`, tag]
      : kind === 'account'
        ? ['accounts', `${page} and kind = 'account'`]
        : kind === 'guest'
          ? ['guests', `${page} and kind = 'guest'`]
          : ['all', page]
  return source.rows({
    name: `customers.list_people_${name}`,
    text: `select ${personColumns} from customers.person ${text} order by id desc limit $2`,
    values: [before, limit, ...values],
  })
}

/** People with any of the e-mail hashes or any of the phone hashes, newest first. */
export function findPersonRows(
  source: Queryable,
  {
    emailHashes,
    phoneHashes,
    limit,
  }: {
    readonly emailHashes: readonly Buffer[]
    readonly phoneHashes: readonly Buffer[]
    readonly limit: number
  },
): Promise<PersonRow[]> {
  return source.rows({
    name: 'customers.find_people',
    text: `select ${personColumns} from customers.person
            where email_hash = any($1::bytea[]) or phone_hash = any($2::bytea[]) order by id desc limit $3`,
    values: [byteaArray(emailHashes), byteaArray(phoneHashes), limit],
  })
}

export async function hasAccount(source: Queryable, emailHashes: readonly Buffer[]): Promise<boolean> {
  const rows = await source.rows({
    name: 'customers.has_account',
    text: "select from customers.person where kind = 'account' and email_hash = any($1::bytea[]) limit 1",
    values: [byteaArray(emailHashes)],
  })
  return rows.length > 0
}

/** The accounts with one of these e-mails, in id order. */
export async function findAccountIds(source: Queryable, emailHashes: readonly Buffer[]): Promise<Id<'person'>[]> {
  const rows = await source.rows<{ id: Id<'person'> }>({
    name: 'customers.find_account_ids',
    text: `select id from customers.person where kind = 'account' and email_hash = any($1::bytea[]) order by id`,
    values: [byteaArray(emailHashes)],
  })
  return rows.map(({ id }) => id)
}

/** Accounts in the order of their ids, erased ones too. @param after  null for the first page */
export async function walkAccountIds(
  source: Queryable,
  { after, limit }: { readonly after: Id<'person'> | null; readonly limit: number },
): Promise<Id<'person'>[]> {
  const rows = await source.rows<{ id: Id<'person'> }>({
    name: 'customers.walk_accounts',
    text: `select id from customers.person
            where kind = 'account' and ($1::uuid is null or id > $1) order by id limit $2`,
    values: [after, limit],
  })
  return rows.map(({ id }) => id)
}

export interface SealedContact {
  readonly id: Id<'person'>
  readonly vault: Buffer
  readonly emailHash: Buffer | null
  readonly phoneHash: Buffer | null
}

export function updateContacts(tx: Tx, contacts: readonly SealedContact[]): void {
  tx.send({
    name: 'customers.update_contacts',
    text: `update customers.person
              set vault = changed.vault, email_hash = changed.email_hash, phone_hash = changed.phone_hash
             from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[])
               as changed (id, vault, email_hash, phone_hash)
            where person.id = changed.id`,
    values: [
      plainArray(contacts.map((contact) => contact.id)),
      byteaArray(contacts.map((contact) => contact.vault)),
      byteaArray(contacts.map((contact) => contact.emailHash)),
      byteaArray(contacts.map((contact) => contact.phoneHash)),
    ],
  })
}

const addressColumns = `address.id, address.person_id, address.country, address.region, address.vault,
                  person.key_version, person.wrapped_key`

export function readAddressRows(source: Queryable, ids: readonly Id<'address'>[]): Promise<AddressRow[]> {
  return source.rows({
    name: 'customers.read_addresses',
    text: `select ${addressColumns}
             from customers.address join customers.person on person.id = address.person_id
            where address.id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** A person's addresses, newest first. */
export function readAddressRowsOf(source: Queryable, personId: Id<'person'>): Promise<AddressRow[]> {
  return source.rows({
    name: 'customers.read_addresses_of',
    text: `select ${addressColumns}
             from customers.address join customers.person on person.id = address.person_id
            where address.person_id = $1 order by address.id desc`,
    values: [personId],
  })
}

/** Takes away the key, what it opened, what the person could be found by, and what was written about them. */
export function erasePersonRow(tx: Tx, id: Id<'person'>): void {
  tx.send({
    name: 'customers.erase_person',
    text: `update customers.person
              set wrapped_key = null, vault = null, email_hash = null, phone_hash = null, erased_at = $2::timestamptz
            where id = $1`,
    values: [id, formatInstant(tx.at)],
  })
  tx.send({
    name: 'customers.erase_addresses',
    text: 'update customers.address set vault = null, listed = false where person_id = $1',
    values: [id],
  })
  tx.send({ name: 'customers.erase_notes', text: 'delete from customers.note where person_id = $1', values: [id] })
}

/** The array literal of byte strings; hexadecimal needs no further escaping. */
function byteaArray(values: readonly (Buffer | null)[]): string {
  return `{${values.map((value) => (value === null ? 'null' : `"\\\\x${value.toString('hex')}"`)).join(',')}}`
}
