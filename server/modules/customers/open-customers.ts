import type { Id } from '../../kernel/id.ts'
import { addMs, DAY_MS, type Instant } from '../../kernel/time.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import type { AuthenticateCustomer } from '../../platform/http/index.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import { readAccountsOf, readMergedGuests } from './accounts.sql.ts'
import { addAddresses, type SentTo } from './add-addresses.ts'
import type { Address } from './address.ts'
import { keepAddress } from './address-book.ts'
import { readBuyers, type Buyer, type BuyerQuestion, type SegmentBook } from './buyers.ts'
import { changeGuests, type ChangedGuest, type GuestChange } from './change-guests.ts'
import { recordConsent, type NewConsent, type RecordConsentOutcome } from './consents.ts'
import { createAccount, type CreateAccountOutcome, type NewAccount } from './create-account.ts'
import { editAccount, type AccountChanges, type EditAccountOutcome } from './edit-account.ts'
import { erasePerson } from './erase-person.ts'
import { KeyRing, type MasterKey } from './key-ring.ts'
import { mergeGuests, type MergeGuestsOutcome } from './merge-guests.ts'
import { Passwords } from './password.ts'
import type { Person, PersonAddress } from './person.ts'
import type { IdentityProviders, SessionTokens } from './ports.ts'
import {
  putAccounts,
  readFlatAccounts,
  type AccountEntry,
  type FlatAccount,
  type PutAccountOutcome,
} from './put-accounts.ts'
import {
  findPeople,
  listPeople,
  readAddresses,
  readAddressesOf,
  readPeople,
  type ContactSearch,
  type PeoplePage,
} from './read-people.ts'
import { recogniseCustomer } from './recognise-customer.ts'
import {
  recordPeople,
  recordSealed,
  sealPeople,
  type NewPerson,
  type RecordedPerson,
  type SealedNewPerson,
} from './record-people.ts'
import { makeFileVault, openFileVault, type FileVault, type NewFileVault, type WrappedFileKey } from './sealed-files.ts'
import { createSegment, type CreateSegmentOutcome, type NewSegment } from './save-segment.ts'
import { readSegmentRows } from './segments.sql.ts'
import { deleteOldSignIns } from './sign-in.sql.ts'

/** Who buys. Only this room can read what people told of themselves; everybody else holds their ids. */
export interface Customers {
  /** See `recordPeople`: sends its statements at once and needs no waiting. */
  recordPeople(tx: Tx, people: readonly NewPerson[]): RecordedPerson[]
  /** See `sealPeople`: before taking locks. */
  sealPeople(people: readonly NewPerson[]): SealedNewPerson[]
  recordSealed(tx: Tx, sealed: readonly SealedNewPerson[]): void
  changeGuests(tx: Tx, changes: readonly GuestChange[]): Promise<ChangedGuest[]>
  /** See `addAddresses`: for guests and accounts. */
  addAddresses(tx: Tx, sent: readonly SentTo[]): Promise<(Id<'address'> | null)[]>
  createAccount(tx: Tx, actor: string | null, account: NewAccount): Promise<CreateAccountOutcome>
  /** See `putAccounts`: some hundreds a call. */
  putAccounts(
    tx: Tx,
    command: { readonly actor: string; readonly entries: readonly AccountEntry[]; readonly dryRun: boolean },
  ): Promise<PutAccountOutcome[]>
  /** Accounts that are not erased, by id; who is not one is left out. */
  readFlatAccounts(source: Queryable, ids: readonly Id<'person'>[]): Promise<FlatAccount[]>
  editAccount(
    tx: Tx,
    command: {
      readonly actor: string | null
      readonly id: Id<'person'>
      readonly seenVersion: number
      readonly changes: AccountChanges
    },
  ): Promise<EditAccountOutcome>
  /** @returns false when there is no such person */
  erasePerson(tx: Tx, command: { readonly actor: string; readonly id: Id<'person'> }): Promise<boolean>
  /** Who does not exist is left out, who is erased comes with nulls. */
  readPeople(source: Queryable, ids: readonly Id<'person'>[]): Promise<Map<Id<'person'>, Person>>
  readAddresses(source: Queryable, ids: readonly Id<'address'>[]): Promise<Map<Id<'address'>, PersonAddress>>
  /** Newest first. */
  readAddressesOf(source: Queryable, id: Id<'person'>): Promise<PersonAddress[]>
  /** Newest first. */
  findPeople(source: Queryable, search: ContactSearch, limit: number): Promise<Person[]>
  /** Newest first. */
  listPeople(page: PeoplePage): Promise<Person[]>

  /** Whose account a customer's token opens. See `recogniseCustomer`. */
  readonly authenticateCustomer: AuthenticateCustomer
  /** Under whose ids an account's orders and carts stand: its own, and those of the guests merged into it. */
  readIdsOf(source: Queryable, accountId: Id<'person'>): Promise<Id<'person'>[]>
  /** Whose account each of these people is or was merged into; guests of their own are left out. */
  readAccountsOf(source: Queryable, ids: readonly Id<'person'>[]): Promise<Map<Id<'person'>, Id<'person'>>>
  mergeGuests(
    tx: Tx,
    command: { readonly actor: string | null; readonly accountId: Id<'person'> },
  ): Promise<MergeGuestsOutcome>
  /** See `keepAddress`: where an order of an account goes. */
  keepAddress(
    tx: Tx,
    command: { readonly personId: Id<'person'>; readonly address: Address },
  ): Promise<Id<'address'> | null>
  recordConsent(
    tx: Tx,
    command: { readonly actor: string | null; readonly personId: Id<'person'>; readonly consent: NewConsent },
  ): Promise<RecordConsentOutcome>

  /** The segments as the database holds them at `revision` of this room or later. */
  segmentBookAt(source: Queryable, revision: bigint): Promise<SegmentBook>
  /** The same as the database holds it now: asks for the revision first. */
  currentSegmentBook(source?: Queryable): Promise<SegmentBook>
  createSegment(tx: Tx, command: { readonly actor: string; readonly fields: NewSegment }): Promise<CreateSegmentOutcome>
  /** What prices, assortments and taxes need of buyers, in the order asked. See `readBuyers`. */
  buyersAt(
    source: Queryable,
    revision: bigint,
    asked: { readonly questions: readonly BuyerQuestion[]; readonly at: Instant },
  ): Promise<Buyer[]>

  /** See `makeFileVault`: for files of other rooms that may hold personal data. */
  makeFileVault(id: string): NewFileVault
  openFileVault(id: string, key: WrappedFileKey): FileVault

  /** For this room's own routes. */
  readonly inner: CustomersInner
}

export interface CustomersInner {
  readonly db: Db
  readonly keys: KeyRing
  readonly passwords: Passwords
  readonly tokens: SessionTokens
}

export interface CustomersDeps {
  readonly db: Db
  readonly masterKeys: readonly MasterKey[]
  readonly tokens: SessionTokens
  readonly providers: IdentityProviders
}

export function openCustomers({ db, masterKeys, tokens, providers }: CustomersDeps): Customers {
  const keys = new KeyRing(masterKeys)
  const inner: CustomersInner = { db, keys, tokens, passwords: new Passwords() }
  const books = new RevisionedBook(loadSegments)
  return {
    recordPeople: (tx, people) => recordPeople(tx, keys, people),
    sealPeople: (people) => sealPeople(keys, people),
    recordSealed,
    changeGuests: (tx, changes) => changeGuests(tx, keys, changes),
    addAddresses: (tx, sent) => addAddresses(tx, keys, sent),
    createAccount: (tx, actor, account) => createAccount(tx, keys, actor, account),
    putAccounts: (tx, command) => putAccounts(tx, keys, command),
    readFlatAccounts: (source, ids) => readFlatAccounts(source, keys, ids),
    editAccount: (tx, command) => editAccount(tx, keys, command),
    erasePerson,
    readPeople: (source, ids) => readPeople(source, keys, ids),
    readAddresses: (source, ids) => readAddresses(source, keys, ids),
    readAddressesOf: (source, id) => readAddressesOf(source, keys, id),
    findPeople: (source, search, limit) => findPeople(source, keys, search, limit),
    listPeople: (page) => listPeople(db, keys, page),
    authenticateCustomer: (head, token) => recogniseCustomer({ db, keys, tokens, providers }, head, token),
    readIdsOf: async (source, accountId) => [accountId, ...(await readMergedGuests(source, accountId))],
    readAccountsOf,
    mergeGuests: (tx, command) => mergeGuests(tx, keys, command),
    keepAddress: (tx, command) => keepAddress(tx, keys, command),
    recordConsent,
    segmentBookAt: (source, revision) => books.at(source, revision),
    currentSegmentBook: async (source = db) => books.at(source, (await readRevisions(source)).customers),
    createSegment,
    buyersAt: async (source, revision, asked) => readBuyers(source, keys, await books.at(source, revision), asked),
    makeFileVault: (id) => makeFileVault(keys, id),
    openFileVault: (id, key) => openFileVault(keys, id, key),
    inner,
  }
}

async function loadSegments(source: Queryable): Promise<SegmentBook> {
  const segments = await readSegmentRows(source)
  return { segments, byId: new Map(segments.map((segment) => [segment.id, segment])) }
}

/** How long ended sessions, spent tokens and old failures are kept: long enough to answer a complaint. */
const KEPT_MS = 30 * DAY_MS

/** Forgets who signed in long ago. @returns how many of the kind with the most; a full batch means that there are more */
export function forgetOldSignIns(db: Db, limit: number): Promise<number> {
  return db.inTransaction((tx) => deleteOldSignIns(tx, { before: addMs(tx.wallAt, -KEPT_MS), limit }))
}
