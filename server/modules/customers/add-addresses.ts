import { newId, type Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { tidyAddress, type NewAddress } from './address.ts'
import { insertAddresses, lockPersonRows, type SealedAddress } from './customers.sql.ts'
import type { KeyRing } from './key-ring.ts'
import { dataKeyOf, sealAddress } from './seal-person.ts'

/** An address somebody has goods sent to; it says nothing about what they are called themselves. */
export interface SentTo {
  readonly personId: Id<'person'>
  readonly address: NewAddress
}

/**
 * Gives guests and accounts further addresses; earlier ones stay as they are.
 * @returns one id for each, in their order; null where the person is erased or unknown
 */
export async function addAddresses(tx: Tx, keys: KeyRing, sent: readonly SentTo[]): Promise<(Id<'address'> | null)[]> {
  const rows = await lockPersonRows(tx, [...new Set(sent.map(({ personId }) => personId))])
  const rowById = new Map(rows.map((row) => [row.id, row]))
  const sealed = sent.map(({ personId, address }): SealedAddress | null => {
    const row = rowById.get(personId)
    const dataKey = row === undefined ? null : dataKeyOf(keys, personId, row)
    if (dataKey === null) return null
    return sealAddress(dataKey, { id: address.id ?? newId(), personId, address: tidyAddress(address) })
  })
  const kept = sealed.filter((each) => each !== null)
  if (kept.length > 0) insertAddresses(tx, kept)
  return sealed.map((each) => each?.id ?? null)
}
