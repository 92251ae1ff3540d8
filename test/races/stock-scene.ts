import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { newId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { addMs, DAY_MS, formatInstant, MINUTE_MS, parseInstant, type Instant } from '../../server/kernel/time.ts'
import {
  createGates,
  ensureOnHand,
  insertClaims,
  lockGates,
  openInventory,
  postStock,
  promoteClaims,
  type DemandOwner,
  type FreedDemand,
  type Inventory,
  type QuarantinedCount,
  type StockEntry,
} from '../../server/modules/inventory/index.ts'
import { openMerchant, type Merchant } from '../../server/modules/merchant/index.ts'
import { createDb, type Db, type Queryable, type Tx } from '../../server/platform/db.ts'
import { createTestDatabase } from '../support/database.ts'

/** A claim as checkout and carts make them; `unpaid` is reserved for an order, `in_work` handed to the location. */
export type ClaimKind = 'cart' | 'unpaid' | 'accepted' | 'in_work'

export interface ClaimWanted {
  readonly kind: ClaimKind
  readonly units: number
  /** Latest promise, in days from now. */
  readonly days?: number
  /** Another row than the unfenced one on hand. */
  readonly supplyId?: bigint
}

export interface MadeClaim {
  readonly claimId: Id<'claim'>
  readonly demandId: string
}

export type SceneLocation = 'near' | 'far'

/**
 * A shop's stock on a database of its own: SKUs and two locations, and orders whose buckets are kept here, so that what
 * inventory gives back can be compared with what it took.
 */
export class StockScene {
  readonly db: Db
  readonly merchant: Merchant
  readonly inventory: Inventory
  readonly locationIds: Readonly<Record<SceneLocation, Id<'location'>>>
  readonly channelId: Id<'channel'>
  readonly quarantined: QuarantinedCount[] = []
  readonly settledQuarantines: string[] = []
  /** Runs once demand is locked and before the gates are: the moment in which others can still slip in. */
  beforeGates: (() => Promise<void>) | null = null
  /** Somebody else acts: not in the transaction that is under way. */
  readonly #asSomebodyElse = AsyncLocalStorage.snapshot()
  /** Runs under the gates, before orders that were found only there are locked. */
  beforeLateLock: (() => Promise<void>) | null = null
  readonly #variantIds = new Map<string, Id<'variant'>>()
  readonly #drop: () => Promise<void>

  constructor(db: Db, shop: Pick<StockScene, 'locationIds' | 'channelId'>, drop: () => Promise<void>) {
    this.db = db
    this.locationIds = shop.locationIds
    this.channelId = shop.channelId
    this.merchant = openMerchant({ db })
    this.inventory = openInventory({
      db,
      merchant: this.merchant,
      ports: {
        demand: this.#demandOwner(),
        counts: {
          raise: async (_tx, counts) => void this.quarantined.push(...counts),
          close: async (_tx, ids) => void this.settledQuarantines.push(...ids),
        },
      },
    })
    this.#drop = drop
  }

  async close(): Promise<void> {
    await this.db.close()
    await this.#drop()
  }

  variantId(sku: string): Id<'variant'> {
    return must(this.#variantIds.get(sku), `the SKU ${sku}`)
  }

  /** Sets business time; it goes on from there. `10:00` is of the scene's one day. */
  async clock(time: string): Promise<void> {
    await run(this.db, 'update platform.clock set anchor_business = $1, anchor_database = clock_timestamp()', [
      formatInstant(clockTime(time)),
    ])
  }

  async addSkus(...skus: readonly string[]): Promise<void> {
    const variantIds = skus.map(() => newId<'variant'>())
    await this.db.inTransaction(async (tx) => {
      const productId = newId()
      await run(
        tx,
        `insert into catalog.product (id, handle, title, status, revision, created_at, updated_at)
                     values ($1, $2, 'A product', 'active', 1, $3, $3)`,
        [productId, productId, new Date(tx.at)],
      )
      await run(
        tx,
        `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
                     select id, $1, sku, '', place, 'physical', true, 'active', 1
                       from unnest($2::uuid[], $3::text[]) with ordinality as variant (id, sku, place)`,
        [productId, variantIds, skus],
      )
      createGates(tx, variantIds)
    })
    for (const [index, sku] of skus.entries()) this.#variantIds.set(sku, must(variantIds[index], 'an id for every SKU'))
  }

  /** A SKU that no shelf holds. */
  async addDigital(sku: string): Promise<void> {
    await this.addSkus(`${sku} (boxed) ${this.#variantIds.size}`)
    await run(
      this.db,
      `
      insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
      select $1, product.id, $2, '', 9, 'digital', false, 'active', 1 from catalog.product limit 1
      on conflict (sku) do nothing`,
      [newId(), sku],
    )
  }

  /** Holds the lock of a demand's order, with `work` done under it. @returns what commits that and lets go */
  async holdOrder(demandId: string, work: (tx: Tx) => Promise<void> = async () => {}): Promise<() => Promise<void>> {
    const held = Promise.withResolvers<void>()
    const letGo = Promise.withResolvers<void>()
    const holding = this.db.inTransaction(async (tx) => {
      await this.lockOrder(tx, demandId)
      await work(tx)
      held.resolve()
      await letGo.promise
    })
    await Promise.race([held.promise, holding])
    return async () => {
      letGo.resolve()
      await holding
    }
  }

  /** Puts units on hand as if they had always been there. @returns the row */
  async stock(sku: string, at: SceneLocation, units: number): Promise<bigint> {
    return this.db.inTransaction(async (tx) => {
      const variantId = this.variantId(sku)
      const gated = await lockGates(tx, [variantId])
      const [supplyId] = await ensureOnHand(gated, [{ variantId, locationId: this.locationIds[at] }])
      const row = must(supplyId, 'the row')
      if (units > 0) postStock(gated, [entry(row, { reason: 'initial', quantityDelta: units, occurredAt: EPOCH })])
      return row
    })
  }

  /** Each claim is of an order or cart of its own. Refused by the table when the row has too little. */
  async claim(sku: string, at: SceneLocation, ...wanted: readonly ClaimWanted[]): Promise<MadeClaim[]> {
    const unfenced = wanted.every((each) => each.supplyId !== undefined) ? null : await this.stock(sku, at, 0)
    const claims = wanted.map(({ kind, units, days = 3, supplyId }) => ({
      id: newId<'claim'>(),
      demandId: newId(),
      kind,
      units,
      days,
      supplyId: must(supplyId ?? unfenced, 'a row to claim'),
    }))
    await this.db.inTransaction(async (tx) => {
      const gated = await lockGates(tx, [this.variantId(sku)])
      insertClaims(
        gated,
        claims.map(({ id, kind, units, days, supplyId, demandId }) => ({
          id,
          demandId,
          supplyId,
          channelId: null,
          decisionId: null,
          quantity: units,
          demandKind: kind === 'cart' ? 'cart_line' : 'demand_line',
          stage: kind === 'cart' || kind === 'unpaid' ? 'reserved' : kind === 'accepted' ? 'allocated' : 'picked',
          reservedUntil: kind === 'cart' || kind === 'unpaid' ? addMs(tx.at, 30 * MINUTE_MS) : null,
          promisedBy: kind === 'cart' ? null : addMs(tx.at, days * DAY_MS),
        })),
      )
      postStock(
        gated,
        claims.map(({ id, units, supplyId }) =>
          entry(supplyId, { reason: 'claimed', claimedDelta: units, claimId: id, occurredAt: tx.at }),
        ),
      )
      for (const { kind, demandId, units } of claims) {
        if (kind !== 'cart') await this.recordOrder(tx, demandId, kind === 'unpaid' ? 0 : units)
      }
    })
    return claims.map(({ id, demandId }) => ({ claimId: id, demandId }))
  }

  /** An order of one line, all of whose units are allocated, or none. */
  async recordOrder(tx: Tx, demandId: string, allocated: number): Promise<void> {
    await run(
      tx,
      `with placed as (insert into scene.orders (id) values ($1) returning id)
                   insert into scene.demand (id, order_id, allocated) select $2, id, $3 from placed`,
      [newId(), demandId, allocated],
    )
  }

  /** Locks the order of a demand, as everything that changes it does first. */
  async lockOrder(tx: Tx, demandId: string): Promise<void> {
    await run(tx, `select from scene.orders where id = (select order_id from scene.demand where id = $1) for update`, [
      demandId,
    ])
  }

  /** What settling does: reservations become allocations, under the order's lock and without any gate. */
  async accept(tx: Tx, demandId: string): Promise<void> {
    await this.lockOrder(tx, demandId)
    const [promoted] = await promoteClaims(tx, [demandId], { from: 'reserved', to: 'allocated' })
    const units = promoted?.units ?? 0
    await run(tx, 'update scene.demand set allocated = allocated + $2 where id = $1', [demandId, units])
  }

  /** The order, whose lock the caller holds, wants nothing any more. */
  async endOrder(tx: Tx, demandId: string): Promise<void> {
    await run(tx, 'update scene.demand set allocated = 0 where id = $1', [demandId])
  }

  async onHand(
    sku: string,
    at: SceneLocation,
    source: Queryable = this.db,
  ): Promise<{ onHand: number; claimed: number }> {
    return must(
      (
        await rows<{ onHand: number; claimed: number }>(
          source,
          `
      select coalesce(sum(quantity), 0)::int as "onHand", coalesce(sum(claimed), 0)::int as claimed
        from inventory.supply
       where variant_id = $1 and location_id = $2 and kind = 'on_hand' and disposition = 'sellable'`,
          [this.variantId(sku), this.locationIds[at]],
        )
      )[0],
      'the sums',
    )
  }

  async onHandRows(
    sku: string,
    at: SceneLocation,
  ): Promise<{ isFenced: boolean; quantity: number; claimed: number }[]> {
    return rows(
      this.db,
      `
      select channel_id is not null as "isFenced", quantity, claimed from inventory.supply
       where variant_id = $1 and location_id = $2 and kind = 'on_hand' and disposition = 'sellable' order by id`,
      [this.variantId(sku), this.locationIds[at]],
    )
  }

  /** What inventory told the owners of demand, of claims on one SKU. */
  async freed(sku: string): Promise<Pick<FreedDemand, 'demandId' | 'stage' | 'units'>[]> {
    return rows(
      this.db,
      `select demand_id as "demandId", stage, units from scene.freed
        where demand_id in (select demand_id from inventory.claim join inventory.supply on supply.id = claim.supply_id
                             where variant_id = $1)`,
      [this.variantId(sku)],
    )
  }

  /** Units that a demand still has claimed. */
  async heldUnits(demandId: string): Promise<number> {
    const [row] = await rows<{ units: number }>(
      this.db,
      `
      select coalesce(sum(quantity), 0)::int as units from inventory.claim where demand_id = $1 and live`,
      [demandId],
    )
    return must(row, 'the sum').units
  }

  /** Every book agrees with every other. */
  async assertBooks(): Promise<void> {
    for (const [name, predicate] of Object.entries(bookPredicates)) {
      assert.deepEqual(await rows(this.db, predicate, []), [], name)
    }
  }

  #demandOwner(): DemandOwner {
    return {
      lockDemand: async (tx, demandIds) => {
        await run(
          tx,
          `select from scene.orders where id in (select order_id from scene.demand where id = any($1))
                        order by id for update`,
          [demandIds],
        )
        await this.#asSomebodyElse(async () => this.beforeGates?.())
      },
      lockDemandIfFree: async (tx, demandIds) => {
        await this.#asSomebodyElse(async () => this.beforeLateLock?.())
        const locked = await rows<{ id: string }>(
          tx,
          `
          with locked as (
            select id from scene.orders where id in (select order_id from scene.demand where id = any($1))
             order by id for update skip locked)
          select demand.id from scene.demand join locked on locked.id = demand.order_id where demand.id = any($1)`,
          [demandIds],
        )
        return locked.map(({ id }) => id)
      },
      unitsFreed: async (tx, freed) => {
        await run(tx, 'insert into scene.freed select * from unnest($1::uuid[], $2::text[], $3::int[])', [
          freed.map((each) => each.demandId),
          freed.map((each) => each.stage),
          freed.map((each) => each.units),
        ])
        const allocated = freed.filter((each) => each.stage === 'allocated')
        await run(
          tx,
          `update scene.demand set allocated = allocated - freed.units
                         from unnest($1::uuid[], $2::int[]) as freed (id, units) where demand.id = freed.id`,
          [allocated.map((each) => each.demandId), allocated.map((each) => each.units)],
        )
      },
    }
  }
}

export async function openStockScene({ poolMax = 8 }: { readonly poolMax?: number } = {}): Promise<StockScene> {
  const database = await createTestDatabase()
  const db = createDb({ databaseUrl: database.url, poolMax, applicationName: 'stock scene' })
  const locationIds = { near: newId<'location'>(), far: newId<'location'>() }
  const channelId = newId<'channel'>()
  const entityId = newId()
  await db.inTransaction(async (tx) => {
    await run(
      tx,
      `insert into merchant.legal_entity (id, code, name, country, currency, zone)
                   values ($1, 'us', 'Shop Inc', 'US', 'USD', 'America/New_York')`,
      [entityId],
    )
    await run(
      tx,
      `insert into merchant.channel (id, code, name, kind, legal_entity_id, currency, currencies, locale,
                                                 zone, tax_included)
                   values ($1, 'web', 'Web', 'web', $2, 'USD', '{USD}', 'en-US', 'America/New_York', false)`,
      [channelId, entityId],
    )
    await run(
      tx,
      `insert into inventory.location (id, code, name, kind, legal_entity_id, zone, country, city,
                                                   postal_code, latitude, longitude, revision)
                   select id, code, code, 'warehouse', $3, 'America/New_York', 'US', 'New York', '10001', 40.75, -73.99, 1
                     from unnest($1::uuid[], $2::text[]) as location (id, code)`,
      [Object.values(locationIds), Object.keys(locationIds), entityId],
    )
    await run(tx, 'create schema scene', [])
    await run(tx, 'create table scene.orders (id uuid primary key)', [])
    await run(
      tx,
      `create table scene.demand (
         id uuid primary key, order_id uuid not null, allocated int not null check (allocated >= 0))`,
      [],
    )
    await run(tx, 'create table scene.freed (demand_id uuid not null, stage text not null, units int not null)', [])
  })
  const scene = new StockScene(db, { locationIds, channelId }, () => database.drop())
  await scene.clock('12:00')
  return scene
}

const EPOCH = must(parseInstant('2020-01-01T00:00:00Z'), 'a time before all others')

/** `10:00` of the scene's day. */
export function clockTime(time: string): Instant {
  return must(parseInstant(`2026-11-23T${time}:00Z`), `the time ${time}`)
}

/** What may never be true, as statements that answer with rows where it is. */
const bookPredicates = {
  'quantity is the sum of its entries': `
    select supply.id, supply.quantity, sum(entry.quantity_delta)
      from inventory.supply left join inventory.stock_entry as entry on entry.supply_id = supply.id
     group by supply.id having supply.quantity <> coalesce(sum(entry.quantity_delta), 0)`,
  'claimed is the sum of its entries': `
    select supply.id, supply.claimed, sum(entry.claimed_delta)
      from inventory.supply left join inventory.stock_entry as entry on entry.supply_id = supply.id
     group by supply.id having supply.claimed <> coalesce(sum(entry.claimed_delta), 0)`,
  'claimed is the sum of live claims': `
    select supply.id, supply.claimed, sum(claim.quantity)
      from inventory.supply left join inventory.claim on claim.supply_id = supply.id and claim.live
     group by supply.id having supply.claimed <> coalesce(sum(claim.quantity), 0)`,
  'the entries of a claim add up to what it holds': `
    select claim.id, claim.quantity, claim.stage, sum(entry.claimed_delta)
      from inventory.claim left join inventory.stock_entry as entry on entry.claim_id = claim.id
     group by claim.id
    having coalesce(sum(entry.claimed_delta), 0) <> case when claim.live then claim.quantity else 0 end`,
  'splits add up to their root': `
    with family as (
      select coalesce(split_from, id) as root, sum(quantity) as units from inventory.claim group by 1)
    select family.root, family.units, entry.claimed_delta
      from family join lateral (
        select claimed_delta from inventory.stock_entry where claim_id = family.root order by id limit 1) as entry on true
     where family.units <> entry.claimed_delta`,
  'orders have allocated what accepted claims hold for them': `
    select demand.id, demand.allocated, sum(claim.quantity) filter (where claim.stage in ('allocated', 'picked'))
      from scene.demand join inventory.claim on claim.demand_id = demand.id
     group by demand.id
    having bool_and(claim.stage <> 'consumed')
       and demand.allocated <> coalesce(sum(claim.quantity) filter (where claim.stage in ('allocated', 'picked')), 0)`,
}

function entry(supplyId: bigint, told: Pick<StockEntry, 'reason' | 'occurredAt'> & Partial<StockEntry>): StockEntry {
  return { quantityDelta: 0, claimedDelta: 0, claimId: null, cause: null, ...told, supplyId }
}

/** Statements of the scene itself, prepared under their own text. */
export function rows<Row>(source: Queryable, text: string, values: readonly unknown[]): Promise<Row[]> {
  return source.rows<Row>({ name: nameOf(text), text, values })
}

async function run(source: Queryable | Tx, text: string, values: readonly unknown[]): Promise<void> {
  await source.execute({ name: nameOf(text), text, values })
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `scene.${names.size}`
  names.set(text, name)
  return name
}
