import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'

/**
 * Told of new variants in the transaction that makes them, for rooms that keep something by variant from its first
 * moment on. This room may not open them; the composition root passes their doors in.
 */
export type OnVariantsCreated = (tx: Tx, variantIds: readonly Id<'variant'>[]) => void | Promise<void>

/**
 * Of the segments and locations that rules of the assortment name, those that are not there. Other rooms keep them,
 * and this one may not open those.
 */
export type FindUnknownPlaces = (
  tx: Tx,
  named: { readonly segmentIds: readonly Id<'segment'>[]; readonly locationIds: readonly Id<'location'>[] },
) => Promise<ReadonlySet<string>>
