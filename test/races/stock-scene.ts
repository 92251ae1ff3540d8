import assert from 'node:assert/strict'
import { newId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { addMs, type Instant } from '../../server/kernel/time.ts'
import {
  createGates, ensureOnHand, insertClaims, lockGates, openInventory, postFound, postStock, type FreedDemand,
  type Inventory, type QuarantinedCount, type StockEntry,
} from '../../server/modules/inventory/index.ts'
import { openMerchant } from '../../server/modules/merchant/index.ts'
import { createDb, type Db, type Tx } from '../../server/platform/db.ts'
import { createTestDatabase } from '../support/database.ts'

/** A database with a few SKUs at two locations, and owners of demand that keep books of their own. */
export interface StockScene {
  readonly db: Db
  readonly inventory: Inventory
  readonly near: Id<'location'>
  readonly far: Id<'location'>
  /** A channel's id to ring-fence stock for. */
  readonly channelId: Id<'channel'>
  readonly freed: readonly FreedDemand[]
  readonly quarantined: readonly QuarantinedCount[]
  readonly closedQuarantines: readonly string[]
  variant(sku: string): Id<'variant'>
  /** Puts units on hand at a location, as if they had always been there. */
  stock(sku: string, locationId: Id<'location'>, units: number): Promise<bigint>
  /** A claim of an order or a cart on what is on hand, as checkout makes it. */
  claim(wanted: ClaimWanted): Promise<MadeClaim>
  at(): Promise<Instant>
  close(): Promise<void>
}

export interface ClaimWanted {
  readonly sku: string
  readonly locationId: Id<'location'>
  readonly units: number
  readonly stage: 'cart' | 'unpaid' | 'accepted' | 'in_work'
  readonly promisedInDays?: number
  readonly expiresInMinutes?: number
  readonly supplyId?: bigint
}

export interface MadeClaim {
  readonly id: Id<'claim'>
  readonly demandId: string
  readonly orderId: string
}
