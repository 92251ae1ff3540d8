import type { Id } from '../../kernel/id.ts'

/** Tokens by which a guest reads and orders what they made; identity's, passed in by the composition root. */
export interface GuestTokens {
  makeAccessToken<Kind extends 'cart' | 'order'>(kind: Kind, objectId: Id<Kind>): string
  verifyAccessToken<Kind extends 'cart' | 'order'>(kind: Kind, objectId: Id<Kind>, token: string): boolean
}
