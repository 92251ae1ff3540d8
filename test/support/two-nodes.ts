import assert from 'node:assert/strict'
import { must } from '../../server/kernel/invariant.ts'
import { openHead, type Head } from './head.ts'
import { findFreePort, startServer, type ShopServer } from './shop-server.ts'
import type { TestShop } from './test-shop.ts'

/** Two processes that serve one shop, each with batches and caches of its own: they agree through the database alone. */
export interface TwoNodes {
  readonly servers: readonly ShopServer[]
  /** One head a node. */
  readonly heads: readonly Head[]
  /** `count` clients, by turns at the one node and at the other. */
  clients(count: number): Head[]
  /** Also fails if a node met a defect or ended by itself. */
  stop(): Promise<void>
}

/** Of each head: as many requests really are under way at once at its node. */
const CONNECTIONS = 64

export async function startTwoNodes(shop: TestShop): Promise<TwoNodes> {
  const servers = await Promise.all(
    [1, 2].map(async () => startServer({ command: 'serve', port: await findFreePort(), env: shop.env })),
  )
  const heads = servers.map(({ url }) => openHead({ url, apiKey: shop.publishableKey, connections: CONNECTIONS }))
  await Promise.all(heads.map((head) => head.warm()))
  return {
    servers,
    heads,
    clients: (count) => Array.from({ length: count }, (_, index) => must(heads[index % heads.length], 'a node')),
    async stop() {
      await Promise.all(heads.map((head) => head.close()))
      const ended = servers.filter((server) => server.hasEnded())
      await Promise.all(servers.map((server) => server.stop()))
      assert.deepEqual(ended, [], 'no node ended by itself')
      assert.deepEqual(
        servers.flatMap((server) => server.defects),
        [],
        'no node met a defect',
      )
    },
  }
}
