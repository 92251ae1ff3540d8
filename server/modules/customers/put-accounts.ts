import { isDeepStrictEqual } from 'node:util'
import type { Id } from '../../kernel/id.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { readAccountRows, type AccountRow } from './accounts.sql.ts'
import { addAddress, ADDRESSES_MAX, chooseDefaultAddress, readAddressBook } from './address-book.ts'
import { checkAddress, tidyAddress, type Address } from './address.ts'
import { isTag } from './check-segment.ts'
import { normaliseEmail, normalisePhone } from './contact.ts'
import { createAccount } from './create-account.ts'
import { findAccountIds, lockPersonRows, readAddressRows, readPersonRows } from './customers.sql.ts'
import { editAccount, type AccountChanges } from './edit-account.ts'
import type { KeyRing } from './key-ring.ts'
import type { Person, PersonAddress } from './person.ts'
import { openAddress, openPerson } from './seal-person.ts'

/** What a file says of one account, by its e-mail; what is left out stays, null takes away. */
export interface AccountEntry {
  readonly email: string
  readonly name?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly locale?: string | null | undefined
  readonly tags?: readonly string[] | undefined
  readonly taxId?: string | null | undefined
  readonly taxExempt?: boolean | undefined
  readonly taxExemptUntil?: Instant | null | undefined
  /** Their default from now on. */
  readonly address?: Address | undefined
}

/** `field` is a name of the entry's, or `address.line1`. */
export interface EntryProblem {
  readonly field: string
  readonly code: string
  readonly message: string
}

export type PutAccountOutcome =
  | { readonly kind: 'created' | 'changed' | 'unchanged' }
  | { readonly kind: 'refused'; readonly problems: readonly EntryProblem[] }

/** An account with what a file tells of it. */
export interface FlatAccount {
  readonly person: Person
  readonly account: AccountRow
  readonly defaultAddress: PersonAddress | null
}

const TAGS_MAX = 50
const LOCALE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/

/**
 * Adds and changes accounts by e-mail, some hundreds a call; rows with problems are left out, the others go in. Said
 * again, nothing is changed. A new account's owner still has to prove the e-mail.
 *
 * @param dryRun  tells what would become of each, and writes nothing
 * @returns one outcome an entry, in the order given
 */
export async function putAccounts(
  tx: Tx,
  keys: KeyRing,
  {
    actor,
    entries,
    dryRun,
  }: { readonly actor: string; readonly entries: readonly AccountEntry[]; readonly dryRun: boolean },
): Promise<PutAccountOutcome[]> {
  const accounts = await readByEmail(tx, keys, { entries, lock: !dryRun })
  const decided = entries.map((entry) => decide(entry, accounts.get(normaliseEmail(entry.email) ?? ''), tx.at))
  if (dryRun) return decided.map(({ outcome }) => outcome)
  // All at once: their statements travel together, and those of one person stay in their order.
  return Promise.all(
    decided.map(async ({ outcome, work }) => (work === null ? outcome : carryOut(tx, keys, actor, work))),
  )
}

interface Work {
  readonly entry: AccountEntry
  /** Null when the account is new. */
  readonly before: FlatAccount | null
  readonly changes: AccountChanges
  readonly address: Address | null
}

interface Decided {
  readonly outcome: PutAccountOutcome
  readonly work: Work | null
}

function decide(entry: AccountEntry, before: FlatAccount | undefined, at: Instant): Decided {
  const problems: EntryProblem[] = []
  const refuse = (field: string, code: string, message: string): void => void problems.push({ field, code, message })
  const changes = changesOf(entry, before)
  const address = entry.address === undefined ? null : tidyAddress(entry.address)
  const isNewAddress = address !== null && !isSameAddress(address, before?.defaultAddress?.address ?? null)

  if (normaliseEmail(entry.email) === null) refuse('email', 'email_invalid', 'This is not an e-mail address.')
  if (!isLine(changes.name, 200)) refuse('name', 'not_a_line', 'A name is one line of at most 200 characters.')
  if (!isLine(changes.taxId, 40)) refuse('taxId', 'not_a_line', 'This is more than a line of 40 characters.')
  if (isGiven(changes.phone) && normalisePhone(changes.phone, null) === null) {
    refuse('phone', 'phone_invalid', 'A telephone number begins with a plus and the code of its country.')
  }
  if (isGiven(changes.locale) && !LOCALE.test(changes.locale)) {
    refuse('locale', 'not_a_locale', 'A locale looks like en or en-US.')
  }
  if (changes.tags?.every(isTag) === false || (changes.tags?.length ?? 0) > TAGS_MAX) {
    refuse('tags', 'tag_invalid', `Tags are small letters and digits with dashes between; at most ${TAGS_MAX}.`)
  }
  const isExempt = changes.taxExempt ?? before?.account.tax_exempt ?? false
  const until = changes.taxExemptUntil ?? null
  if (until !== null && !isExempt) {
    refuse('taxExemptUntil', 'tax_exemption_missing', 'Who is not exempt is not so until a time.')
  } else if (until !== null && until <= at) refuse('taxExemptUntil', 'tax_exemption_over', 'This time is over.')
  if (isNewAddress) {
    for (const { field, problem } of checkAddress(address)) {
      const message =
        problem === 'elsewhere'
          ? 'The postal code does not lie in this region.'
          : `As part of the address this is ${problem.replace('_', ' ')}.`
      refuse(`address.${field}`, `address_${problem}`, message)
    }
  }
  if (problems.length > 0) return { outcome: { kind: 'refused', problems }, work: null }
  const isChanged = Object.keys(changes).length > 0 || isNewAddress
  if (before !== undefined && !isChanged) return { outcome: { kind: 'unchanged' }, work: null }
  const work = { entry, before: before ?? null, changes, address: isNewAddress ? address : null }
  return { outcome: { kind: before === undefined ? 'created' : 'changed' }, work }
}

/** What the entry says otherwise than the account has it: only that is judged and written. */
function changesOf(entry: AccountEntry, before: FlatAccount | undefined): AccountChanges {
  const { name = null, phone = null, taxId = null } = before?.person ?? {}
  const { locale = null, tags = [], tax_exempt = false, tax_exempt_until = null } = before?.account ?? {}
  const is = { name, phone, taxId, locale, tags, taxExempt: tax_exempt, taxExemptUntil: tax_exempt_until }
  const wanted = { ...entry, tags: entry.tags && [...new Set(entry.tags)].toSorted() }
  const isOver = wanted.taxExempt === false && (wanted.taxExemptUntil ?? null) === null
  return Object.fromEntries(
    (Object.keys(is) as (keyof typeof is)[]).flatMap((field) => {
      // Ends with the exemption, without being told.
      if (field === 'taxExemptUntil' && isOver) return []
      const value = wanted[field]
      return value === undefined || isDeepStrictEqual(value, is[field]) ? [] : [[field, value]]
    }),
  )
}

async function carryOut(
  tx: Tx,
  keys: KeyRing,
  actor: string,
  { entry, before, changes, address }: Work,
): Promise<PutAccountOutcome> {
  if (before !== null) return change(tx, keys, actor, { before, changes, address })
  const { name, phone, locale, ...rest } = changes
  const created = await createAccount(tx, keys, actor, {
    email: entry.email,
    name: name ?? undefined,
    phone: phone ?? undefined,
    locale: locale ?? undefined,
    address: address ?? undefined,
  })
  if (created.kind === 'refused') {
    // Somebody signed up in this moment: said again, it is a change of theirs.
    invariant(created.refusal.code === 'email_taken', 'an entry that was judged can be created')
    const problem = {
      field: 'email',
      code: 'email_taken',
      message: 'The account was made a moment ago: hand it in again.',
    }
    return { kind: 'refused', problems: [problem] }
  }
  if (Object.keys(rest).length > 0) {
    const edited = await editAccount(tx, keys, { actor, id: created.personId, seenVersion: 1, changes: rest })
    invariant(edited.kind === 'edited', 'an account made a moment ago can be edited')
  }
  return { kind: 'created' }
}

async function change(
  tx: Tx,
  keys: KeyRing,
  actor: string,
  {
    before: { person },
    changes,
    address,
  }: { readonly before: FlatAccount; readonly changes: AccountChanges; readonly address: Address | null },
): Promise<PutAccountOutcome> {
  const { id } = person
  const book = address === null ? [] : await readAddressBook(tx, keys, id)
  const listed = address === null ? undefined : book.find((each) => isSameAddress(address, each.address))
  if (address !== null && listed === undefined && book.length >= ADDRESSES_MAX) {
    const message = `The address book is full: it holds ${ADDRESSES_MAX}.`
    return { kind: 'refused', problems: [{ field: 'address.line1', code: 'too_many_addresses', message }] }
  }
  // From here on it goes in: its row is locked, and it was judged as it is.
  if (Object.keys(changes).length > 0) {
    const edited = await editAccount(tx, keys, { actor, id, seenVersion: person.version, changes })
    invariant(edited.kind === 'edited', 'an entry that was judged can be written')
  }
  if (address !== null) {
    const chosen = listed?.id ?? (await addJudged(tx, keys, { actor, personId: id, address }))
    const isChosen = await chooseDefaultAddress(tx, keys, { actor, personId: id, id: chosen })
    invariant(isChosen, 'an address of the book is chosen')
  }
  return { kind: 'changed' }
}

async function addJudged(
  tx: Tx,
  keys: KeyRing,
  command: { readonly actor: string; readonly personId: Id<'person'>; readonly address: Address },
): Promise<Id<'address'>> {
  const added = await addAddress(tx, keys, command)
  invariant(added.kind === 'added', 'an address that was judged can be added')
  return added.addressId
}

/** Accounts with what a file tells of them, by normalised e-mail. */
async function readByEmail(
  tx: Tx,
  keys: KeyRing,
  { entries, lock }: { readonly entries: readonly AccountEntry[]; readonly lock: boolean },
): Promise<Map<string, FlatAccount>> {
  const hashes = entries.flatMap(({ email }) => {
    const normal = normaliseEmail(email)
    return normal === null ? [] : keys.hashes('email', normal)
  })
  const ids = await findAccountIds(tx, hashes)
  // In the order of their ids, so that two files at once wait for each other and never in a circle.
  if (lock) await lockPersonRows(tx, ids)
  const accounts = await readFlatAccounts(tx, keys, ids)
  return new Map(accounts.map((each) => [normaliseEmail(each.person.email ?? '') ?? '', each]))
}

/** Accounts by id, without those that are erased. */
export async function readFlatAccounts(
  source: Queryable,
  keys: KeyRing,
  ids: readonly Id<'person'>[],
): Promise<FlatAccount[]> {
  const [people, accountRows] = await Promise.all([readPersonRows(source, ids), readAccountRows(source, ids)])
  const addressIds = accountRows.flatMap(({ default_address }) => default_address ?? [])
  const addresses = new Map((await readAddressRows(source, addressIds)).map((row) => [row.id, openAddress(keys, row)]))
  const rowById = new Map(people.map((row) => [row.id, row]))
  return accountRows.flatMap((account) => {
    const row = rowById.get(account.person_id)
    if (row === undefined || row.erased_at !== null) return []
    const defaultAddress = account.default_address === null ? null : (addresses.get(account.default_address) ?? null)
    return [{ person: openPerson(keys, row), account, defaultAddress }]
  })
}

function isSameAddress(wanted: Address, is: Address | null): boolean {
  if (is === null) return false
  return fieldsOf(tidyAddress(wanted)) === fieldsOf(is)
}

function fieldsOf({ name, line1, line2, city, region, postalCode, country, phone }: Address): string {
  return JSON.stringify([name, line1, line2 ?? '', city, region ?? '', postalCode, country, phone ?? ''])
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined
}

function isLine(text: string | null | undefined, charactersMax: number): boolean {
  return !isGiven(text) || (text.length <= charactersMax && !/[\p{Cc}\u2028\u2029]/u.test(text))
}
