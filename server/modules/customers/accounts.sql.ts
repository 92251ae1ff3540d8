import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { PersonRow } from './customers.sql.ts'

/** What an account has beyond a person. */
export interface AccountRow {
  readonly person_id: Id<'person'>
  readonly email_verified_at: Instant | null
  readonly password_hash: string | null
  readonly locale: string | null
  readonly default_address: Id<'address'> | null
  readonly tags: readonly string[]
  readonly tax_exempt: boolean
  readonly tax_exempt_until: Instant | null
}

const accountColumns = `account.person_id, account.email_verified_at, account.password_hash, account.locale,
                  account.default_address, account.tags, account.tax_exempt, account.tax_exempt_until`

export function readAccountRows(source: Queryable, ids: readonly Id<'person'>[]): Promise<AccountRow[]> {
  return source.rows({
    name: 'customers.read_accounts',
    text: `select ${accountColumns} from customers.account where person_id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

/** Whether an account has an e-mail that nobody has proved to be theirs. */
export async function hasUnprovedEmail(source: Queryable, personId: Id<'person'>): Promise<boolean> {
  const rows = await source.rows({
    name: 'customers.read_unproved_email',
    text: `select 1 from customers.account join customers.person on person.id = account.person_id
            where account.person_id = $1 and person.email_hash is not null and account.email_verified_at is null`,
    values: [personId],
  })
  return rows.length > 0
}

/** The account of an e-mail that was not erased, with its person. */
export async function findAccountByEmail(
  source: Queryable,
  emailHashes: readonly Buffer[],
): Promise<(AccountRow & PersonRow) | undefined> {
  const rows = await source.rows<AccountRow & PersonRow>({
    name: 'customers.find_account_by_email',
    text: `select person.id, person.kind, person.key_version, person.wrapped_key, person.vault, person.version,
                  person.created_at, person.erased_at, person.merged_into, ${accountColumns}
             from customers.person join customers.account on account.person_id = person.id
            where person.kind = 'account' and person.email_hash = any($1::bytea[])`,
    values: [emailHashes],
  })
  return rows[0]
}

export function insertAccountRow(tx: Tx, account: Omit<AccountRow, 'tags' | 'tax_exempt' | 'tax_exempt_until'>): void {
  tx.send({
    name: 'customers.insert_account_row',
    text: `insert into customers.account (person_id, email_verified_at, password_hash, locale, default_address)
           values ($1, $2, $3, $4, $5)`,
    values: [
      account.person_id,
      instant(account.email_verified_at),
      account.password_hash,
      account.locale,
      account.default_address,
    ],
  })
}

/** Writes all of an account's row, under its person's lock. */
export function updateAccountRow(tx: Tx, account: AccountRow): void {
  tx.send({
    name: 'customers.update_account',
    text: `update customers.account
              set email_verified_at = $2, password_hash = $3, locale = $4, default_address = $5, tags = $6,
                  tax_exempt = $7, tax_exempt_until = $8
            where person_id = $1`,
    values: [
      account.person_id,
      instant(account.email_verified_at),
      account.password_hash,
      account.locale,
      account.default_address,
      account.tags,
      account.tax_exempt,
      instant(account.tax_exempt_until),
    ],
  })
}

/** Counts an event that tells of this person; its row is locked. */
export function raisePersonVersion(tx: Tx, id: Id<'person'>, version: number): void {
  tx.send({
    name: 'customers.raise_person_version',
    text: 'update customers.person set version = $2 where id = $1',
    values: [id, version],
  })
}

/** Marks an address for the address book, or takes it out. @returns whether the person has this address */
export async function listAddressRow(
  tx: Tx,
  { id, personId, listed }: { readonly id: Id<'address'>; readonly personId: Id<'person'>; readonly listed: boolean },
): Promise<boolean> {
  const changed = await tx.execute({
    name: 'customers.list_address',
    text: 'update customers.address set listed = $3 where id = $1 and person_id = $2',
    values: [id, personId, listed],
  })
  return changed === 1
}

/** Empties a person's book; orders that name its addresses keep them. @returns how many were in it */
export function unlistAddressRows(tx: Tx, personId: Id<'person'>): Promise<number> {
  return tx.execute({
    name: 'customers.unlist_addresses',
    text: 'update customers.address set listed = false where person_id = $1 and listed',
    values: [personId],
  })
}

/** The ids of the addresses in a person's book, newest first. */
export async function readListedAddressIds(source: Queryable, personId: Id<'person'>): Promise<Id<'address'>[]> {
  const rows = await source.rows<{ id: Id<'address'> }>({
    name: 'customers.read_listed_addresses',
    text: 'select id from customers.address where person_id = $1 and listed order by id desc',
    values: [personId],
  })
  return rows.map(({ id }) => id)
}

export interface NoteRow {
  readonly id: Id<'customerNote'>
  readonly author: string
  readonly vault: Buffer | null
  readonly created_at: Instant
}

export function insertNote(
  tx: Tx,
  note: {
    readonly id: Id<'customerNote'>
    readonly personId: Id<'person'>
    readonly author: string
    readonly vault: Buffer
  },
): void {
  tx.send({
    name: 'customers.insert_note',
    text: 'insert into customers.note (id, person_id, author, vault, created_at) values ($1, $2, $3, $4, $5)',
    values: [note.id, note.personId, note.author, note.vault, formatInstant(tx.at)],
  })
}

/** Newest first; notes are few and bounded by whoever writes them. */
export function readNoteRows(source: Queryable, personId: Id<'person'>): Promise<NoteRow[]> {
  return source.rows({
    name: 'customers.read_notes',
    text: 'select id, author, vault, created_at from customers.note where person_id = $1 order by id desc',
    values: [personId],
  })
}

/** Takes away how an erased account could be entered, and what the merchant called it. */
export function eraseAccountRows(tx: Tx, personId: Id<'person'>): void {
  const values = [personId]
  tx.send({
    name: 'customers.erase_account',
    text: `update customers.account
              set password_hash = null, locale = null, default_address = null, tags = '{}', tax_exempt = false,
                  tax_exempt_until = null
            where person_id = $1`,
    values,
  })
  tx.send({ name: 'customers.erase_logins', text: 'delete from customers.login where person_id = $1', values })
  tx.send({ name: 'customers.erase_sessions', text: 'delete from customers.session where person_id = $1', values })
  tx.send({ name: 'customers.erase_messages', text: 'delete from customers.message where person_id = $1', values })
}

/** The guests that turned out to be this account's owner. */
export async function readMergedGuests(source: Queryable, accountId: Id<'person'>): Promise<Id<'person'>[]> {
  const rows = await source.rows<{ id: Id<'person'> }>({
    name: 'customers.read_merged_guests',
    text: 'select id from customers.person where merged_into = $1 order by id',
    values: [accountId],
  })
  return rows.map(({ id }) => id)
}

/**
 * Gives guests with the account's e-mail to it. Of two merges at once one finds the guests taken.
 * @returns the guests that this call merged, at most `limit`
 */
export async function mergeGuestRows(
  tx: Tx,
  {
    accountId,
    emailHashes,
    limit,
  }: { readonly accountId: Id<'person'>; readonly emailHashes: readonly Buffer[]; readonly limit: number },
): Promise<Id<'person'>[]> {
  const rows = await tx.rows<{ id: Id<'person'> }>({
    name: 'customers.merge_guests',
    text: `update customers.person set merged_into = $1, merged_at = $4
            where id in (select id from customers.person
                          where email_hash = any($2::bytea[]) and kind = 'guest' and merged_into is null
                          order by id limit $3 for update)
              and merged_into is null
           returning id`,
    values: [accountId, emailHashes, limit, formatInstant(tx.at)],
  })
  return rows.map(({ id }) => id).toSorted()
}

/** Whose account each of these people is, or was merged into; guests of their own are left out. */
export async function readAccountsOf(
  source: Queryable,
  ids: readonly Id<'person'>[],
): Promise<Map<Id<'person'>, Id<'person'>>> {
  const rows = await source.rows<{ id: Id<'person'>; account_id: Id<'person'> }>({
    name: 'customers.read_accounts_of',
    text: `select id, case kind when 'account' then id else merged_into end as account_id
             from customers.person where id = any($1::uuid[]) and (kind = 'account' or merged_into is not null)`,
    values: [plainArray(ids)],
  })
  return new Map(rows.map(({ id, account_id }) => [id, account_id]))
}

export function instant(at: Instant | null): string | null {
  return at === null ? null : formatInstant(at)
}
