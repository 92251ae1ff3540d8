import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'

/**
 * Told of new variants in the transaction that makes them, for rooms that keep something by variant from its first
 * moment on. This room may not open them; the composition root passes their doors in.
 */
export type OnVariantsCreated = (tx: Tx, variantIds: readonly Id<'variant'>[]) => void | Promise<void>
