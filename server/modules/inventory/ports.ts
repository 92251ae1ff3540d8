import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import type { DemandKind, Disposition } from './inventory.sql.ts'

/** What this room needs from rooms it may not open; the composition root passes them in. */
export interface InventoryPorts {
  readonly demand: DemandOwner
  readonly counts: CountDesk
}

/** Units whose claim was taken away because the goods are not there. */
export interface FreedDemand {
  readonly demandKind: DemandKind
  readonly demandId: string
  /** What the claim was: `reserved` for a cart or an unpaid order, `allocated` for an accepted one. */
  readonly stage: 'reserved' | 'allocated'
  readonly units: number
}

/**
 * Who answers for the demand that claims are made for. Orders are locked before SKU gates everywhere in the house, so
 * they are locked before it is certain which claims must go.
 */
export interface DemandOwner {
  /** Locks the orders or transfers of these demands in the house's order, waiting for whoever holds them. */
  lockDemand(tx: Tx, demandIds: readonly string[]): Promise<void>
  /**
   * The same while gates are held, where waiting could deadlock: those that somebody else holds are left out.
   * @returns the demands whose owner is locked now
   */
  lockDemandIfFree(tx: Tx, demandIds: readonly string[]): Promise<readonly string[]>
  /** Takes units back, in the same transaction: allocated ones of an order are pending again. Carts included. */
  unitsFreed(tx: Tx, freed: readonly FreedDemand[]): Promise<void>
}

/** A count that cannot be true while the location works on more than it found. */
export interface QuarantinedCount {
  /** Stays the same while newer counts of the place are quarantined too. */
  readonly id: Id<'quarantinedCount'>
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly locationId: Id<'location'>
  readonly location: string
  readonly disposition: Disposition
  readonly countedAt: Instant
  /** Units as the message says. */
  readonly counted: number
  /** Units on hand that it would mean now; below zero when more has left since. */
  readonly onHand: number
  /** Units that the location has been told to pick or has picked. */
  readonly inWork: number
}

/** Where a person settles what a count and the work in hand disagree on. */
export interface CountDesk {
  raise(tx: Tx, counts: readonly QuarantinedCount[]): Promise<void>
  /** A newer count was taken. */
  close(tx: Tx, ids: readonly Id<'quarantinedCount'>[]): Promise<void>
}
