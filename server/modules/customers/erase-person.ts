import { formatId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { erasePersonRow, lockPersonRows } from './customers.sql.ts'

/**
 * Makes a person unreadable: the key to their data, the data and what they could be found by are taken away. Orders
 * keep their id, their country and their region, so the books stay whole. Done again, it changes nothing.
 *
 * @returns false when there is no such person
 */
export async function erasePerson(
  tx: Tx,
  { actor, id }: { readonly actor: string; readonly id: Id<'person'> },
): Promise<boolean> {
  const [person] = await lockPersonRows(tx, [id])
  if (person === undefined) return false
  if (person.erased_at !== null) return true
  const version = person.version + 1
  erasePersonRow(tx, { id, version })
  const object = formatId('person', id)
  appendEvents(tx, [
    {
      type: 'customer.erased',
      aggregateKind: 'customer',
      aggregateId: id,
      version,
      data: { id: object },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'customer.erased', object, detail: {} })
  return true
}
