import { createHash } from 'node:crypto'
import type { LocationCode } from './network-data.ts'
import type { Spread } from './product-table.ts'

/** What a product has where, before each variant's own share is taken. */
interface SpreadPlan {
  readonly onHand: Partial<Record<LocationCode, number>>
  /** A purchase order under way to one of the warehouses. */
  readonly inbound?: { readonly to: LocationCode; readonly units: number; readonly inDays: number }
  /** Sold before it exists, up to this many. */
  readonly backorder?: { readonly at: LocationCode; readonly units: number; readonly leadDays: number }
}

const plans: Readonly<Record<Spread, SpreadPlan>> = {
  everywhere: {
    onHand: { 'wh-reno': 120, 'wh-columbus': 140, 'store-chicago': 14, 'store-brooklyn': 12, '3pl-dallas': 60 },
  },
  warehouses: { onHand: { 'wh-reno': 60, 'wh-columbus': 70, '3pl-dallas': 25 } },
  west: { onHand: { 'wh-reno': 90, '3pl-dallas': 30 } },
  east: { onHand: { 'wh-columbus': 80, 'store-brooklyn': 10, 'store-chicago': 8 } },
  stores: { onHand: { 'wh-columbus': 30, 'store-chicago': 16, 'store-brooklyn': 18 } },
  low: { onHand: { 'wh-reno': 3, 'wh-columbus': 2, 'store-chicago': 3 } },
  sold_out: { onHand: { 'wh-reno': 0, 'wh-columbus': 0 } },
  vendor: { onHand: { 'vendor-portland': 40 } },
  on_its_way: { onHand: { 'wh-columbus': 4 }, inbound: { to: 'wh-columbus', units: 80, inDays: 12 } },
  backorder: { onHand: { 'wh-reno': 0, 'wh-columbus': 2 }, backorder: { at: 'wh-columbus', units: 25, leadDays: 21 } },
}

/** The last pieces of a store are for the people who stand in it. */
const STORE_SAFETY_UNITS = 2

export interface StockLine {
  readonly sku: string
  readonly location: LocationCode
  readonly onHand: number
  readonly safetyStock: number
}

export interface InboundLine {
  readonly sku: string
  readonly location: LocationCode
  readonly units: number
  readonly inDays: number
}

export interface BackorderLine {
  readonly sku: string
  readonly location: LocationCode
  readonly limit: number
  readonly leadDays: number
}

export interface Stock {
  readonly lines: readonly StockLine[]
  readonly inbound: readonly InboundLine[]
  readonly backorders: readonly BackorderLine[]
}

/** The same stock for the same SKUs, whoever asks and however often. */
export function stockOf(items: readonly { readonly sku: string; readonly spread: Spread }[]): Stock {
  const lines: StockLine[] = []
  const inbound: InboundLine[] = []
  const backorders: BackorderLine[] = []
  for (const { sku, spread } of items) {
    const plan = plans[spread]
    for (const [location, units] of Object.entries(plan.onHand) as [LocationCode, number][]) {
      const onHand = Math.round((units * share(`${sku} ${location}`)) / 100)
      const safetyStock = location.startsWith('store-') && onHand > STORE_SAFETY_UNITS ? STORE_SAFETY_UNITS : 0
      lines.push({ sku, location, onHand, safetyStock })
    }
    if (plan.inbound !== undefined) {
      const { to, units, inDays } = plan.inbound
      inbound.push({ sku, location: to, units, inDays })
    }
    if (plan.backorder !== undefined) {
      const { at, units, leadDays } = plan.backorder
      backorders.push({ sku, location: at, limit: units, leadDays })
    }
  }
  return { lines, inbound, backorders }
}

/** 50 to 150 per cent, told by the text: no shop sells as many M as XL. */
function share(text: string): number {
  return 50 + (createHash('sha256').update(text).digest().readUInt16BE(0) % 101)
}
