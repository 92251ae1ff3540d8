import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'

/**
 * Makes a new location known to the network as a counter of one channel: goods are carried out there, it ships nothing
 * and nothing can be picked up. Sourcing's to do, which this room may not open.
 */
export type JoinNetwork = (
  tx: Tx,
  counter: { readonly locationId: Id<'location'>; readonly channelId: Id<'channel'> },
) => Promise<void>
