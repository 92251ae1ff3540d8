import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { formatInstant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { readRevisions } from '../../platform/revision.ts'
import { readSkus } from '../catalog/index.ts'
import { announceShortfalls, announceSupplyChange } from './announce.ts'
import type { Inbound } from './inbound.ts'
import type { ResolveDeps } from './resolve-entries.ts'

/** Units that orders and carts lost with one SKU of an inbound. */
export interface FreedOfVariant {
  readonly variantId: Id<'variant'>
  readonly freedUnits: number
}

/**
 * Tells readers and the audit log what was done to an inbound, as its version says.
 * @param freed  for each SKU whose supply changed, 0 units included
 */
export async function announceInbound(
  tx: Tx,
  { locationsAt }: Pick<ResolveDeps, 'locationsAt'>,
  inbound: Inbound,
  {
    actor,
    done,
    freed,
  }: {
    readonly actor: string
    readonly done: 'created' | 'edited' | 'received' | 'cancelled'
    readonly freed: readonly FreedOfVariant[]
  },
): Promise<void> {
  const id = formatId('inbound', inbound.id)
  const { reference, status, version } = inbound
  announceSupplyChange(
    tx,
    freed.map((each) => each.variantId),
  )
  appendEvents(tx, [
    {
      type: `inbound.${done}`,
      aggregateKind: 'inbound',
      aggregateId: inbound.id,
      version,
      occurredAt: tx.at,
      data: {
        id,
        reference,
        locationId: formatId('location', inbound.locationId),
        eta: formatInstant(inbound.eta),
        status,
      },
    },
  ])
  const freedUnits = freed.reduce((sum, each) => sum + each.freedUnits, 0)
  appendAudit(tx, { actor, action: `inbound.${done}`, object: id, detail: { reference, freedUnits } })
  if (freedUnits === 0) return

  const short = freed.filter((each) => each.freedUnits > 0)
  const book = await locationsAt(tx, (await readRevisions(tx)).inventory)
  const location = must(book.byId.get(inbound.locationId), 'the location of an inbound')
  const skuById = await readSkus(
    tx,
    short.map((each) => each.variantId),
  )
  announceShortfalls(
    tx,
    short.map(({ variantId, freedUnits: units }) => ({
      variantId,
      sku: must(skuById.get(variantId), 'the SKU of a variant'),
      location,
      freedUnits: units,
    })),
  )
}
