import type { App } from '../../platform/http/index.ts'
import { mountChannelLimits, type ChannelLimitsDeps } from './channel-limits.http.ts'
import { mountInbound } from './inbound.http.ts'
import { mountLocations } from './locations.http.ts'
import { mountStock } from './stock.http.ts'

export function mountInventory(app: App, deps: ChannelLimitsDeps): void {
  mountLocations(app, deps)
  mountStock(app, deps)
  mountChannelLimits(app, deps)
  mountInbound(app, deps)
}
