import { newId } from '../../kernel/id.ts'
import { reasoned, type Reasoned } from '../../kernel/reasons.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import type { Carrier } from './book.ts'
import { checkCarrier, type ShippingRefusal } from './check-shipping.ts'
import { putCarrier, readShipping } from './shipping.sql.ts'

export type SaveCarrierOutcome =
  | { readonly kind: 'saved'; readonly carrier: Carrier }
  | { readonly kind: 'refused'; readonly refusal: Reasoned<ShippingRefusal> }

/** Adds the carrier with this code or renames it; the same again changes nothing. */
export async function saveCarrier(
  tx: Tx,
  { actor, code, name }: { actor: string; code: string; name: string },
): Promise<SaveCarrierOutcome> {
  await raiseRevision(tx, 'shipping')
  const refusal = reasoned(checkCarrier({ code, name }))
  if (refusal !== null) return { kind: 'refused', refusal }
  const { carriers } = await readShipping(tx)
  const current = carriers.find((carrier) => carrier.code === code)
  if (current?.name === name) return { kind: 'saved', carrier: current }

  const carrier: Carrier = { id: current?.id ?? newId(), code, name, version: (current?.version ?? 0) + 1 }
  await putCarrier(tx, carrier)
  appendEvents(tx, [
    {
      type: 'carrier.saved',
      aggregateKind: 'carrier',
      aggregateId: carrier.id,
      version: carrier.version,
      data: { code, name },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'carrier.saved', object: code, detail: { name } })
  return { kind: 'saved', carrier }
}
