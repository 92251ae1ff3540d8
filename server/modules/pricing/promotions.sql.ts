import { newId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { Promotion, PromotionEffect } from './promotion.ts'

/** All promotions as JSON, the oldest first; part of the room's one reading. */
export const promotionsJson = `(select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'name', name, 'active', active, 'currency', currency, 'priority', priority,
          'combinable', combinable, 'needsCode', needs_code,
          'validFrom', extract(epoch from valid_from) * 1000, 'validUntil', extract(epoch from valid_until) * 1000,
          'channelIds', channel_ids, 'marketIds', market_ids, 'segmentIds', segment_ids,
          'variantIds', variant_ids, 'productIds', product_ids, 'categories', categories,
          'itemsMinMinor', items_min_minor::text, 'quantityMin', quantity_min, 'effect', effect,
          'ratePpm', rate_ppm, 'amountMinor', amount_minor::text, 'partVariantIds', part_variant_ids,
          'partUnits', part_units, 'buyUnits', buy_units, 'getUnits', get_units, 'timesMax', times_max,
          'tariffIds', tariff_ids, 'usesMax', uses_max, 'usesPerCustomerMax', uses_per_customer_max,
          'version', version) order by id), '[]')
        from pricing.promotion)`

/** JSON has no whole numbers beyond 2^53: amounts travel as text. */
export interface PromotionJsonRow extends Omit<Promotion, 'goods' | 'effect' | 'itemsMinMinor'> {
  readonly variantIds: readonly Id<'variant'>[]
  readonly productIds: readonly Id<'product'>[]
  readonly categories: readonly string[]
  readonly itemsMinMinor: string | null
  readonly effect: PromotionEffect['kind']
  readonly ratePpm: number | null
  readonly amountMinor: string | null
  readonly partVariantIds: readonly Id<'variant'>[] | null
  readonly partUnits: readonly number[] | null
  readonly buyUnits: number | null
  readonly getUnits: number | null
  readonly timesMax: number | null
  readonly tariffIds: readonly Id<'deliveryTariff'>[] | null
}

export function promotionOf(row: PromotionJsonRow): Promotion {
  return {
    id: row.id,
    name: row.name,
    active: row.active,
    currency: row.currency,
    priority: row.priority,
    combinable: row.combinable,
    needsCode: row.needsCode,
    validFrom: row.validFrom,
    validUntil: row.validUntil,
    channelIds: row.channelIds,
    marketIds: row.marketIds,
    segmentIds: row.segmentIds,
    goods: { variantIds: row.variantIds, productIds: row.productIds, categories: row.categories },
    itemsMinMinor: row.itemsMinMinor === null ? null : BigInt(row.itemsMinMinor),
    quantityMin: row.quantityMin,
    effect: effectOf(row),
    usesMax: row.usesMax,
    usesPerCustomerMax: row.usesPerCustomerMax,
    version: row.version,
  }
}

/** The schema has seen to it that each effect has what it needs. */
function effectOf(row: PromotionJsonRow): PromotionEffect {
  const ratePpm = () => must(row.ratePpm, 'a rate')
  const amountMinor = () => BigInt(must(row.amountMinor, 'an amount'))
  const tariffIds = () => must(row.tariffIds, 'tariffs')
  switch (row.effect) {
    case 'percent_off':
      return { kind: row.effect, ratePpm: ratePpm() }
    case 'amount_off':
      return { kind: row.effect, amountMinor: amountMinor() }
    case 'bundle_price': {
      const units = must(row.partUnits, 'units')
      const parts = must(row.partVariantIds, 'parts').map((variantId, index) => {
        return { variantId, units: must(units[index], 'units of every part') }
      })
      return { kind: row.effect, parts, priceMinor: amountMinor(), timesMax: row.timesMax }
    }
    case 'buy_x_get_y':
      return {
        kind: row.effect,
        buyUnits: must(row.buyUnits, 'units to buy'),
        getUnits: must(row.getUnits, 'units to get'),
        ratePpm: ratePpm(),
        timesMax: row.timesMax,
      }
    case 'delivery_percent_off':
      return { kind: row.effect, ratePpm: ratePpm(), tariffIds: tariffIds() }
    case 'delivery_amount_off':
      return { kind: row.effect, amountMinor: amountMinor(), tariffIds: tariffIds() }
  }
}

interface EffectColumns {
  readonly ratePpm?: number
  readonly amountMinor?: bigint
  readonly partVariantIds?: readonly Id<'variant'>[]
  readonly partUnits?: readonly number[]
  readonly buyUnits?: number
  readonly getUnits?: number
  readonly timesMax?: number | null
  readonly tariffIds?: readonly Id<'deliveryTariff'>[]
}

function columnsOf(effect: PromotionEffect): EffectColumns {
  switch (effect.kind) {
    case 'bundle_price':
      return {
        amountMinor: effect.priceMinor,
        partVariantIds: effect.parts.map(({ variantId }) => variantId),
        partUnits: effect.parts.map(({ units }) => units),
        timesMax: effect.timesMax,
      }
    case 'percent_off':
    case 'amount_off':
    case 'buy_x_get_y':
    case 'delivery_percent_off':
    case 'delivery_amount_off':
      return effect
  }
}

/** Writes the whole row, new or not, and how far its uses are limited; see the other `put…` of this room. */
export function putPromotion(tx: Tx, promotion: Promotion): void {
  const { goods, effect, usesMax } = promotion
  const columns = columnsOf(effect)
  tx.send({
    name: 'pricing.put_promotion',
    text: `insert into pricing.promotion (
             id, name, active, currency, priority, combinable, needs_code, valid_from, valid_until, channel_ids,
             market_ids, segment_ids, variant_ids, product_ids, categories, items_min_minor, quantity_min, effect,
             rate_ppm, amount_minor, part_variant_ids, part_units, buy_units, get_units, times_max, tariff_ids, uses_max,
             uses_per_customer_max, version)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26, $27, $28, $29)
           on conflict (id) do update
              set name = excluded.name, active = excluded.active, currency = excluded.currency,
                  priority = excluded.priority, combinable = excluded.combinable, needs_code = excluded.needs_code,
                  valid_from = excluded.valid_from, valid_until = excluded.valid_until,
                  channel_ids = excluded.channel_ids, market_ids = excluded.market_ids,
                  segment_ids = excluded.segment_ids, variant_ids = excluded.variant_ids,
                  product_ids = excluded.product_ids, categories = excluded.categories,
                  items_min_minor = excluded.items_min_minor, quantity_min = excluded.quantity_min,
                  effect = excluded.effect, rate_ppm = excluded.rate_ppm, amount_minor = excluded.amount_minor,
                  part_variant_ids = excluded.part_variant_ids, part_units = excluded.part_units,
                  buy_units = excluded.buy_units, get_units = excluded.get_units, times_max = excluded.times_max,
                  tariff_ids = excluded.tariff_ids, uses_max = excluded.uses_max,
                  uses_per_customer_max = excluded.uses_per_customer_max, version = excluded.version`,
    values: [
      promotion.id,
      promotion.name,
      promotion.active,
      promotion.currency,
      promotion.priority,
      promotion.combinable,
      promotion.needsCode,
      timestampOf(promotion.validFrom),
      timestampOf(promotion.validUntil),
      promotion.channelIds,
      promotion.marketIds,
      promotion.segmentIds,
      goods.variantIds,
      goods.productIds,
      goods.categories,
      promotion.itemsMinMinor,
      promotion.quantityMin,
      effect.kind,
      columns.ratePpm ?? null,
      columns.amountMinor ?? null,
      columns.partVariantIds ?? null,
      columns.partUnits ?? null,
      columns.buyUnits ?? null,
      columns.getUnits ?? null,
      columns.timesMax ?? null,
      columns.tariffIds ?? null,
      usesMax,
      promotion.usesPerCustomerMax,
      promotion.version,
    ],
  })
  if (usesMax === null) return
  tx.send({
    name: 'pricing.put_promotion_uses',
    text: `insert into pricing.promotion_uses (promotion_id, uses_max) values ($1, $2)
           on conflict (promotion_id) do update set uses_max = excluded.uses_max`,
    values: [promotion.id, usesMax],
  })
}

/** How often limited promotions were used, locked: until the end of the transaction nobody uses them. */
export async function lockUsed(tx: Tx, promotionId: Id<'promotion'>): Promise<number> {
  const rows = await tx.rows<{ used: number }>({
    name: 'pricing.lock_used',
    text: 'select used from pricing.promotion_uses where promotion_id = $1 for update',
    values: [promotionId],
  })
  return rows[0]?.used ?? 0
}

// — codes —

/** A code with what became of it. */
export interface PromotionCode {
  readonly id: Id<'promotionCode'>
  readonly promotionId: Id<'promotion'>
  readonly code: string
  /** Orders that may use it; null: any number. */
  readonly usesMax: number | null
  readonly used: number
  readonly active: boolean
  readonly createdAt: Instant
  readonly version: number
}

/** What nobody counts is counted when somebody asks. */
const codeColumns = `stored.id, stored.promotion_id as "promotionId", stored.code, stored.uses_max as "usesMax",
                  case when stored.uses_max is not null then stored.used else
                    (select count(*)::int from pricing.redemption
                      where redemption.code_id = stored.id and redemption.state <> 'released') end as used,
                  stored.active, stored.created_at as "createdAt", stored.version`

/**
 * Adds codes of one promotion.
 * @returns those that were free; the others belong to some promotion already
 */
export async function insertCodes(
  tx: Tx,
  {
    promotionId,
    batchId,
    codes,
    usesMax,
  }: {
    readonly promotionId: Id<'promotion'>
    readonly batchId: string
    readonly codes: readonly string[]
    readonly usesMax: number | null
  },
): Promise<string[]> {
  const ids = codes.map(() => newId<'promotionCode'>())
  const rows = await tx.rows<{ code: string }>({
    name: 'pricing.insert_codes',
    text: `insert into pricing.promotion_code (id, promotion_id, code, uses_max, batch_id, created_at)
           select id, $1, code, $4, $5, $6 from unnest($2::uuid[], $3::text[]) as new (id, code) order by code
           on conflict (code) do nothing returning code`,
    values: [promotionId, plainArray(ids), codes, usesMax, batchId, formatInstant(tx.at)],
  })
  return rows.map(({ code }) => code)
}

export function readBatch(source: Queryable, batchId: string): Promise<PromotionCode[]> {
  return source.rows({
    name: 'pricing.read_batch',
    text: `select ${codeColumns} from pricing.promotion_code as stored where stored.batch_id = $1 order by stored.id`,
    values: [batchId],
  })
}

/** A promotion's codes, the oldest first. @param page.after  the last code of the page before */
export function listCodes(
  source: Queryable,
  {
    promotionId,
    after,
    limit,
  }: {
    readonly promotionId: Id<'promotion'>
    readonly after: Id<'promotionCode'> | null
    readonly limit: number
  },
): Promise<PromotionCode[]> {
  return source.rows({
    name: 'pricing.list_codes',
    text: `select ${codeColumns} from pricing.promotion_code as stored
            where stored.promotion_id = $1 and ($2::uuid is null or stored.id > $2) order by stored.id limit $3`,
    values: [promotionId, after, limit],
  })
}

export async function readCode(source: Queryable, id: Id<'promotionCode'>): Promise<PromotionCode | null> {
  const rows = await source.rows<PromotionCode>({
    name: 'pricing.read_code',
    text: `select ${codeColumns} from pricing.promotion_code as stored where stored.id = $1`,
    values: [id],
  })
  return rows[0] ?? null
}

/** Switches a code on or off, if it still has the version that the editor saw. @returns whether it had */
export async function switchCode(
  tx: Tx,
  {
    id,
    promotionId,
    seenVersion,
    active,
  }: {
    readonly id: Id<'promotionCode'>
    readonly promotionId: Id<'promotion'>
    readonly seenVersion: number
    readonly active: boolean
  },
): Promise<boolean> {
  const count = await tx.execute({
    name: 'pricing.switch_code',
    text: `update pricing.promotion_code set active = $4, version = version + 1
            where id = $1 and promotion_id = $2 and version = $3`,
    values: [id, promotionId, seenVersion, active],
  })
  invariant(count <= 1, 'an id is of one code')
  return count === 1
}

function timestampOf(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant)
}
