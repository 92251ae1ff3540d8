import { randomBytes } from 'node:crypto'
import {
  openCustomers,
  type Customers,
  type IdentityProviders,
  type MasterKey,
} from '../../server/modules/customers/index.ts'
import { openAccessTokens } from '../../server/modules/identity/index.ts'
import type { Db } from '../../server/platform/db.ts'

/** The room by itself: sessions are signed, and no identity provider vouches for anybody unless one is given. */
export function openTestCustomers(
  db: Db,
  masterKeys: readonly MasterKey[] = [{ version: 1, secret: randomBytes(32) }],
  providers: IdentityProviders = { proveLogin: async () => ({ kind: 'refused' }) },
): Customers {
  return openCustomers({ db, masterKeys, tokens: openAccessTokens(masterKeys), providers })
}
