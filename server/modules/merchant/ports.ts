import type { Tx } from '../../platform/db.ts'
import type { Channel } from './book.ts'

/** What this room asks of rooms that it may not open; the composition root passes it in. */
export interface MerchantPorts {
  /** Codes of price lists that a channel can use as channels are and none could as they would be. */
  readonly orphanedPriceLists: (
    tx: Tx,
    channels: { readonly before: readonly Channel[]; readonly after: readonly Channel[] },
  ) => Promise<readonly string[]>
}
