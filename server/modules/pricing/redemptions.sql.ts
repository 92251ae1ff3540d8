import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'

// A promotion's counter, then codes, then customers, each sorted by id: every writer of uses locks in this order.

export interface PromotionUsesRow {
  readonly promotion_id: Id<'promotion'>
  readonly uses_left: number
}

/** Counters of these promotions and of those that the codes are for; a promotion without a limit has none. */
export function lockPromotionUses(
  tx: Tx,
  promotionIds: readonly Id<'promotion'>[],
  codes: readonly string[],
): Promise<PromotionUsesRow[]> {
  return tx.rows({
    name: 'pricing.lock_promotion_uses',
    text: `select promotion_id, uses_max - used as uses_left from pricing.promotion_uses
            where promotion_id = any($1::uuid[])
               or promotion_id in (select promotion_id from pricing.promotion_code where code = any($2::text[]))
            order by promotion_id for update`,
    values: [plainArray(promotionIds), codes],
  })
}

export function readPromotionUses(
  source: Queryable,
  promotionIds: readonly Id<'promotion'>[],
  codes: readonly string[],
): Promise<PromotionUsesRow[]> {
  return source.rows({
    name: 'pricing.read_promotion_uses',
    text: `select promotion_id, uses_max - used as uses_left from pricing.promotion_uses
            where promotion_id = any($1::uuid[])
               or promotion_id in (select promotion_id from pricing.promotion_code where code = any($2::text[]))`,
    values: [plainArray(promotionIds), codes],
  })
}

/** Only codes with a limit: the others would make all who use them wait for each other for nothing. */
export async function lockLimitedCodes(tx: Tx, codes: readonly string[]): Promise<void> {
  await tx.rows({
    name: 'pricing.lock_limited_codes',
    text: `select id from pricing.promotion_code where code = any($1::text[]) and uses_max is not null
            order by id for update`,
    values: [codes],
  })
}

export interface CodeRow {
  readonly id: Id<'promotionCode'>
  readonly promotion_id: Id<'promotion'>
  readonly code: string
  readonly active: boolean
  /** Null: any number. */
  readonly uses_left: number | null
}

export function readCodeRows(source: Queryable, codes: readonly string[]): Promise<CodeRow[]> {
  return source.rows({
    name: 'pricing.read_code_rows',
    text: `select id, promotion_id, code, active, uses_max - used as uses_left from pricing.promotion_code
            where code = any($1::text[])`,
    values: [codes],
  })
}

export interface CustomerAsk {
  readonly customerKey: Buffer
  readonly promotionIds: readonly Id<'promotion'>[]
  readonly codes: readonly string[]
}

export interface CustomerUsesRow {
  readonly promotion_id: Id<'promotion'>
  readonly customer_key: Buffer
  readonly uses_left: number
}

/** Whom each promotion that is limited by customer is asked for by: by itself, or by one of its codes. */
const asked = `select distinct promotion.id as promotion_id, ask.customer_key,
                      promotion.uses_per_customer_max as uses_max
                 from (select promotion_id, customer_key
                         from unnest($1::uuid[], $2::bytea[]) as by_id (promotion_id, customer_key)
                        union all
                       select code.promotion_id, by_code.customer_key
                         from unnest($3::text[], $4::bytea[]) as by_code (code, customer_key)
                         join pricing.promotion_code as code on code.code = by_code.code) as ask
                 join pricing.promotion on promotion.id = ask.promotion_id
                where promotion.uses_per_customer_max is not null`

function askValues(asks: readonly CustomerAsk[]): unknown[] {
  const byId = asks.flatMap(({ customerKey, promotionIds }) => promotionIds.map((id) => ({ id, customerKey })))
  const byCode = asks.flatMap(({ customerKey, codes }) => codes.map((code) => ({ code, customerKey })))
  return [
    plainArray(byId.map(({ id }) => id)),
    byId.map(({ customerKey }) => customerKey),
    byCode.map(({ code }) => code),
    byCode.map(({ customerKey }) => customerKey),
  ]
}

/**
 * Locks the counters of these customers, and makes those that are missing: somebody who uses a promotion for the first
 * time twice at once must wait for himself. A limit that was changed since is taken over.
 */
export function lockCustomerUses(tx: Tx, asks: readonly CustomerAsk[]): Promise<CustomerUsesRow[]> {
  return tx.rows({
    name: 'pricing.lock_customer_uses',
    text: `insert into pricing.customer_uses as stored (promotion_id, customer_key, uses_max)
           select promotion_id, customer_key, uses_max from (${asked}) as wanted order by promotion_id, customer_key
           on conflict (promotion_id, customer_key) do update set uses_max = greatest(excluded.uses_max, stored.used)
           returning promotion_id, customer_key, uses_max - used as uses_left`,
    values: askValues(asks),
  })
}

export function readCustomerUses(source: Queryable, asks: readonly CustomerAsk[]): Promise<CustomerUsesRow[]> {
  return source.rows({
    name: 'pricing.read_customer_uses',
    text: `select wanted.promotion_id, wanted.customer_key,
                  greatest(wanted.uses_max - coalesce(stored.used, 0), 0) as uses_left
             from (${asked}) as wanted
             left join pricing.customer_uses as stored using (promotion_id, customer_key)`,
    values: askValues(asks),
  })
}

export interface NewRedemption {
  readonly orderId: Id<'order'>
  readonly promotionId: Id<'promotion'>
  readonly promotionVersion: number
  readonly codeId: Id<'promotionCode'> | null
  readonly customerKey: Buffer | null
  readonly currency: CurrencyCode
  readonly goodsMinor: bigint
  readonly deliveryMinor: bigint
  readonly state: 'reserved' | 'posted'
}

/**
 * Records uses and counts them, under the locks above. What an order has recorded already is neither written nor counted
 * again, and the checks of the counters refuse a use too many whatever was decided.
 */
export function insertRedemptions(tx: Tx, redemptions: readonly NewRedemption[]): void {
  tx.send({
    name: 'pricing.insert_redemptions',
    text: `with used as (
             insert into pricing.redemption (order_id, promotion_id, promotion_version, code_id, customer_key, currency,
                                             goods_minor, delivery_minor, state, recorded_at)
             select new.order_id, new.promotion_id, new.version, new.code_id,
                    case when promotion.uses_per_customer_max is not null then new.customer_key end, new.currency,
                    new.goods_minor, new.delivery_minor, new.state, $10::timestamptz
               from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::bytea[], $6::text[], $7::bigint[],
                           $8::bigint[], $9::text[])
                    as new (order_id, promotion_id, version, code_id, customer_key, currency, goods_minor,
                            delivery_minor, state)
               join pricing.promotion on promotion.id = new.promotion_id
             on conflict (order_id, promotion_id) do nothing
             returning promotion_id, code_id, customer_key
           ), of_promotion as (
             update pricing.promotion_uses as stored set used = stored.used + more.count
               from (select promotion_id, count(*)::int as count from used group by promotion_id) as more
              where stored.promotion_id = more.promotion_id
           ), of_code as (
             update pricing.promotion_code as stored set used = stored.used + more.count
               from (select code_id, count(*)::int as count from used where code_id is not null group by code_id) as more
              where stored.id = more.code_id and stored.uses_max is not null
           )
           update pricing.customer_uses as stored set used = stored.used + more.count
             from (select promotion_id, customer_key, count(*)::int as count
                     from used where customer_key is not null group by promotion_id, customer_key) as more
            where stored.promotion_id = more.promotion_id and stored.customer_key = more.customer_key`,
    values: [
      plainArray(redemptions.map(({ orderId }) => orderId)),
      plainArray(redemptions.map(({ promotionId }) => promotionId)),
      plainArray(redemptions.map(({ promotionVersion }) => promotionVersion)),
      plainArray(redemptions.map(({ codeId }) => codeId)),
      redemptions.map(({ customerKey }) => customerKey),
      redemptions.map(({ currency }) => currency),
      plainArray(redemptions.map(({ goodsMinor }) => goodsMinor)),
      plainArray(redemptions.map(({ deliveryMinor }) => deliveryMinor)),
      redemptions.map(({ state }) => state),
      formatInstant(tx.at),
    ],
  })
}

export interface RedemptionRow {
  readonly order_id: Id<'order'>
  readonly promotion_id: Id<'promotion'>
  readonly name: string
  readonly code: string | null
  readonly currency: CurrencyCode
  readonly goods_minor: bigint
  readonly delivery_minor: bigint
}

/** What orders were placed with, also when they have ended; under the promotion's name of today. */
export function readRedemptions(source: Queryable, orderIds: readonly Id<'order'>[]): Promise<RedemptionRow[]> {
  return source.rows({
    name: 'pricing.read_redemptions',
    text: `select redemption.order_id, redemption.promotion_id, promotion.name, code.code, redemption.currency,
                  redemption.goods_minor, redemption.delivery_minor
             from pricing.redemption
             join pricing.promotion on promotion.id = redemption.promotion_id
             left join pricing.promotion_code as code on code.id = redemption.code_id
            where redemption.order_id = any($1::uuid[]) order by redemption.order_id, redemption.promotion_id`,
    values: [plainArray(orderIds)],
  })
}

/** The orders are open: what was reserved is used for good. Again: nothing more. */
export function postRedemptions(tx: Tx, orderIds: readonly Id<'order'>[]): void {
  tx.send({
    name: 'pricing.post_redemptions',
    text: `update pricing.redemption set state = 'posted' where order_id = any($1::uuid[]) and state = 'reserved'`,
    values: [plainArray(orderIds)],
  })
}

/** Locks, in the room's order, every counter that these orders were counted on. */
export async function lockUsesOfOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<void> {
  const values = [plainArray(orderIds)]
  await Promise.all([
    tx.rows({
      name: 'pricing.lock_promotions_of_orders',
      text: `select 1 from pricing.promotion_uses
              where promotion_id in (select promotion_id from pricing.redemption
                                      where order_id = any($1::uuid[]) and state <> 'released')
              order by promotion_id for update`,
      values,
    }),
    tx.rows({
      name: 'pricing.lock_codes_of_orders',
      text: `select 1 from pricing.promotion_code
              where uses_max is not null
                and id in (select code_id from pricing.redemption
                            where order_id = any($1::uuid[]) and state <> 'released')
              order by id for update`,
      values,
    }),
    tx.rows({
      name: 'pricing.lock_customers_of_orders',
      text: `select 1 from pricing.customer_uses
              where (promotion_id, customer_key) in (select promotion_id, customer_key from pricing.redemption
                                                      where order_id = any($1::uuid[]) and state <> 'released')
              order by promotion_id, customer_key for update`,
      values,
    }),
  ])
}

/** Gives back what orders that ended have used, under the locks of `lockUsesOfOrders`. Again: nothing more. */
export function endRedemptions(tx: Tx, orderIds: readonly Id<'order'>[]): void {
  tx.send({
    name: 'pricing.end_redemptions',
    text: `with ended as (
             update pricing.redemption set state = 'released' where order_id = any($1::uuid[]) and state <> 'released'
             returning promotion_id, code_id, customer_key
           ), of_promotion as (
             update pricing.promotion_uses as stored set used = stored.used - less.count
               from (select promotion_id, count(*)::int as count from ended group by promotion_id) as less
              where stored.promotion_id = less.promotion_id
           ), of_code as (
             update pricing.promotion_code as stored set used = stored.used - less.count
               from (select code_id, count(*)::int as count from ended where code_id is not null group by code_id) as less
              where stored.id = less.code_id and stored.uses_max is not null
           )
           update pricing.customer_uses as stored set used = stored.used - less.count
             from (select promotion_id, customer_key, count(*)::int as count
                     from ended where customer_key is not null group by promotion_id, customer_key) as less
            where stored.promotion_id = less.promotion_id and stored.customer_key = less.customer_key`,
    values: [plainArray(orderIds)],
  })
}
