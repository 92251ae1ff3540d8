import type { Id } from '../../kernel/id.ts'
import type { WorkingCalendar } from '../../kernel/local-time.ts'
import type { Queryable } from '../../platform/db.ts'
import { RevisionedBook, type Revisions } from '../../platform/revision.ts'
import { readChannelLimits, readFreeSupply, type FreeSupply, type UsedLimit } from '../inventory/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Shipping, ShippingBook } from '../shipping/index.ts'
import type { ShipRoute } from './decide-arrival.ts'
import { buildNetwork, everyDay, type Network } from './network.ts'
import { readNodes } from './sourcing.sql.ts'

/** What sourcing decides on: the network, the services between its nodes, and a number that names this state of both. */
export interface SourcingBook {
  readonly network: Network
  readonly shipping: ShippingBook
  readonly calendarById: ReadonlyMap<Id<'calendar'>, WorkingCalendar>
  readonly revision: bigint
  /** Ways already found on this book, dropped with it; see `shipRoute`. */
  readonly routes: Map<string, ShipRoute>
}

/** What is free of SKUs, and how far channels may sell them. */
export interface EstimateSupply {
  readonly rows: readonly FreeSupply[]
  readonly limits: readonly UsedLimit[]
}

/** The network, kept whole in memory on every node. */
export interface Sourcing {
  bookAt(source: Queryable, revisions: Revisions): Promise<SourcingBook>
  /** Supply that is free now, unlocked: for estimates only. */
  readSupply(source: Queryable, variantIds: readonly Id<'variant'>[]): Promise<EstimateSupply>
  /** The book as last loaded; undefined before the first load. */
  peek(): SourcingBook | undefined
}

export interface SourcingDeps {
  readonly shipping: Shipping
  readonly merchant: Merchant
}

export function openSourcing({ shipping, merchant }: SourcingDeps): Sourcing {
  const rows = new RevisionedBook(readNodes)
  let book: SourcingBook | undefined
  return {
    async bookAt(source, revisions) {
      // A node stands on a location of inventory's and keeps a calendar of the merchant's: the book is new when any of
      // them moved, and a sum of numbers that only grow moves with each of them.
      const nodesRevision = revisions.sourcing + revisions.inventory
      const revision = nodesRevision + revisions.shipping + revisions.merchant
      if (book !== undefined && book.revision >= revision) return book
      const nodes = await rows.at(source, nodesRevision)
      const services = await shipping.bookAt(source, revisions.shipping)
      const { calendarById } = await merchant.bookAt(source, revisions.merchant)
      const network = buildNetwork(
        nodes.map(({ calendarId, ...node }) => ({
          ...node,
          calendar: (calendarId === null ? undefined : calendarById.get(calendarId)) ?? everyDay,
        })),
      )
      const fresh = { network, shipping: services, calendarById, revision, routes: new Map() }
      if (book === undefined || book.revision < revision) book = fresh
      return fresh
    },
    readSupply: async (source, variantIds) => {
      const [supply, limits] = await Promise.all([
        readFreeSupply(source, variantIds),
        readChannelLimits(source, variantIds),
      ])
      return { rows: supply, limits }
    },
    peek: () => book,
  }
}
