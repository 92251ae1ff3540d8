import { mountBrowse } from './modules/browse/index.ts'
import { mountCarts } from './modules/carts/index.ts'
import { mountCatalog } from './modules/catalog/index.ts'
import { mountChanges } from './modules/changes/index.ts'
import { mountCheckout, mountQuotes, releaseGoods } from './modules/checkout/index.ts'
import { mountCustomers, mountSegments, mountSignIn, mountStoreCustomer } from './modules/customers/index.ts'
import { mountExceptions } from './modules/exceptions/index.ts'
import { mountIdentity, mountIdentityProviders } from './modules/identity/index.ts'
import { mountImports } from './modules/integrations/index.ts'
import { mountInventory } from './modules/inventory/index.ts'
import { mountMerchant } from './modules/merchant/index.ts'
import { mountOrderviews, ordersOfPeople } from './modules/orderviews/index.ts'
import { mountPayments } from './modules/payments/index.ts'
import { mountPricing, orphanedPriceLists } from './modules/pricing/index.ts'
import { mountShipping } from './modules/shipping/index.ts'
import { mountSourcing } from './modules/sourcing/index.ts'
import { mountAudit } from './platform/audits/audits.http.ts'
import type { Db } from './platform/db.ts'
import { describeTags, type App } from './platform/http/index.ts'
import { pricingPorts, type Rooms } from './rooms.ts'

/** What the API description says of each group of routes. */
const tags = {
  audit: 'Invariants that must hold over the whole database, and what was found when they were last checked.',
  browse: 'What shoppers look at: products, prices, availability. From memory, each answer with its `asOf`.',
  carts: 'What a shopper has gathered, what it costs now, and how it could reach them.',
  catalog: 'Products, variants and bundles, and which channel offers what.',
  customers: 'People who buy: accounts, sign-in, addresses, consents, segments, merged guests, export and erasure.',
  exceptions: 'What needs a person: the reason, the facts, and the next action.',
  identity: 'API keys and identity providers: who may call what, and who may say who a shopper is.',
  integrations: 'Files of products, prices, stock and customers, in and out.',
  inventory: 'Locations, stock levels, adjustments, counts, goods on their way.',
  merchant: 'Legal entities, channels, markets, zones and calendars: who sells, where and when.',
  operations: 'Health, metrics and this description.',
  orders: 'Orders of shoppers and of trusted channels: placed, paid, read, cancelled.',
  partner: 'What warehouses and other partners send and ask with keys bound to their locations.',
  payments: 'Gift cards and store credit: made, corrected, blocked, and everything that happened to them.',
  pricing: 'Price lists, prices, promotions and their codes, tax rates and delivery tariffs.',
  shipping: 'Carriers, their services, and how many working days they take from where to where.',
  sourcing: 'What each location does for the network, and when it works.',
}

/**
 * Every route of the API, room by room.
 *
 * @param auditDb  with time for statements over the whole database
 */
export function mountRoutes(
  app: App,
  { db, auditDb, rooms }: { readonly db: Db; readonly auditDb: Db; readonly rooms: Rooms },
): void {
  describeTags(app, tags)
  const { merchant, identity, catalog, customers, pricing, inventory, shipping, checkout, payments } = rooms
  const verify = identity.verifyAccessToken.bind(null, 'order')
  mountMerchant(app, { db, merchant, orphanedPriceLists })
  mountIdentity(app, { db, identity })
  mountIdentityProviders(app, { db, identity })
  mountCatalog(app, { db, catalog, merchant })
  mountCustomers(app, { db, customers, records: [ordersOfPeople] })
  mountSegments(app, { db, customers })
  mountSignIn(app, {
    db,
    customers,
    isChannel: async (id) => (await merchant.currentBook()).channelById.has(id),
  })
  mountStoreCustomer(app, { db, customers })
  mountPricing(app, { db, pricing, merchant, ...pricingPorts(rooms) })
  mountInventory(app, { db, inventory, merchant })
  mountShipping(app, { db, shipping, merchant })
  mountSourcing(app, { db, inventory, merchant, shipping })
  mountPayments(app, {
    db,
    payments,
    merchant,
    isCustomer: async (source, personId) => (await customers.readPeople(source, [personId])).has(personId),
  })
  mountBrowse(app, rooms)
  mountCarts(app, { db, rooms, tokens: identity, releaseGoods })
  mountCheckout(app, { ...checkout, merchant, catalog, customers, tokens: identity })
  mountQuotes(app, { db, rooms, tokens: identity, prepare: checkout.prepare })
  mountChanges(app, { db, verify })
  mountOrderviews(app, { db, catalog, customers, verify })
  mountExceptions(app, { db })
  mountImports(app, { db, rooms })
  mountAudit(app, { db, auditDb })
}
