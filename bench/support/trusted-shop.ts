import { createDb } from '../../server/platform/db.ts'
import type { Cluster } from './cluster.ts'
import { createKey } from './keys.ts'
import { createShop, type ShopSize } from './shop.ts'
import { addTrustedChannel } from './trusted-order.ts'

export interface TrustedShop {
  readonly publishableKey: string
  /** May do all that these benchmarks do with a secret key. */
  readonly secretKey: string
  readonly skus: readonly string[]
}

/** A database `name` with a shop that sells through its own head and through a marketplace. */
export async function buildTrustedShop(cluster: Cluster, name: string, size: ShopSize): Promise<TrustedShop> {
  const databaseUrl = await cluster.createMigrated(name)
  const db = createDb({ databaseUrl, poolMax: 2, applicationName: 'bench', statementTimeoutMs: 0 })
  const { channelId, skus } = await createShop(db, size)
  await addTrustedChannel(db)
  const publishableKey = await createKey(db, { kind: 'publishable', name: 'bench', channelId })
  const scopes = ['orders:read', 'orders:write', 'catalog:write', 'pricing:read', 'pricing:write']
  const secretKey = await createKey(db, { kind: 'secret', name: 'bench', scopes })
  await db.close()
  return { publishableKey, secretKey, skus }
}
