import type { Id } from '../../kernel/id.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import { changeGuests, type ChangedGuest, type GuestChange } from './change-guests.ts'
import { createAccount, type CreateAccountOutcome, type NewAccount } from './create-account.ts'
import { erasePerson } from './erase-person.ts'
import { KeyRing, type MasterKey } from './key-ring.ts'
import type { Person, PersonAddress } from './person.ts'
import {
  findPeople,
  listPeople,
  readAddresses,
  readAddressesOf,
  readPeople,
  type ContactSearch,
} from './read-people.ts'
import {
  recordPeople,
  recordSealed,
  sealPeople,
  type NewPerson,
  type RecordedPerson,
  type SealedNewPerson,
} from './record-people.ts'

/** Who buys. Only this room can read what people told of themselves; everybody else holds their ids. */
export interface Customers {
  /** See `recordPeople`: sends its statements at once and needs no waiting. */
  recordPeople(tx: Tx, people: readonly NewPerson[]): RecordedPerson[]
  /** See `sealPeople`: before taking locks. */
  sealPeople(people: readonly NewPerson[]): SealedNewPerson[]
  recordSealed(tx: Tx, sealed: readonly SealedNewPerson[]): void
  changeGuests(tx: Tx, changes: readonly GuestChange[]): Promise<ChangedGuest[]>
  createAccount(tx: Tx, actor: string, account: NewAccount): Promise<CreateAccountOutcome>
  /** @returns false when there is no such person */
  erasePerson(tx: Tx, command: { readonly actor: string; readonly id: Id<'person'> }): Promise<boolean>
  /** Who does not exist is left out, who is erased comes with nulls. */
  readPeople(source: Queryable, ids: readonly Id<'person'>[]): Promise<Map<Id<'person'>, Person>>
  readAddresses(source: Queryable, ids: readonly Id<'address'>[]): Promise<Map<Id<'address'>, PersonAddress>>
  /** Newest first. */
  readAddressesOf(source: Queryable, id: Id<'person'>): Promise<PersonAddress[]>
  /** Newest first. */
  findPeople(source: Queryable, search: ContactSearch, limit: number): Promise<Person[]>
  /** Newest first. @param page.before  the last person of the page before, null for the first page */
  listPeople(page: { readonly before: Id<'person'> | null; readonly limit: number }): Promise<Person[]>
}

export function openCustomers({
  db,
  masterKeys,
}: {
  readonly db: Db
  readonly masterKeys: readonly MasterKey[]
}): Customers {
  const keys = new KeyRing(masterKeys)
  return {
    recordPeople: (tx, people) => recordPeople(tx, keys, people),
    sealPeople: (people) => sealPeople(keys, people),
    recordSealed,
    changeGuests: (tx, changes) => changeGuests(tx, keys, changes),
    createAccount: (tx, actor, account) => createAccount(tx, keys, actor, account),
    erasePerson,
    readPeople: (source, ids) => readPeople(source, keys, ids),
    readAddresses: (source, ids) => readAddresses(source, keys, ids),
    readAddressesOf: (source, id) => readAddressesOf(source, keys, id),
    findPeople: (source, search, limit) => findPeople(source, keys, search, limit),
    listPeople: (page) => listPeople(db, keys, page),
  }
}
