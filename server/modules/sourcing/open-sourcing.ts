import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import { RevisionedBook, type Revisions } from '../../platform/revision.ts'
import { readFreeSupply, type FreeSupply } from '../inventory/index.ts'
import { transitDays, type Shipping, type ShippingBook } from '../shipping/index.ts'
import type { TransitBetween } from './decide-sourcing.ts'
import { buildNetwork, type Network } from './network.ts'
import { readNodes } from './sourcing.sql.ts'

/** What sourcing decides on: the network, the services between its nodes, and a number that names this state of both. */
export interface SourcingBook {
  readonly network: Network
  readonly revision: bigint
  /** Days on the road with one service. */
  transitOf(serviceId: Id<'shippingService'>): TransitBetween
  /** Days on the road with whichever active service is quickest. */
  readonly fastestTransit: TransitBetween
}

/** The network, kept whole in memory on every node. */
export interface Sourcing {
  bookAt(source: Queryable, revisions: Revisions): Promise<SourcingBook>
  /** Supply that is free now, unlocked: for estimates only. */
  readSupply(source: Queryable, variantIds: readonly Id<'variant'>[]): Promise<readonly FreeSupply[]>
  /** The book as last loaded; undefined before the first load. */
  peek(): SourcingBook | undefined
}

export function openSourcing({ shipping }: { readonly shipping: Shipping }): Sourcing {
  const networks = new RevisionedBook(async (source: Queryable) => buildNetwork(await readNodes(source)))
  let book: SourcingBook | undefined
  return {
    async bookAt(source, revisions) {
      // A node stands on a location of inventory's: the network is new when either moved, and a sum of numbers that
      // only grow moves with each of them.
      const networkRevision = revisions.sourcing + revisions.inventory
      const revision = networkRevision + revisions.shipping
      if (book !== undefined && book.revision >= revision) return book
      const network = await networks.at(source, networkRevision)
      const services = await shipping.bookAt(source, revisions.shipping)
      const fresh = buildBook(network, services, revision)
      if (book === undefined || book.revision < revision) book = fresh
      return fresh
    },
    readSupply: readFreeSupply,
    peek: () => book,
  }
}

function buildBook(network: Network, services: ShippingBook, revision: bigint): SourcingBook {
  const transitByService = new Map<Id<'shippingService'>, TransitBetween>(
    services.services.map(({ id }) => [id, (from, to) => transitDays(services, id, from, to)]),
  )
  return {
    network,
    revision,
    transitOf: (serviceId) => transitByService.get(serviceId) ?? (() => null),
    fastestTransit: (from, to) =>
      services.services
        .map(({ id }) => transitDays(services, id, from, to))
        .reduce((best, days) => (days !== null && (best === null || days.max < best.max) ? days : best), null),
  }
}
