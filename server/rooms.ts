import { must } from './kernel/invariant.ts'
import { openBrowse, type Browse } from './modules/browse/index.ts'
import { openCheckout, type Checkout } from './modules/checkout/index.ts'
import { openCatalog, type Catalog } from './modules/catalog/index.ts'
import { openCustomers, type Customers } from './modules/customers/index.ts'
import { raiseExceptions, closeExceptions } from './modules/exceptions/index.ts'
import { openIdentity, type Identity, type IdentityDeps } from './modules/identity/index.ts'
import { createGates, openInventory, type Inventory } from './modules/inventory/index.ts'
import { openMerchant, type Merchant } from './modules/merchant/index.ts'
import { demandOwner } from './modules/orders/index.ts'
import { openPayments, type PaymentProvider, type Payments } from './modules/payments/index.ts'
import { openPricing, type Pricing, type PricingPorts } from './modules/pricing/index.ts'
import { openShipping, type Shipping } from './modules/shipping/index.ts'
import { openSourcing, type Sourcing } from './modules/sourcing/index.ts'
import type { FinishedBatch } from './platform/batch/batch.ts'
import { readRevisions } from './platform/revision.ts'
import type { Db } from './platform/db.ts'

/** Every room that keeps something in memory, opened on one database. */
export interface Rooms {
  readonly merchant: Merchant
  readonly identity: Identity
  readonly catalog: Catalog
  readonly customers: Customers
  readonly pricing: Pricing
  readonly inventory: Inventory
  readonly shipping: Shipping
  readonly sourcing: Sourcing
  readonly payments: Payments
  readonly checkout: Checkout
  readonly browse: Browse
}

export interface RoomsDeps {
  readonly db: Db
  /** 32 bytes: wraps the keys of personal data and makes access tokens. */
  readonly masterKey: Uint8Array
  readonly providers: readonly PaymentProvider[]
  /** How the keys of identity providers are fetched; by default nobody can be asked. */
  readonly jwks?: NonNullable<IdentityDeps['jwks']>
  readonly onBatch?: (batch: FinishedBatch) => void
}

/** What pricing may refer to in rooms that it may not open. */
export function pricingPorts({
  shipping,
  inventory,
  customers,
}: Pick<Rooms, 'shipping' | 'inventory' | 'customers'>): PricingPorts {
  return {
    shippingServices: async (source) => (await shipping.currentBook(source)).services,
    locations: async (source) => (await inventory.currentLocations(source)).all,
    segments: async (source) => (await customers.currentSegmentBook(source)).segments,
  }
}

/** Opens the rooms and hands each the doors of rooms that it may not open itself, as its ports ask. */
export function openRooms({ db, masterKey, providers, jwks, onBatch }: RoomsDeps): Rooms {
  const masterKeys = [{ version: 1, secret: masterKey }]
  const merchant = openMerchant({ db })
  const catalog = openCatalog({
    db,
    merchant,
    onVariantsCreated: createGates,
    async findUnknownPlaces(tx, { segmentIds, locationIds }) {
      const { byId } = await customers.segmentBookAt(tx, (await readRevisions(tx)).customers)
      const unknownSegments = segmentIds.filter((id) => !byId.has(id))
      return new Set([...unknownSegments, ...(await inventory.unknownLocations(tx, locationIds))])
    },
  })
  const inventory = openInventory({
    db,
    merchant,
    ports: {
      demand: demandOwner,
      counts: {
        async raise(tx, counts) {
          await raiseExceptions(
            tx,
            counts.map(({ id, ...facts }) => ({
              reason: 'count_quarantined',
              objectKind: 'quarantinedCount',
              objectId: id,
              facts: {
                sku: facts.sku,
                location: facts.location,
                counted: facts.counted,
                onHand: facts.onHand,
                inWork: facts.inWork,
              },
              nextAction:
                'The location works on more units than it counted: ask it to count again, or to reject what it cannot find.',
            })),
          )
        },
        async close(tx, ids) {
          await closeExceptions(
            tx,
            ids.map((objectId) => ({
              reason: 'count_quarantined',
              objectId,
              closedBy: 'system',
              resolution: 'counted again',
            })),
          )
        },
      },
    },
  })
  const identity = openIdentity({ db, merchant, masterKeys, locations: inventory, ...(jwks && { jwks }) })
  const customers = openCustomers({ db, masterKeys, tokens: identity, providers: identity })
  const shipping = openShipping({ db })
  const sourcing = openSourcing({ shipping, merchant })
  const pricing = openPricing({ db, merchant, ...pricingPorts({ shipping, inventory, customers }) })
  const payments = openPayments({ providers, masterKeys })
  const checkout = openCheckout({
    db,
    rooms: { merchant, catalog, pricing, sourcing, customers },
    payments,
    ...(onBatch === undefined ? {} : { onBatch }),
  })
  const browse = openBrowse({
    db,
    rooms: { merchant, catalog, pricing, sourcing },
    async readSegments(personId) {
      const [revisions, { at }] = await Promise.all([readRevisions(db), db.clock()])
      const questions = [{ personId, country: null }]
      const [buyer] = await customers.buyersAt(db, revisions.customers, { questions, at })
      return must(buyer, 'an answer for the question').segmentIds
    },
    now: () => performance.now(),
  })
  return { merchant, identity, catalog, customers, pricing, inventory, shipping, sourcing, payments, checkout, browse }
}
