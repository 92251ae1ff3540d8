import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'

/**
 * What this room refers to by code and may not open itself; the composition root passes it in. Each answers everything
 * there is: there are few of each.
 */
export interface PricingPorts {
  /** The shipping services that tariffs are for. */
  readonly shippingServices: ReadNamed<'shippingService'>
  /** Where goods are handed over: price lists may be for one. */
  readonly locations: ReadNamed<'location'>
  /** Of customers: price lists and promotions may be for one. */
  readonly segments: ReadNamed<'segment'>
}

type NamedKind = 'shippingService' | 'location' | 'segment'

export type ReadNamed<Kind extends NamedKind> = (source: Queryable) => Promise<readonly Named<Kind>[]>

export interface Named<Kind extends NamedKind> {
  readonly id: Id<Kind>
  readonly code: string
}
