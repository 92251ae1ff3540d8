import { newId, type Id } from '../../kernel/id.ts'
import type { Db } from '../../platform/db.ts'
import type { Customers } from '../customers/index.ts'
import { inParts } from './in-parts.ts'
import { insertKnownCustomers, readKnownCustomers } from './integrations.sql.ts'

/** Sealing takes 20 µs a person, which a transaction waits for. */
const PEOPLE_PER_COMMAND = 1_000

/** The person of each of the file's customer numbers. */
export type PeopleByReference = ReadonlyMap<string, Id<'person'>>

/**
 * Finds the people whom a kind of file calls by numbers, and records those it names for the first time: without a
 * name, for the file tells none, but the same person on all their orders.
 */
export async function introduceRetailCustomers(
  { db, customers }: { readonly db: Db; readonly customers: Pick<Customers, 'recordPeople'> },
  kind: string,
  references: readonly string[],
): Promise<PeopleByReference> {
  const known = new Set((await readKnownCustomers(db, kind, references)).map(({ reference }) => reference))
  const missing = references.filter((reference) => !known.has(reference))
  for (const part of inParts(missing, PEOPLE_PER_COMMAND)) {
    await db.inTransaction(async (tx) => {
      const wanted = part.map((reference) => ({ reference, personId: newId<'person'>() }))
      const added = await insertKnownCustomers(tx, kind, wanted)
      customers.recordPeople(
        tx,
        added.map(({ personId }) => ({ id: personId, kind: 'guest' })),
      )
    })
  }
  const people = await readKnownCustomers(db, kind, references)
  return new Map(people.map(({ reference, personId }) => [reference, personId]))
}
