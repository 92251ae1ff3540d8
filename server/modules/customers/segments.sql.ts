import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { Segment } from './decide-segments.ts'
import type { PersonKind } from './person.ts'

export function readSegmentRows(source: Queryable): Promise<Segment[]> {
  return source.rows({
    name: 'customers.read_segments',
    text: 'select id, code, name, rule, active, version from customers.segment order by code',
  })
}

/** Writes a new segment or an edited one. @param revision  the room's, raised by this transaction */
export function putSegment(tx: Tx, segment: Segment, revision: bigint): void {
  tx.send({
    name: 'customers.put_segment',
    text: `insert into customers.segment (id, code, name, rule, active, version, revision)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (id) do update
             set name = excluded.name, rule = excluded.rule, active = excluded.active, version = excluded.version,
                 revision = excluded.revision`,
    values: [
      segment.id,
      segment.code,
      segment.name,
      JSON.stringify(segment.rule),
      segment.active,
      segment.version,
      revision,
    ],
  })
}

/** Everything that decides what somebody may buy at which price, sealed parts included. */
export interface BuyerRow {
  /** The id that was asked about: the account's, that of a guest merged into it, or a guest's own. */
  readonly asked_id: Id<'person'>
  readonly id: Id<'person'>
  readonly kind: PersonKind
  readonly email_hash: Buffer | null
  readonly key_version: number
  readonly wrapped_key: Buffer | null
  readonly vault: Buffer | null
  readonly created_at: Instant
  readonly email_verified_at: Instant | null
  /** This and what follows is an account's; nothing of it is known of a guest. */
  readonly tags: readonly string[]
  readonly tax_exempt: boolean
  readonly tax_exempt_until: Instant | null
  /** Currency, orders, minor units as text, last order in ms; one a currency. */
  readonly order_facts: readonly (readonly [string, number, string, number])[] | null
  /** `<purpose> <channel>` of those that hold. */
  readonly consents: readonly string[] | null
}

/** One statement for a whole batch of buyers. */
export function readBuyerRows(source: Queryable, ids: readonly Id<'person'>[]): Promise<BuyerRow[]> {
  return source.rows({
    name: 'customers.read_buyers',
    text: `select given.id as asked_id, person.id, person.kind, person.email_hash, person.key_version,
                  person.wrapped_key, person.vault, person.created_at, account.email_verified_at,
                  coalesce(account.tags, '{}') as tags, coalesce(account.tax_exempt, false) as tax_exempt,
                  account.tax_exempt_until,
                  (select json_agg(json_build_array(currency, order_count, spent_minor::text,
                                                    floor(extract(epoch from last_order_at) * 1000)))
                     from customers.order_facts where account_id = person.id) as order_facts,
                  (select json_agg(spoken) from
                     (select distinct on (purpose, channel) purpose || ' ' || channel as spoken, decision
                        from customers.consent_entry
                       where account.person_id is not null
                         and person_id in (select person.id union all
                                           select guest.id from customers.person as guest
                                            where guest.merged_into = person.id)
                       order by purpose, channel, occurred_at desc, consent_entry.id desc) as last
                    where decision = 'given') as consents
             from customers.person as given
             join customers.person on person.id = coalesce(given.merged_into, given.id)
             left join customers.account on account.person_id = person.id
            where given.id = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
}

export interface CountedOrder {
  readonly orderId: Id<'order'>
  readonly accountId: Id<'person'>
  readonly currency: string
  readonly totalMinor: bigint
  readonly placedAt: Instant
}

/** An order that is counted already keeps its row. */
export function insertCountedOrders(tx: Tx, orders: readonly CountedOrder[]): void {
  tx.send({
    name: 'customers.insert_counted_orders',
    text: `insert into customers.counted_order (order_id, account_id, currency, total_minor, placed_at)
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[])
           on conflict (order_id) do nothing`,
    values: [
      plainArray(orders.map((order) => order.orderId)),
      plainArray(orders.map((order) => order.accountId)),
      plainArray(orders.map((order) => order.currency)),
      plainArray(orders.map((order) => order.totalMinor)),
      instantArray(orders.map((order) => order.placedAt)),
    ],
  })
}

/** @returns the accounts whose orders are counted no longer */
export async function deleteCountedOrders(tx: Tx, orderIds: readonly Id<'order'>[]): Promise<Id<'person'>[]> {
  const rows = await tx.rows<{ account_id: Id<'person'> }>({
    name: 'customers.delete_counted_orders',
    text: 'delete from customers.counted_order where order_id = any($1::uuid[]) returning account_id',
    values: [plainArray(orderIds)],
  })
  return rows.map((row) => row.account_id)
}

/** Adds up again what is counted for these accounts. */
export function sumOrderFacts(tx: Tx, accountIds: readonly Id<'person'>[]): void {
  const values = [plainArray([...new Set(accountIds)].toSorted())]
  tx.send({
    name: 'customers.delete_order_facts',
    text: 'delete from customers.order_facts where account_id = any($1::uuid[])',
    values,
  })
  tx.send({
    name: 'customers.sum_order_facts',
    text: `insert into customers.order_facts (account_id, currency, order_count, spent_minor, last_order_at)
           select account_id, currency, count(*), sum(total_minor), max(placed_at)
             from customers.counted_order where account_id = any($1::uuid[]) group by account_id, currency`,
    values,
  })
}
