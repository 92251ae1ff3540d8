import pg from 'pg'
import { formatId, type Id } from '../../server/kernel/id.ts'
import { must } from '../../server/kernel/invariant.ts'
import { createDb, type Db } from '../../server/platform/db.ts'
import type { PlaceSeedOptions, SeedPeriod } from '../parts/place-seed.ts'
import { runPart } from './child.ts'
import type { Cluster } from './cluster.ts'
import { createShop, type ShopSize } from './shop.ts'
import { addTrustedChannel } from './trusted-order.ts'

/*
 * A million orders take the door many minutes. So a few thousand are placed through it and the rest is multiplied from
 * them by SQL: whatever rows the door wrote, in whatever columns the tables have, once more for each copy, with ids,
 * numbers, references and times of their own. `waybill audit` finds nothing wrong with the result.
 *
 * What is not as real: people's vaults cannot be opened, since a vault is bound to its person's id. Nobody reads them
 * here, and they are as large as real ones.
 */

const SHOPPER_ORDERS = 4_000
const TRUSTED_ORDERS = 1_000
/** A history is a multiple of these. */
export const SEED_ORDERS = SHOPPER_ORDERS + TRUSTED_ORDERS
/** From one copy of the seed to the next, so that lists by time have a history to look through. */
const HOURS_BETWEEN_COPIES = 1

/** Units beyond what a million orders of these SKUs claim at the nearest location. */
export const historyShop: ShopSize = { skus: 5_000, locations: 4, unitsEach: 1_000_000 }

export interface Seed {
  readonly database: string
  readonly period: SeedPeriod
}

/** Two databases: `empty`, a shop that sold nothing, and `seed`, the same shop with its first orders. */
export async function buildSeed(
  cluster: Cluster,
  { empty, seed }: { readonly empty: string; readonly seed: string },
): Promise<Seed> {
  const db = openUnlimited(await cluster.createMigrated(empty))
  await createShop(db, historyShop)
  await addTrustedChannel(db)
  await db.close()
  const databaseUrl = await cluster.copy(empty, seed)
  const period = await runPart<SeedPeriod>('place-seed.ts', {
    databaseUrl,
    shopperOrders: SHOPPER_ORDERS,
    trustedOrders: TRUSTED_ORDERS,
  } satisfies PlaceSeedOptions)
  return { database: seed, period }
}

/** @returns the URL of a new database `name` with `orders` orders, vacuumed and analysed */
export async function growHistory(
  cluster: Cluster,
  seed: Seed,
  { name, orders, log }: { readonly name: string; readonly orders: number; readonly log: (message: string) => void },
): Promise<string> {
  const databaseUrl = await cluster.copy(seed.database, name)
  // Two connections, for two processors; without the server's timeouts, for vacuum waits for whoever else vacuums.
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  const copies = Math.ceil(orders / SEED_ORDERS)
  const tables = await setAside(pool, seed.period)
  const began = performance.now()
  for (let copy = 0; copy < copies; copy++) {
    await addCopy(pool, tables, { copy, copies, period: seed.period })
    const done = copy + 1
    if (done % 10 === 0 || done === copies) {
      log(`${done * SEED_ORDERS} orders after ${Math.round((performance.now() - began) / 1_000)} s`)
    }
  }
  await finish(pool, copies)
  await pool.end()
  return databaseUrl
}

export function openUnlimited(databaseUrl: string): Db {
  return createDb({
    databaseUrl,
    poolMax: 2,
    applicationName: 'bench',
    statementTimeoutMs: 0,
  })
}

/** What of a column differs from copy to copy, beyond ids and times. */
interface Rule {
  /** The seed's value with the prefix of its ids made `SEED_HEX` or `SEED_BASE32`; as it is when left out. */
  readonly seed?: string
  readonly copy: string
}

/** Every id that the seed made begins, once set aside, with the same instant: replacing that prefix makes a new id. */
const SEED_HEX = '00000000-0000'
const SEED_BASE32 = '_0000000000'
const instantOfUuid = '[0-9a-f]{8}-[0-9a-f]{4}(?=-7)'
const providerReference: Rule = {
  seed: `regexp_replace(provider_reference, '${instantOfUuid}', '${SEED_HEX}')`,
  copy: `replace(provider_reference, '${SEED_HEX}', copy.hex)`,
}
/** Keys are hashes: they begin with no instant. */
const requestKey = (column: string): Rule => ({ copy: `md5(${column}::text || copy.place)::uuid` })
const reference: Rule = { copy: "reference || '-' || copy.place" }

/** The tables that placing and settling orders writes. */
const rulesByTable: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  'customers.person': { email_hash: { copy: 'substr(sha256(email_hash || int4send(copy.place)), 1, 16)' } },
  'customers.address': {},
  'orders.orders': { number: numbered('orders.orders', 'number'), reference },
  'orders.delivery_group': {},
  'orders.order_line': {},
  'orders.demand_line': {},
  'orders.charge': {},
  'inventory.claim': {},
  'inventory.stock_entry': {},
  'sourcing.decision': { sequence: numbered('sourcing.decision', 'sequence') },
  'sourcing.promise': {},
  'payments.attempt': { provider_reference: providerReference, request_key: requestKey('request_key') },
  'payments.transaction': { provider_reference: providerReference },
  'platform.idempotency_key': {
    id: requestKey('id'),
    answer: {
      seed: `regexp_replace(answer::text, '${instantOfUuid}', '${SEED_HEX}', 'g')::jsonb`,
      copy: `replace(answer::text, '${SEED_HEX}', copy.hex)::jsonb`,
    },
  },
  'platform.event': {
    position: numbered('platform.event', 'position'),
    data: {
      seed: `regexp_replace(data::text, '"(ord|oln|per|pay)_[0-9a-z]{10}', '"\\1${SEED_BASE32}', 'g')::jsonb`,
      copy: `replace(data::text, '${SEED_BASE32}', copy.base32)::jsonb
             || case when type = 'order.placed' then jsonb_build_object(
                  'number', 'W-' || (substr(data ->> 'number', 3)::bigint
                                     + copy.place * ${spanOf('orders.orders', 'number')}),
                  'reference', data ->> 'reference' || '-' || copy.place)
                else '{}' end`,
    },
  },
  'orderviews.order_variant': {},
  'orderviews.order_row': { number: numbered('orders.orders', 'number'), reference },
}

/** Which rows of a table came with the seed; all when it is not here. */
const seedRowsByTable: Readonly<Record<string, string>> = { 'inventory.stock_entry': 'claim_id is not null' }

function numbered(table: string, column: string): Rule {
  return { copy: `${column} + copy.place * ${spanOf(table, column)}` }
}

function spanOf(table: string, column: string): string {
  return `(select max(${column}) - min(${column}) + 1 from ${asideOf(table)})`
}

function asideOf(table: string): string {
  return `history.${table.replace('.', '_')}`
}

interface Column {
  readonly name: string
  readonly type: string
}

type Tables = ReadonlyMap<string, readonly Column[]>

/** Takes the seed's rows out of their tables; the first copy puts them back, with times of long ago. */
async function setAside(pool: pg.Pool, period: SeedPeriod): Promise<Tables> {
  await pool.query('create schema history')
  const tables = new Map<string, readonly Column[]>()
  for (const table of Object.keys(rulesByTable)) {
    const columns = await writtenColumns(pool, table)
    const values = columns.map((column) => `${seedValue(table, column, period)} as ${column.name}`)
    const where = seedRowsByTable[table] ?? 'true'
    await pool.query(`create table ${asideOf(table)} as select ${values.join(', ')} from ${table} where ${where}`)
    await pool.query(`delete from ${table} where ${where}`)
    tables.set(table, columns)
  }
  return tables
}

/** Without those that PostgreSQL computes or counts itself. */
async function writtenColumns(pool: pg.Pool, table: string): Promise<Column[]> {
  const { rows } = await pool.query<Column>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped
        and attgenerated = '' and attidentity = '' order by attnum`,
    [table],
  )
  return rows
}

function seedValue(table: string, { name, type }: Column, { fromMs, toMs }: SeedPeriod): string {
  const rule = rulesByTable[table]?.[name]
  if (rule !== undefined) return rule.seed ?? name
  if (type !== 'uuid') return name
  const first = `${uuidPrefix(fromMs)}-0000-0000-000000000000`
  const last = `${uuidPrefix(toMs)}-ffff-ffff-ffffffffffff`
  return `case when ${name} between '${first}' and '${last}' then ('${SEED_HEX}' || substr(${name}::text, 14))::uuid else ${name} end`
}

function copyValue(table: string, { name, type }: Column): string {
  const rule = rulesByTable[table]?.[name]
  if (rule !== undefined) return rule.copy
  if (type === 'uuid') return `replace(${name}::text, '${SEED_HEX}', copy.hex)::uuid`
  return type === 'timestamp with time zone' ? `${name} - copy.age` : name
}

/** Oldest first: ids and times grow as they do in a real database, so its indexes are as dense. */
async function addCopy(
  pool: pg.Pool,
  tables: Tables,
  { copy, copies, period }: { readonly copy: number; readonly copies: number; readonly period: SeedPeriod },
): Promise<void> {
  const ageHours = (copies - 1 - copy) * HOURS_BETWEEN_COPIES
  const hex = uuidPrefix(period.fromMs - ageHours * 3_600_000)
  const base32 = formatId('order', `${hex}-7000-8000-000000000000` as Id<'order'>).slice(
    'ord'.length,
    'ord'.length + SEED_BASE32.length,
  )
  await Promise.all(
    [...tables].map(([table, columns]) =>
      pool.query(
        `insert into ${table} (${columns.map(({ name }) => name).join(', ')})
         select ${columns.map((column) => copyValue(table, column)).join(', ')}
           from ${asideOf(table)},
                (select $1::int as place, $2::text as hex, $3::text as base32, $4::interval as age) as copy`,
        [copy, hex, base32, `${ageHours} hours`],
      ),
    ),
  )
}

/** Sequences go on after the copies, supply knows what they claim, and no vacuum is due while somebody measures. */
async function finish(pool: pg.Pool, copies: number): Promise<void> {
  await pool.query("select setval('orders.order_number', (select max(number) from orders.orders))")
  await pool.query("select setval('platform.event_position', (select max(position) from platform.event))")
  await pool.query("select setval('sourcing.decision_sequence', (select max(sequence) from sourcing.decision))")
  await pool.query(`update inventory.supply set claimed = claimed * ${copies} where claimed > 0`)
  await pool.query(
    `insert into platform.event_reader (name, position)
     select name, (select max(position) from platform.event) from unnest('{journey,orderviews}'::text[]) as name
         on conflict (name) do update set position = excluded.position`,
  )
  await pool.query('drop schema history cascade')
  await pool.query('vacuum analyze')
  await pool.query('checkpoint')
}

/** The 48 bits of a version 7 UUID that tell when it was made. */
function uuidPrefix(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

export async function countOrders(db: Db): Promise<number> {
  const [row] = await db.rows<{ count: number }>({
    name: 'bench.count_orders',
    text: 'select count(*)::int as count from orders.orders',
  })
  return must(row, 'a count').count
}
