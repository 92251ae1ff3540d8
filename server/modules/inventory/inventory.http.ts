import type { Db } from '../../platform/db.ts'
import type { App } from '../../platform/http/index.ts'
import { mountInbound } from './inbound.http.ts'
import { mountLocations } from './locations.http.ts'
import type { Inventory } from './open-inventory.ts'
import { mountStock } from './stock.http.ts'

export function mountInventory(app: App, deps: { readonly db: Db; readonly inventory: Inventory }): void {
  mountLocations(app, deps)
  mountStock(app, deps)
  mountInbound(app, deps)
}
