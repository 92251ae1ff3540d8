import type { Id } from '../../kernel/id.ts'
import type { Db, Queryable, Tx } from '../../platform/db.ts'
import { readRevisions, RevisionedBook } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import { adjustStock, type AdjustStock, type AdjustStockOutcome } from './adjust-stock.ts'
import { cancelInbound, editInbound, type ChangeInboundOutcome, type EditInbound } from './change-inbound.ts'
import { createInbound, type CreateInbound, type CreateInboundOutcome } from './create-inbound.ts'
import { buildLocationBook, type LocationBook } from './location.ts'
import { readLocations, readUnknownLocations } from './locations.sql.ts'
import type { InventoryPorts } from './ports.ts'
import { receiveInbound, type ReceiveInbound, type ReceiveInboundOutcome } from './receive-inbound.ts'
import {
  createLocation,
  editLocation,
  type CreateLocationOutcome,
  type EditLocationOutcome,
  type LocationChanges,
  type NewLocation,
} from './save-location.ts'
import { setChannelLimits, type SetChannelLimits, type SetChannelLimitsOutcome } from './set-channel-limits.ts'
import { setLimits, type SetLimits, type SetLimitsOutcome } from './set-limits.ts'
import { takeCounts, type TakeCounts, type TakeCountsOutcome } from './take-counts.ts'

/** Where goods are and who may have them. Commands open their own transactions; what takes a `tx` joins the caller's. */
export interface Inventory {
  /** All locations at `revision` of this room or later; one small statement when they must be loaded, else none. */
  locationsAt(source: Queryable, revision: bigint): Promise<LocationBook>
  /** All locations as the database holds them now: asks for the revision first. */
  currentLocations(source?: Queryable): Promise<LocationBook>
  /** All locations as last loaded, for reads that may be a second old or run while the database is away. */
  peekLocations(): LocationBook | undefined
  /** @returns those of the ids that no location has */
  unknownLocations(source: Queryable, ids: readonly Id<'location'>[]): Promise<Id<'location'>[]>
  createLocation(
    tx: Tx,
    command: { readonly actor: string; readonly fields: NewLocation },
  ): Promise<CreateLocationOutcome>
  editLocation(
    tx: Tx,
    command: {
      readonly actor: string
      readonly id: Id<'location'>
      readonly seenVersion: number
      readonly changes: LocationChanges
    },
  ): Promise<EditLocationOutcome>
  adjustStock(command: AdjustStock): Promise<AdjustStockOutcome>
  takeCounts(command: TakeCounts): Promise<TakeCountsOutcome>
  setLimits(command: SetLimits): Promise<SetLimitsOutcome>
  setChannelLimits(command: SetChannelLimits): Promise<SetChannelLimitsOutcome>
  createInbound(command: CreateInbound): Promise<CreateInboundOutcome>
  editInbound(command: EditInbound): Promise<ChangeInboundOutcome>
  cancelInbound(command: { readonly actor: string; readonly id: Id<'inbound'> }): Promise<ChangeInboundOutcome>
  receiveInbound(command: ReceiveInbound): Promise<ReceiveInboundOutcome>
}

export interface InventoryDeps {
  readonly db: Db
  readonly merchant: Merchant
  readonly ports: InventoryPorts
}

export function openInventory({ db, merchant, ports }: InventoryDeps): Inventory {
  const books = new RevisionedBook(async (source: Queryable) => buildLocationBook(await readLocations(source)))
  const locationsAt = (source: Queryable, revision: bigint) => books.at(source, revision)
  const deps = { db, merchant, locationsAt, ...ports }
  return {
    locationsAt,
    currentLocations: async (source = db) => books.at(source, (await readRevisions(source)).inventory),
    peekLocations: () => books.peek(),
    unknownLocations: readUnknownLocations,
    createLocation: (tx, command) => createLocation(tx, { merchant }, command),
    editLocation: (tx, command) => editLocation(tx, { merchant }, command),
    adjustStock: (command) => adjustStock(deps, command),
    takeCounts: (command) => takeCounts(deps, command),
    setLimits: (command) => setLimits(deps, command),
    setChannelLimits: (command) => setChannelLimits({ db, merchant }, command),
    createInbound: (command) => createInbound(deps, command),
    editInbound: (command) => editInbound(deps, command),
    cancelInbound: (command) => cancelInbound(deps, command),
    receiveInbound: (command) => receiveInbound(deps, command),
  }
}
