import { mountBrowse } from './modules/browse/index.ts'
import { mountCarts } from './modules/carts/index.ts'
import { mountCatalog } from './modules/catalog/index.ts'
import { mountChanges } from './modules/changes/index.ts'
import { mountCheckout } from './modules/checkout/index.ts'
import { mountCustomers } from './modules/customers/index.ts'
import { mountExceptions } from './modules/exceptions/index.ts'
import { mountIdentity } from './modules/identity/index.ts'
import { mountInventory } from './modules/inventory/index.ts'
import { mountMerchant } from './modules/merchant/index.ts'
import { mountOrderviews } from './modules/orderviews/index.ts'
import { mountPricing } from './modules/pricing/index.ts'
import { mountShipping } from './modules/shipping/index.ts'
import { mountAudit } from './platform/audits/audits.http.ts'
import type { Db } from './platform/db.ts'
import type { App } from './platform/http/index.ts'
import type { Rooms } from './rooms.ts'

/** Every route of the API, room by room. */
/** @param auditDb  with time for statements over the whole database */
export function mountRoutes(
  app: App,
  { db, auditDb, rooms }: { readonly db: Db; readonly auditDb: Db; readonly rooms: Rooms },
): void {
  const { merchant, identity, catalog, customers, pricing, inventory, shipping, checkout } = rooms
  const verify = identity.verifyAccessToken.bind(null, 'order')
  mountMerchant(app, { db, merchant })
  mountIdentity(app, { db, identity })
  mountCatalog(app, { db, catalog, merchant })
  mountCustomers(app, { db, customers })
  mountPricing(app, {
    db,
    pricing,
    merchant,
    shippingServices: async () => (await shipping.currentBook()).services,
  })
  mountInventory(app, { db, inventory })
  mountShipping(app, { db, shipping })
  mountBrowse(app, rooms)
  mountCarts(app, { db, rooms, tokens: identity })
  mountCheckout(app, { ...checkout, merchant, catalog, tokens: identity })
  mountChanges(app, { db, verify })
  mountOrderviews(app, { db, catalog, customers, verify })
  mountExceptions(app, { db })
  mountAudit(app, { db, auditDb })
}
