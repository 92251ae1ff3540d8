import { formatId, newId, type Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents, type NewEvent } from '../../platform/events/append.ts'
import type { Location } from './location.ts'

/** Readers take events in batches; one of a million SKUs would be a batch of its own. */
const VARIANTS_PER_EVENT_MAX = 1_000

/**
 * Tells readers that supply of these SKUs changed. The change is an aggregate of its own: nobody waits for anybody to
 * give it a version. Call it once a transaction; repeats among the ids are dropped here.
 */
export function announceSupplyChange(tx: Tx, variantIds: Iterable<Id<'variant'>>): void {
  const distinct = [...new Set(variantIds)]
  const events: NewEvent[] = []
  for (let from = 0; from < distinct.length; from += VARIANTS_PER_EVENT_MAX) {
    events.push({
      type: 'inventory.changed',
      aggregateKind: 'inventory',
      aggregateId: newId(),
      version: 1,
      data: {
        variantIds: distinct.slice(from, from + VARIANTS_PER_EVENT_MAX).map((id) => formatId('variant', id)),
      },
      occurredAt: tx.at,
    })
  }
  appendEvents(tx, events)
}

/** Units at one place that orders and carts had claimed and that are not there. */
export interface Shortfall {
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly location: Location
  readonly freedUnits: number
}

/** Announces those with units; passing on places that lost nobody's units is the usual case. */
export function announceShortfalls(tx: Tx, shortfalls: readonly Shortfall[]): void {
  const real = shortfalls.filter((shortfall) => shortfall.freedUnits > 0)
  appendEvents(
    tx,
    real.map(({ variantId, sku, location, freedUnits }) => ({
      type: 'supply.shortfall',
      aggregateKind: 'inventory',
      aggregateId: newId(),
      version: 1,
      data: {
        variantId: formatId('variant', variantId),
        sku,
        locationId: formatId('location', location.id),
        location: location.code,
        freedUnits,
      },
      occurredAt: tx.at,
    })),
  )
}
