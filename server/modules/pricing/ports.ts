import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'

/** The shipping services that tariffs are for. This room may not open theirs; the composition root passes it in. */
export type ReadShippingServices = (source: Queryable) => Promise<readonly ShippingService[]>

export interface ShippingService {
  readonly id: Id<'shippingService'>
  readonly code: string
}
