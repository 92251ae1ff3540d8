import type { Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'

/** Frees what a quote claimed for the lines of a locked cart; checkout's, as only it may touch stock for carts. */
export type ReleaseGoods = (
  tx: Tx,
  held: readonly { readonly cartId: Id<'cart'>; readonly lineIds: readonly Id<'cartLine'>[] }[],
) => Promise<void>

/** Tokens by which a guest reads and orders what they made; identity's, passed in by the composition root. */
export interface GuestTokens {
  makeAccessToken<Kind extends 'cart' | 'order'>(kind: Kind, objectId: Id<Kind>): string
  verifyAccessToken<Kind extends 'cart' | 'order'>(kind: Kind, objectId: Id<Kind>, token: string): boolean
}
