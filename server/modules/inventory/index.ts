export { announceSupplyChange } from './announce.ts'
export { readChannelLimits, type ChannelLimit, type UsedLimit } from './channel-limits.sql.ts'
export { consumeClaims, type ConsumedDemand, type HandOver } from './consume-claims.ts'
export { readCountedPage, takeCountMoment, type CountedPage, type CountedUnits } from './count-pages.ts'
export { insertCounterSupply, readCounterSupply, type CounterSupply, type Place } from './counter.sql.ts'
export { readLastCounts, type CountedPlace } from './counts.sql.ts'
export { unitsLeaving, type CountMeaning, type LastCount } from './decide-count.ts'
export { decideAllowance, type Allowance, type FreeUnits } from './decide-allowance.ts'
export { freeClaims } from './free-claims.ts'
export { createGates, lockGates, type GatedTx } from './gates.ts'
export { events } from './inventory.events.ts'
export { convertClaims, endHeldClaims, readHeldClaims, type ConvertedClaim, type HeldClaim } from './held-claims.sql.ts'
export { mountInventory } from './inventory.http.ts'
export { refusals, type InventoryRefusal } from './inventory.refusals.ts'
export {
  insertClaims,
  postStock,
  promoteClaims,
  readClaimedVariants,
  readFreeSupply,
  readFreeSupplyAt,
  type Disposition,
  type EndedClaim,
  type FreeSupply,
  type NewClaim,
  type StockEntry,
  type SupplyKind,
} from './inventory.sql.ts'
export { findLocation, type Location, type LocationBook, type LocationKind } from './location.ts'
export { openInventory, type Inventory, type InventoryDeps } from './open-inventory.ts'
export type { CountDesk, DemandOwner, FreedDemand, InventoryPorts, QuarantinedCount } from './ports.ts'
export { ensureOnHand, postFound, type FoundUnits } from './post-found.ts'
export { readSummaries, type SupplySummary } from './read-levels.ts'
export type { CountEntry, CountResult, TakeCounts, TakeCountsOutcome, TakeCountsRefusal } from './take-counts.ts'
