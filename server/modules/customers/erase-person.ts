import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { tellOf } from './account.ts'
import { eraseAccountRows, readMergedGuests } from './accounts.sql.ts'
import { erasePersonRow, lockPersonRows } from './customers.sql.ts'

/**
 * Makes a person unreadable: the key to their data, the data and what they could be found by are taken away, and with
 * an account also the ways into it and the guests that were merged into it. Orders keep their ids, countries and
 * regions, so the books stay whole; what they consented to stays as evidence, under the id only. Done again, it changes
 * nothing.
 *
 * @returns false when there is no such person
 */
export async function erasePerson(
  tx: Tx,
  { actor, id }: { readonly actor: string; readonly id: Id<'person'> },
): Promise<boolean> {
  const [first] = await lockPersonRows(tx, [id])
  if (first === undefined) return false
  // Merging takes the account's lock before the guests', so under it no guest joins any more.
  const guests = first.kind === 'account' ? await lockPersonRows(tx, await readMergedGuests(tx, id)) : []
  for (const person of [first, ...guests]) {
    if (person.erased_at !== null) continue
    erasePersonRow(tx, person.id)
    if (person.kind === 'account') eraseAccountRows(tx, person.id)
    tellOf(tx, person.id, person.version, [{ type: 'customer.erased', actor }])
  }
  return true
}
