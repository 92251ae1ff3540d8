import assert from 'node:assert/strict'
import { hash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createShop } from '../../bench/support/shop.ts'
import { shopperOrder } from '../../bench/support/shopper-order.ts'
import { goodManners } from '../../sandbox/psp/manners.ts'
import { startProvider, type RunningProvider } from '../../sandbox/psp/server.ts'
import { readProviderBook } from '../../test/support/books.ts'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { valueRows, type PaidByValue } from '../../test/support/value-plants.ts'
import { createSandboxProvider, type SandboxProvider } from '../adapters/psp/sandbox.ts'
import { newId, type Id } from '../kernel/id.ts'
import { must } from '../kernel/invariant.ts'
import type { CurrencyCode } from '../kernel/money.ts'
import { addMs, DAY_MS, formatInstant } from '../kernel/time.ts'
import { cancelOrder, expireOrders } from '../modules/changes/index.ts'
import type { ShopperPlacement, TrustedPlacement } from '../modules/checkout/index.ts'
import type { Channel } from '../modules/merchant/index.ts'
import {
  compareBooks,
  compareProviderBooks,
  issueGiftCard,
  renderComparisons,
  voidAttempt,
  type BookEntry,
} from '../modules/payments/index.ts'
import { sealAudit } from '../platform/audit.ts'
import { findViolations } from '../platform/audits/audits.sql.ts'
import { readPredicates } from '../platform/audits/predicates.ts'
import { createDb, type Db, type Queryable } from '../platform/db.ts'
import { addJobs, migrateJobs } from '../platform/jobs/jobs.ts'
import { openRooms, type Rooms } from '../rooms.ts'

/*
 * A small shop in which everything has happened once, through the doors of the rooms: there no predicate finds
 * anything. Then, one at a time and each rolled back, what each predicate is there to find.
 */

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
const promotionId = newId<'promotion'>()
const ownPredicates = readPredicates().filter((predicate) => predicate.given === null)

/** An order of one line, and one of its claims, if it has any. */
interface Placed {
  readonly id: Id<'order'>
  readonly demandId: string
  readonly claimId: string
  readonly supplyId: bigint
  readonly attemptId: Id<'attempt'>
}

let database: TestDatabase
let directory: string
let psp: RunningProvider
let provider: SandboxProvider
let db: Db
let rooms: Rooms
let web: Channel
let pos: Channel
let scene: Awaited<ReturnType<typeof play>>

before(async () => {
  database = await createTestDatabase()
  await migrateJobs(database.url)
  directory = await mkdtemp(join(tmpdir(), 'waybill-audits-'))
  psp = await startProvider({ directory, port: 0, manners: goodManners })
  provider = createSandboxProvider({ baseUrl: psp.url })
  db = createDb({ databaseUrl: database.url, poolMax: 6, applicationName: 'test' })
  await createShop(db, { skus: 8, locations: 3, unitsEach: 10 })
  const terms = 'legal_entity_id, currency, currencies, locale, zone'
  await run(
    db,
    `insert into merchant.channel (id, code, name, kind, tax_included, trusted, ${terms})
                 select gen_random_uuid(), 'pos', 'Shop', 'pos', true, true, ${terms} from merchant.channel`,
  )
  rooms = openRooms({ db, masterKey: new Uint8Array(32).fill(7), providers: [provider] })
  const { channelByCode } = await rooms.merchant.currentBook()
  web = must(channelByCode.get('web'), 'the web channel')
  pos = must(channelByCode.get('pos'), 'the shop')
  scene = await play()
})
after(async () => {
  await rooms.checkout.drained()
  await provider.close()
  await psp.close()
  await db.close()
  await database.drop()
  await rm(directory, { recursive: true })
})

/** Every way an order can go in this house, each once. */
async function play() {
  const [open, fromCart, unpaid, unanswered, challenged, cancelled, expired, missing, carriedOut, freed] = [
    await place('SKU-1', 2, 'tok_ok'),
    await place('SKU-1', 1, 'tok_ok', { cart: await makeCart() }),
    await place('SKU-2', 1, 'tok_declined'),
    await place('SKU-3', 1, 'tok_timeout'),
    await place('SKU-3', 1, 'tok_3ds'),
    await place('SKU-4', 2, 'tok_ok'),
    await place('SKU-4', 1, 'tok_3ds'),
    await placeTrusted('SKU-5', 40, { method: 'ship', paymentState: 'due' }),
    await placeTrusted('SKU-6', 12, { method: 'carried_out', paymentState: 'paid' }),
    await place('SKU-7', 3, 'tok_ok'),
  ]
  await db.inTransaction((tx) => cancelOrder(tx, { orderId: cancelled, reason: 'changed their mind', actor: 'buyer' }))
  await giveBack(cancelled)
  await run(db, `update orders.orders set pay_by = placed_at where id = '${expired}'`)
  assert.equal(await expireOrders(db), 1)
  await countShort(freed)
  const served = await sellFromInbound()
  const shared = await payByCard('tok_ok')
  const reserved = await payByCard('tok_declined')
  const givenBack = await payByCard('tok_ok')
  await db.inTransaction((tx) => cancelOrder(tx, { orderId: givenBack.id, reason: 'late', actor: 'buyer' }))
  await giveBack(givenBack.id)
  await makeCart()
  await quoteCart('SKU-2')
  await db.inTransaction((tx) =>
    rooms.inventory.createLocation(tx, {
      actor,
      fields: {
        code: 'new',
        name: 'New',
        kind: 'store',
        legalEntityId: web.legalEntityId,
        timeZone: 'America/New_York',
        country: 'US',
        region: null,
        city: 'Albany',
        postalCode: '12207',
        latitude: 42.6,
        longitude: -73.7,
        active: true,
      },
    }),
  )
  await holdJob()
  await sealAudit(db)
  return {
    open: await look(open),
    fromCart: await look(fromCart),
    unpaid: await look(unpaid),
    unanswered: await look(unanswered),
    challenged: await look(challenged),
    cancelled: await look(cancelled),
    expired: await look(expired),
    missing: await look(missing),
    carriedOut: await look(carriedOut),
    freed: await look(freed),
    served: await look(served),
    shared,
    reserved,
    givenBack,
  }
}

/** An order of which a gift card pays two dollars. */
async function payByCard(token: string): Promise<PaidByValue> {
  const { codes } = rooms.payments
  const card = { legalEntityId: web.legalEntityId, currency: 'USD' as CurrencyCode, amountMinor: 200n, expiresAt: null }
  const accountId = await db.inTransaction(async (tx) => issueGiftCard(tx, { codes, actor, reason: 'a present' }, card))
  return { id: await place('SKU-2', 1, token, { tenders: [{ accountId, amountMinor: null }] }), accountId }
}

async function place(
  sku: string,
  quantity: number,
  token: string,
  { cart = null, tenders = [] }: Partial<Pick<ShopperPlacement, 'cart' | 'tenders'>> = {},
): Promise<Id<'order'>> {
  const outcome = await rooms.checkout.placeOrder({
    ...shopperOrder(web, [sku], 0),
    cart,
    tenders,
    lines: [{ sku, quantity, group: 1 }],
    payment: { provider: 'sandbox', token },
  })
  assert.ok(outcome.kind === 'answered', `refused: ${outcome.kind === 'refused' ? outcome.refusal.code : ''}`)
  return outcome.orderId
}

async function placeTrusted(
  sku: string,
  quantity: number,
  how: Pick<TrustedPlacement, 'method' | 'paymentState'>,
): Promise<Id<'order'>> {
  const [outcome] = await rooms.checkout.placeTrustedOrders([
    {
      kind: 'trusted',
      actor: null,
      channel: pos,
      reference: randomUUID(),
      fingerprint: randomUUID(),
      placedAt: null,
      currency: 'USD' as CurrencyCode,
      taxIncluded: true,
      lines: [{ sku, quantity, unitPriceMinor: 1_000n, discountMinor: 100n, taxMinor: 70n }],
      charges: [
        { type: 'delivery', amountMinor: 500n, taxMinor: 35n },
        { type: 'wrapping', amountMinor: 200n, taxMinor: 0n },
      ],
      buyer: { email: null, address: null },
      shipTo: { country: 'US', region: 'NY', postalCode: '10001' },
      locationCode: 'l1',
      tenders: [],
      ...how,
    },
  ])
  assert.ok(outcome?.kind === 'placed')
  return outcome.orderId
}

async function makeCart(): Promise<NonNullable<ShopperPlacement['cart']>> {
  const id = newId<'cart'>()
  const { at } = await db.clock()
  await run(
    db,
    `insert into carts.cart (id, channel_id, currency, status, created_at, expires_at)
    values ('${id}', '${web.id}', 'USD', 'active', '${formatInstant(at)}', '${formatInstant(addMs(at, DAY_MS))}')`,
  )
  return { id, version: 1, lineIds: [], quotedPromotionIds: [] }
}

/** A cart whose goods are held for it. */
async function quoteCart(sku: string): Promise<void> {
  const cart = await makeCart()
  const lineId = newId<'cartLine'>()
  await run(
    db,
    `insert into carts.line (id, cart_id, group_number, variant_id, quantity, position)
     select '${lineId}', '${cart.id}', 1, id, 1, 1 from catalog.variant where sku = '${sku}'`,
  )
  const { currency, groups } = shopperOrder(web, [sku], 0)
  const outcome = await rooms.checkout.prepare.submit(
    {
      kind: 'quote',
      channel: { ...web, claimsAt: 'checkout' },
      cart: { ...cart, lineIds: [lineId] },
      currency,
      lines: [{ sku, quantity: 1, group: 1 }],
      groups,
      codes: [],
      buyer: { personId: null },
    },
    { lane: 'shopper' },
  )
  assert.equal(outcome.kind, 'quoted')
}

/** A count that takes two of the order's three units away. */
async function countShort(orderId: Id<'order'>): Promise<void> {
  const { supplyId } = await look(orderId)
  const [row] = await db.rows<{ code: string }>({
    name: 'test.where',
    values: [supplyId],
    text: `select code from inventory.supply join inventory.location on location.id = supply.location_id
            where supply.id = $1`,
  })
  const outcome = await rooms.inventory.takeCounts({
    actor,
    messageId: null,
    asOf: (await db.clock()).at,
    meaning: 'physical',
    only: null,
    entries: [{ sku: 'SKU-7', location: must(row, 'a place').code, quantity: 1 }],
  })
  assert.equal(outcome.kind, 'taken')
}

/** Goods that are sold on their way; of three that an order waits for one comes. */
async function sellFromInbound(): Promise<Id<'order'>> {
  const adjusted = await rooms.inventory.adjustStock({
    actor,
    commandKey: randomUUID(),
    entries: ['l1', 'l2', 'l3'].map((location) => ({ sku: 'SKU-8', location, delta: -10, reason: 'damaged' })),
  })
  assert.equal(adjusted.kind, 'adjusted')
  const eta = addMs((await db.clock()).at, DAY_MS)
  const created = await rooms.inventory.createInbound({
    actor,
    reference: 'PO-1',
    location: 'l1',
    eta,
    lines: [{ sku: 'SKU-8', quantity: 5 }],
  })
  assert.ok(created.kind === 'created')
  const orderId = await place('SKU-8', 3, 'tok_ok')
  const received = await rooms.inventory.receiveInbound({
    actor,
    commandKey: randomUUID(),
    id: created.inbound.id,
    occurredAt: null,
    isComplete: false,
    lines: [{ sku: 'SKU-8', quantity: 1 }],
  })
  assert.equal(received.kind, 'received')
  return orderId
}

/** A job that a worker, alive for an hour to come, has been at for five minutes. */
async function holdJob(): Promise<void> {
  await addJobs(db, [{ task: 'askPayment', key: 'a', payload: {} }])
  await run(db, `update graphile_worker._private_jobs set locked_by = 'worker-1', locked_at = ${ago('5 minutes')}`)
  await run(
    db,
    `insert into platform.process (id, kind, worker, host, pid, version, started_at, heartbeat_at)
    values (gen_random_uuid(), 'worker', 'worker-1', 'here', 1, 'test', clock_timestamp(), ${ago('-1 hour')})`,
  )
}

async function giveBack(orderId: Id<'order'>): Promise<void> {
  const { attemptId } = await look(orderId)
  await voidAttempt({ db, payments: rooms.payments }, { attemptId, reference: 'known to the provider by its own' })
}

async function look(orderId: Id<'order'>): Promise<Placed> {
  const [row] = await db.rows<Placed>({
    name: 'test.look',
    values: [orderId],
    text: `select line.order_id as id, line.id as "demandId", claim.id as "claimId", claim.supply_id as "supplyId",
                  attempt.id as "attemptId"
             from orders.demand_line as line
             left join inventory.claim on claim.demand_id = line.id
             left join payments.attempt on attempt.order_id = line.order_id
            where line.order_id = $1 order by claim.split_from nulls first, claim.id limit 1`,
  })
  return must(row, 'an order of one line')
}

async function run(source: Queryable, text: string): Promise<void> {
  await source.execute({ name: `test.${hash('sha256', text, 'hex').slice(0, 16)}`, text })
}

async function finders(source: Queryable): Promise<string[]> {
  const found: string[] = []
  for (const predicate of ownPredicates) {
    const { count } = await findViolations(source, predicate, { sampleMax: 1 })
    if (count > 0) found.push(predicate.name)
  }
  return found
}

/** Carries what was found out of the transaction that planted it, and the transaction back to where it began. */
class RolledBack extends Error {
  readonly found: readonly string[]

  constructor(found: readonly string[]) {
    super('rolled back')
    this.found = found
  }
}

async function findersOf(plant: readonly string[]): Promise<readonly string[]> {
  try {
    return await db.inTransaction(async (tx) => {
      for (const statement of plant) await run(tx, statement)
      throw new RolledBack(await finders(tx))
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.found
    throw error
  }
}

function dropConstraints(table: string, kinds: readonly ('c' | 'p' | 'u')[]): string {
  return `do $$ declare name text; begin
    for name in select conname from pg_constraint
                 where conrelid = '${table}'::regclass and contype = any('{${kinds.join()}}'::"char"[])
    loop execute format('alter table ${table} drop constraint %I cascade', name); end loop; end $$`
}
const dropChecks = (table: string): string => dropConstraints(table, ['c'])
const dropUnique = (table: string): string => dropConstraints(table, ['p', 'u'])

/** A copy of rows with some columns made anew, each given as SQL. */
function copy(table: string, columns: string, where: string, anew: Readonly<Record<string, string>> = {}): string {
  const read = columns.split(', ').map((column) => anew[column] ?? column)
  return `insert into ${table} (${columns}) select ${read.join(', ')} from ${table} where ${where}`
}
const claimColumns = 'id, demand_kind, demand_id, supply_id, decision_id, quantity, stage'
const eventColumns = 'type, aggregate_kind, aggregate_id, version, data, occurred_at'
const attemptColumns =
  'id, order_id, tender, provider, amount_minor, currency, status, next_try_at, version, created_at'
const transactionColumns =
  'id, attempt_id, order_id, kind, amount_minor, currency, provider, provider_reference, occurred_at'

interface PlantedEntry {
  readonly quantity?: string
  readonly claimed?: number
  readonly claimId?: string
}

function entry(supplyId: bigint | string, { quantity = '0', claimed = 0, claimId }: PlantedEntry): string {
  const claim = claimId === undefined ? 'null' : `'${claimId}'`
  return `insert into inventory.stock_entry (supply_id, reason, quantity_delta, claimed_delta, claim_id, occurred_at)
          select id, 'planted', ${quantity}, ${claimed}, ${claim}, '2026-01-01'
            from inventory.supply where id = ${supplyId}`
}

/** A new reservation with its entry and its row's share, as a writer that forgets everything else makes it. */
function reserve(
  { claimId, supplyId }: Placed,
  { kind, demandId, until }: { readonly kind: string; readonly demandId: string; readonly until: string },
): readonly string[] {
  return [
    `insert into inventory.claim (${claimColumns}, reserved_until)
     select '${PLANTED}', '${kind}', '${demandId}', ${supplyId}, decision_id, 1, 'reserved', ${until}
       from inventory.claim where id = '${claimId}'`,
    `update inventory.supply set claimed = claimed + 1 where id = ${supplyId}`,
    `insert into inventory.stock_entry (supply_id, reason, claimed_delta, claim_id, occurred_at)
     values (${supplyId}, 'claimed', 1, '${PLANTED}', '2026-01-01')`,
  ]
}

const cartClaim = (like: Placed, until: string) => [
  `insert into carts.cart (id, channel_id, currency, status, created_at, expires_at)
   select '${PLANTED}', id, 'USD', 'active', '2026-01-01', '2026-01-02' from merchant.channel limit 1`,
  `insert into carts.line (id, cart_id, group_number, variant_id, quantity, position)
   values ('${PLANTED}', '${PLANTED}', 1, '${PLANTED}', 1, 1)`,
  `insert into carts.quote (cart_id, cart_version, terms, holds_goods, quoted_at, expires_at)
   values ('${PLANTED}', 1, '{}', true, '2026-01-01', '2026-01-02')`,
  ...reserve(like, { kind: 'cart_line', demandId: PLANTED, until }),
]

/** Another row on hand of the same SKU, with room. */
function elsewhere(supplyId: bigint): string {
  return `(select other.id from inventory.supply as other
             join inventory.supply as here on here.id = ${supplyId} and other.variant_id = here.variant_id
            where other.id <> here.id and other.kind = 'on_hand' and other.claimed < other.quantity limit 1)`
}

const auditEntry = (age: string): string =>
  `insert into platform.audit_entry (id, actor, action, object, detail, recorded_at)
   values ('${PLANTED}', 'a', 'b', 'c', '{}', clock_timestamp() - interval '${age}')`
const openKey = ({ id }: Placed, lockAge: string): string =>
  `update platform.idempotency_key
      set status = 'in_progress', answer = null, locked_until = clock_timestamp() - interval '${lockAge}'
    where object_id = '${id}'`

const PLANTED = '01990000-0000-7000-8000-000000000000'
const ago = (age: string): string => `clock_timestamp() - interval '${age}'`
const soon = `clock_timestamp() + interval '6 minutes'`

/** Who finds it: first who is meant to, then those whose the damage rightly is, too. */ /** One person, with nothing of them left but what the plant adds. */
const ERASE_SOMEBODY = `with somebody as (select id from customers.person order by id limit 1), gone as (
    update customers.address set vault = null, listed = false from somebody where person_id = somebody.id)
  update customers.person
     set erased_at = created_at, wrapped_key = null, vault = null, email_hash = null, phone_hash = null
    from somebody where person.id = somebody.id`

type PlantRow = readonly [what: string, plant: (all: typeof scene) => readonly string[], ...found: readonly string[]]

const stockRows: readonly PlantRow[] = [
  [
    'a quantity raised without an entry',
    ({ open }) => [`update inventory.supply set quantity = quantity + 1 where id = ${open.supplyId}`],
    'supply-quantity-is-the-sum-of-its-entries',
  ],
  [
    'an entry for a row that is not there',
    () => [
      `insert into inventory.stock_entry (supply_id, reason, quantity_delta, occurred_at)
     values (0, 'counted', 1, '2026-01-01')`,
    ],
    'supply-quantity-is-the-sum-of-its-entries',
  ],
  [
    'a claim that its row was not told of',
    ({ open }) => [`update inventory.supply set claimed = claimed - 1 where id = ${open.supplyId}`],
    'supply-claimed-is-the-sum-of-its-live-claims',
  ],
  [
    'goods lost under claims, with the check gone',
    ({ open: { supplyId } }) => [
      dropChecks('inventory.supply'),
      entry(supplyId, { quantity: 'claimed - quantity - 1' }),
      `update inventory.supply set quantity = claimed - 1 where id = ${supplyId}`,
    ],
    'supply-never-promises-more-than-it-has',
  ],
  [
    'an ended claim twice, with the primary key gone',
    ({ cancelled }) => [
      dropUnique('inventory.claim'),
      copy('inventory.claim', claimColumns, `id = '${cancelled.claimId}'`),
    ],
    'a-claim-id-names-one-row',
    'a-claim-and-its-splits-sum-to-what-was-claimed',
  ],
  [
    'units shipped while their claim stays',
    ({ open }) => [
      `update orders.demand_line set allocated = allocated - 1, shipped = 1 where id = '${open.demandId}'`,
    ],
    'allocated-and-in-work-units-stand-on-claims',
  ],
  [
    'a claim whose demand line is not there',
    ({ open }) => [`update inventory.claim set demand_id = gen_random_uuid() where id = '${open.claimId}'`],
    'allocated-and-in-work-units-stand-on-claims',
  ],
  [
    'a reservation freed under an unpaid order, and nobody told',
    ({ unpaid: { claimId, supplyId } }) => [
      `update inventory.claim set stage = 'freed' where id = '${claimId}'`,
      `update inventory.supply set claimed = claimed - 1 where id = ${supplyId}`,
      entry(supplyId, { claimed: -1, claimId }),
    ],
    'units-of-unpaid-orders-are-reserved',
  ],
  [
    'claims of an accepted order left reserved',
    ({ missing }) => [
      `update inventory.claim set stage = 'reserved' where demand_id = '${missing.demandId}'`,
      `update orders.demand_line set pending = pending + allocated, allocated = 0 where id = '${missing.demandId}'`,
    ],
    'open-orders-hold-no-reserved-claims',
  ],
  [
    'units without supply and without an exception',
    ({ missing }) => [`delete from exceptions.exception where object_id = '${missing.id}'`],
    'pending-units-of-open-orders-wait-before-a-person',
  ],
  [
    "a cart's claim that ran out 61 s ago",
    ({ open }) => cartClaim(open, ago('61 s')),
    'cart-claims-end-with-their-reservation',
  ],
  [
    "a cart's claim that never runs out",
    ({ open }) => cartClaim(open, 'null'),
    'cart-claims-end-with-their-reservation',
  ],
  [
    "a cart's claim without a quote",
    ({ open }) => [
      ...cartClaim(open, ago('50 s')),
      `update carts.quote set holds_goods = false where cart_id = '${PLANTED}'`,
    ],
    'goods-held-for-a-cart-stand-for-its-quote',
  ],
  [
    'a claim of a line that is not in a cart any more',
    ({ open }) => [...cartClaim(open, ago('50 s')), `delete from carts.line where id = '${PLANTED}'`],
    'goods-held-for-a-cart-stand-for-its-quote',
  ],
  ["a cart's claim that ran out 50 s ago", ({ open }) => cartClaim(open, ago('50 s'))],
  [
    'an order unpaid for a day and 61 s',
    ({ unpaid }) => [`update orders.orders set placed_at = ${ago('86461 s')} where id = '${unpaid.id}'`],
    'unpaid-orders-end-by-their-payment-cap',
  ],
  [
    'an order unpaid for a day and 50 s',
    ({ unpaid }) => [`update orders.orders set placed_at = ${ago('86450 s')} where id = '${unpaid.id}'`],
  ],
  [
    'an order that is cancelled and keeps goods',
    ({ cancelled }) => reserve(cancelled, { kind: 'demand_line', demandId: cancelled.demandId, until: 'null' }),
    'ended-orders-hold-no-claims',
  ],
  [
    'a claim that was freed twice',
    ({ cancelled: { claimId, supplyId } }) => [entry(supplyId, { claimed: -2, claimId })],
    'entries-of-a-claim-sum-to-its-live-units',
  ],
  [
    'a part that came out larger than what was split off',
    ({ freed }) => [`update inventory.claim set quantity = quantity + 1 where split_from = '${freed.claimId}'`],
    'a-claim-and-its-splits-sum-to-what-was-claimed',
  ],
  [
    'an adjustment taken twice under one key, with the constraint gone',
    () => [
      dropUnique('inventory.command'),
      copy('inventory.command', 'id, source, key, fingerprint, answer', `source = 'inbound'`, {
        id: 'gen_random_uuid()',
      }),
    ],
    'a-command-takes-effect-once',
  ],
  [
    'a claim moved to another location without a decision',
    ({ open: { claimId, supplyId } }) => [
      entry(supplyId, { claimed: -2, claimId }),
      entry(elsewhere(supplyId), { claimed: 2, claimId }),
      `update inventory.claim set supply_id = ${elsewhere(supplyId)} where id = '${claimId}'`,
      `update inventory.supply
        set claimed = (select coalesce(sum(quantity), 0) from inventory.claim where live and supply_id = supply.id)`,
    ],
    'claims-stand-where-their-decision-put-them',
  ],
  [
    'a claim at a location that its decision refused',
    ({ open }) => [
      `update sourcing.decision set facts = jsonb_set(facts, '{refused}', '{"does_not_ship": ["l1", "l2", "l3"]}')
      where order_id = '${open.id}'`,
    ],
    'claims-stand-where-their-decision-put-them',
  ],
  [
    'a claim on goods that are fenced for another channel',
    ({ unpaid }) => [`update inventory.supply set channel_id = '${PLANTED}' where id = ${unpaid.supplyId}`],
    'claims-stand-where-their-decision-put-them',
  ],
  [
    'a claim whose decision is gone',
    ({ open }) => [`delete from sourcing.decision where order_id = '${open.id}'`],
    'claims-stand-where-their-decision-put-them',
  ],
  [
    'claims at locations that are not in the network',
    () => ['delete from sourcing.node'],
    'claims-stand-where-their-decision-put-them',
  ],
]

const orderRows: readonly PlantRow[] = [
  [
    'a unit in two buckets, with the check gone',
    ({ open }) => [
      dropChecks('orders.demand_line'),
      `update orders.demand_line set delivered = delivered + 1 where id = '${open.demandId}'`,
    ],
    'units-of-a-demand-line-stand-in-one-bucket-each',
  ],
  ...(['cancelled', 'expired'] as const).map((which): PlantRow => [
    `a unit pending again in a ${which} order`,
    (all) => [
      `update orders.demand_line set cancelled = cancelled - 1, pending = 1 where id = '${all[which].demandId}'`,
    ],
    'cancelled-orders-have-nothing-left-to-do',
  ]),
  [
    'a line that costs a cent more than its price, with the check gone',
    ({ open }) => [
      dropChecks('orders.order_line'),
      `update orders.order_line set total_minor = total_minor + 1 where order_id = '${open.id}'`,
      `update orders.orders set total_minor = total_minor + 1 where id = '${open.id}'`,
    ],
    'line-totals-follow-from-price-discount-and-tax',
    'accepted-orders-are-paid-in-full',
  ],
  [
    'contained tax above the total, with the check gone',
    ({ missing }) => [
      dropChecks('orders.order_line'),
      `update orders.order_line set tax_minor = tax_minor + 1000000 where order_id = '${missing.id}'`,
      `update orders.orders set tax_minor = tax_minor + 1000000 where id = '${missing.id}'`,
    ],
    'line-totals-follow-from-price-discount-and-tax',
  ],
  ...(['items', 'discount', 'delivery', 'tax', 'total'] as const).map((part): PlantRow => [
    `an order whose ${part} is a cent off`,
    ({ missing }) => [`update orders.orders set ${part}_minor = ${part}_minor + 1 where id = '${missing.id}'`],
    'order-totals-are-the-sum-of-lines-and-charges',
  ]),
  ...(['orders.charge', 'orders.order_line'] as const).map((table): PlantRow => [
    `an order without its ${table}`,
    ({ open }) => [`delete from ${table} where order_id = '${open.id}'`],
    'order-totals-are-the-sum-of-lines-and-charges',
  ]),
  ...(['orders.order_line', 'orders.demand_line', 'orders.charge'] as const).map((table): PlantRow => [
    `a row of ${table} in a group that the order does not have`,
    ({ open }) => [`update ${table} set group_number = 9 where order_id = '${open.id}'`],
    'goods-and-money-are-in-a-group-of-their-order',
  ]),
  [
    'a group without goods',
    ({ open }) => [`insert into orders.delivery_group (order_id, number, method) values ('${open.id}', 2, 'none')`],
    'goods-and-money-are-in-a-group-of-their-order',
  ],
  [
    'an order without its group',
    ({ open }) => [`delete from orders.delivery_group where order_id = '${open.id}'`],
    'goods-and-money-are-in-a-group-of-their-order',
  ],
  ...(['payments.attempt', 'payments.transaction'] as const).map((table): PlantRow => [
    `a row of ${table} in another currency`,
    ({ open }) => [`update ${table} set currency = 'EUR' where order_id = '${open.id}'`],
    'an-order-has-one-currency',
  ]),
  [
    'a reference taken over twice, with the index gone',
    ({ missing, carriedOut }) => [
      'drop index orders.order_reference',
      `update orders.orders set reference = (select reference from orders.orders where id = '${missing.id}')
      where id = '${carriedOut.id}'`,
    ],
    'a-channel-reference-names-one-order',
  ],
  [
    'a cart ordered twice, with the index gone',
    ({ open, fromCart }) => [
      'drop index orders.order_live_cart',
      `update orders.orders
        set (cart_id, live_cart_id) = (select cart_id, cart_id from orders.orders where id = '${fromCart.id}')
      where id = '${open.id}'`,
    ],
    'a-cart-has-one-live-order',
  ],
  [
    'a cart ordered twice past the index',
    ({ open, fromCart }) => [
      `update orders.orders set cart_id = (select cart_id from orders.orders where id = '${fromCart.id}')
      where id = '${open.id}'`,
    ],
    'a-cart-has-one-live-order',
  ],
]

const moneyRows: readonly PlantRow[] = [
  [
    'two attempts with one reference, with the index gone',
    ({ open, fromCart }) => [
      'drop index payments.attempt_reference',
      `update payments.attempt
        set provider_reference = (select provider_reference from payments.attempt where id = '${open.attemptId}')
      where id = '${fromCart.attemptId}'`,
    ],
    'a-provider-reference-is-booked-once',
  ],
  [
    'one answer booked twice, with the constraint gone',
    ({ open }) => [
      dropUnique('payments.transaction'),
      copy('payments.transaction', transactionColumns, `order_id = '${open.id}'`, { id: 'gen_random_uuid()' }),
    ],
    'a-provider-reference-is-booked-once',
    'accepted-orders-are-paid-in-full',
  ],
  [
    'two attempts under one command key, with the primary key gone',
    ({ unpaid }) => [
      dropUnique('payments.attempt'),
      copy('payments.attempt', attemptColumns, `id = '${unpaid.attemptId}'`),
    ],
    'a-provider-reference-is-booked-once',
  ],
  [
    'a capture a second after the void',
    ({ cancelled }) => [capture(cancelled, `occurred_at + interval '1 s'`)],
    'nothing-is-captured-after-a-void',
  ],
  ['a capture before the void of the rest', ({ cancelled }) => [capture(cancelled, `occurred_at - interval '1 ms'`)]],
  ...(['unanswered', 'challenged', 'expired'] as const).map((which): PlantRow => [
    `the payment of an order (${which}) that nobody will ask about again`,
    (all) => [`update payments.attempt set next_try_at = null where id = '${all[which].attemptId}'`],
    'undecided-payments-have-a-next-try-or-a-person',
  ]),
  [
    'two undecided payments of one order and tender, with the index gone',
    ({ unanswered }) => [
      'drop index payments.attempt_undecided',
      `update payments.attempt set amount_minor = 1 where id = '${unanswered.attemptId}'`,
      copy('payments.attempt', attemptColumns, `id = '${unanswered.attemptId}'`, {
        id: 'gen_random_uuid()',
        version: '0',
      }),
    ],
    'an-order-has-one-undecided-payment-a-tender',
  ],
  [
    'a second card authorised besides the first',
    ({ open }) => [
      copy('payments.attempt', attemptColumns, `id = '${open.attemptId}'`, {
        id: 'gen_random_uuid()',
        tender: '2',
        amount_minor: '1',
        version: '0',
      }),
    ],
    'open-authorisations-stay-within-the-order-total',
  ],
]

function capture({ id }: Placed, occurredAt: string): string {
  return copy('payments.transaction', transactionColumns, `order_id = '${id}' and kind = 'void'`, {
    id: 'gen_random_uuid()',
    kind: `'capture'`,
    amount_minor: '1',
    provider_reference: `'pe_planted'`,
    occurred_at: occurredAt,
  })
}

const logRows: readonly PlantRow[] = [
  [
    'one step told twice, with the constraint gone',
    ({ open }) => [
      dropUnique('platform.event'),
      copy('platform.event', eventColumns, `aggregate_id = '${open.id}' and version = 2`),
    ],
    'event-versions-are-unique',
  ],
  [
    'the first event of an order lost',
    ({ open }) => [`delete from platform.event where aggregate_id = '${open.id}' and version = 1`],
    'event-versions-have-no-gaps',
  ],
  [
    'the event between two others lost',
    ({ cancelled }) => [`delete from platform.event where aggregate_id = '${cancelled.id}' and version = 2`],
    'event-versions-have-no-gaps',
  ],
  [
    'the last event of an order lost',
    ({ open }) => [`delete from platform.event where aggregate_id = '${open.id}' and version = 2`],
    'aggregate-versions-are-those-of-their-last-event',
  ],
  ...(
    ['orders.orders', 'payments.attempt', 'customers.person', 'inventory.inbound', 'inventory.location'] as const
  ).map((table): PlantRow => [
    `rows of ${table} changed without an event`,
    () => [`update ${table} set version = version + 1`],
    'aggregate-versions-are-those-of-their-last-event',
  ]),
  [
    'an exception closed without an event',
    ({ carriedOut }) => [
      `update exceptions.exception set closed_at = raised_at, closed_by = 'a', resolution = 'b'
      where object_id = '${carriedOut.id}'`,
    ],
    'aggregate-versions-are-those-of-their-last-event',
  ],
  [
    'one idempotency key twice, with the primary key gone',
    ({ open }) => [
      dropUnique('platform.idempotency_key'),
      `insert into platform.idempotency_key select * from platform.idempotency_key where object_id = '${open.id}'`,
    ],
    'an-idempotency-key-is-kept-once',
  ],
  [
    'a kept answer without its status',
    ({ open }) => [`update platform.idempotency_key set answer = answer - 'status' where object_id = '${open.id}'`],
    'completed-idempotency-keys-have-an-answer',
  ],
  [
    'a request without an answer, with the check gone',
    ({ open }) => [
      dropChecks('platform.idempotency_key'),
      `update platform.idempotency_key set answer = null where object_id = '${open.id}'`,
    ],
    'completed-idempotency-keys-have-an-answer',
  ],
  [
    'a request in progress 61 s past its lock',
    ({ open }) => [openKey(open, '61 s')],
    'idempotency-keys-are-let-go-after-their-lock',
  ],
  ['a request in progress 50 s past its lock', ({ open }) => [openKey(open, '50 s')]],
  [
    'a job of a worker that has been silent for 61 s',
    () => [`update platform.process set heartbeat_at = ${ago('61 s')}`],
    'no-job-is-held-a-minute-past-its-workers-heartbeat',
  ],
  [
    'a job of a worker that has been silent for 50 s',
    () => [`update platform.process set heartbeat_at = ${ago('50 s')}`],
  ],
  [
    'a job of a worker that nobody knows',
    () => ['delete from platform.process'],
    'no-job-is-held-a-minute-past-its-workers-heartbeat',
  ],
  [
    'an audit entry taken out',
    () => ['delete from platform.audit_entry where number = 2'],
    'audit-entries-are-numbered-without-gaps',
  ],
  [
    'the first audit entry taken out',
    () => ['delete from platform.audit_entry where number = 1'],
    'audit-entries-are-numbered-without-gaps',
  ],
  [
    'an audit entry whose actor was changed',
    () => [`update platform.audit_entry set actor = 'somebody else' where number = 2`],
    'audit-entries-are-chained',
  ],
  [
    'an audit entry whose detail was changed',
    () => [`update platform.audit_entry set detail = detail || '{"planted": 1}' where number = 1`],
    'audit-entries-are-chained',
  ],
  ['an audit entry unsealed for 61 s', () => [auditEntry('61 s')], 'audit-entries-are-sealed-within-a-minute'],
  ['an audit entry unsealed for 50 s', () => [auditEntry('50 s')]],
]

const timeRows: readonly PlantRow[] = [
  ...(
    [
      ['orders.orders', 'placed_at'],
      ['carts.cart', 'created_at'],
      ['carts.quote', 'quoted_at'],
      ['platform.event', 'occurred_at'],
      ['inventory.stock_entry', 'occurred_at'],
      ['inventory.claim', 'accepted_at'],
      ['inventory.count_watermark', 'counted_at'],
      ['inventory.inbound', 'created_at'],
      ['sourcing.decision', 'decided_at'],
      ['sourcing.promise', 'promised_at'],
      ['payments.attempt', 'created_at'],
      ['payments.attempt', 'decided_at'],
      ['payments.transaction', 'occurred_at'],
      ['payments.value_account', 'created_at'],
      ['payments.value_tender', 'created_at'],
      ['payments.value_entry', 'occurred_at'],
      ['exceptions.exception', 'raised_at'],
      ['customers.person', 'created_at'],
    ] as const
  ).map(([table, column]): PlantRow => [
    `${column} of ${table} six minutes ahead`,
    () => [`update ${table} set ${column} = ${soon}`],
    'no-business-time-lies-ahead-of-now',
  ]),
  [
    'an address of somebody erased',
    () => [
      ERASE_SOMEBODY,
      `insert into customers.address (id, person_id, vault, country)
       select '${PLANTED}', id, 'x', 'DE' from customers.person where erased_at is not null`,
    ],
    'an-erased-person-is-unreadable',
  ],
  [
    'a guest merged into somebody erased',
    () => [
      ERASE_SOMEBODY,
      `insert into customers.person (id, kind, key_version, wrapped_key, vault, created_at, merged_into, merged_at)
       select '${PLANTED}', 'guest', 1, 'x', 'x', created_at, id, created_at from customers.person
        where erased_at is not null`,
    ],
    'an-erased-person-is-unreadable',
  ],
  [
    'a note about somebody erased',
    () => [
      ERASE_SOMEBODY,
      `insert into customers.note (id, person_id, author, vault, created_at)
       select '${PLANTED}', id, 'key_x', 'x', created_at from customers.person where erased_at is not null`,
    ],
    'an-erased-person-is-unreadable',
  ],
  [
    'a hold placed six minutes ahead',
    ({ open }) => [
      `insert into orders.hold (id, order_id, type, scope, owner, reason, placed_at)
     values ('${PLANTED}', '${open.id}', 'fraud', 'release', 'a', 'b', ${soon})`,
    ],
    'no-business-time-lies-ahead-of-now',
  ],
  [
    'six minutes ahead in a world that runs three times as fast',
    () => [
      'update platform.clock set anchor_business = clock_timestamp(), anchor_database = clock_timestamp(), rate = 3',
      `update carts.cart set created_at = ${soon}`,
    ],
  ],
]

test('a shop in which everything has happened once breaks no invariant', async () => {
  assert.deepEqual(await finders(db), [])
  const [row] = await db.rows<{ statuses: string; splits: number; stages: string }>({
    name: 'test.variety',
    text: `select (select string_agg(distinct status, ' ' order by status) from orders.orders) as statuses,
                  (select string_agg(distinct stage, ' ' order by stage) from inventory.claim) as stages,
                  (select count(*)::int from inventory.claim where split_from is not null) as splits`,
  })
  assert.deepEqual(row, {
    statuses: 'awaiting_payment cancelled completed expired open',
    stages: 'allocated consumed freed reserved',
    splits: 2,
  })
})

const promotion = `insert into pricing.promotion (id, name, active, priority, combinable, needs_code, channel_ids,
                            market_ids, segment_ids, variant_ids, product_ids, categories, effect, rate_ppm)
  values ('${promotionId}', 'Welcome', true, 0, true, true, '{}', '{}', '{}', '{}', '{}', '{}', 'percent_off', 1)`

function redemption(orderId: Id<'order'>, state: string, [goods, delivery]: readonly [number, number]): string {
  return `insert into pricing.redemption (order_id, promotion_id, promotion_version, state, currency, goods_minor,
                                          delivery_minor, recorded_at)
    values ('${orderId}', '${promotionId}', 1, '${state}', 'USD', ${goods}, ${delivery}, '2026-01-01')`
}

const offerRows: typeof stockRows = [
  ['free delivery', ({ open }) => [promotion, redemption(open.id, 'posted', [0, 5])]],
  [
    'an offer that took something off an order without a discount',
    ({ open }) => [promotion, redemption(open.id, 'posted', [5, 0])],
    'discounts-are-what-offers-took-off',
  ],
  [
    'an accepted order whose use of an offer is only reserved',
    ({ open }) => [promotion, redemption(open.id, 'reserved', [0, 5])],
    'redemptions-stand-as-their-orders-do',
  ],
  [
    'an offer that was used by an order that is not there',
    () => [promotion, redemption(PLANTED as Id<'order'>, 'posted', [0, 5])],
    'redemptions-stand-as-their-orders-do',
  ],
  [
    'a code used once more than its redemptions tell',
    () => [
      promotion,
      `insert into pricing.promotion_code (id, promotion_id, code, uses_max, used, batch_id, created_at)
       values (gen_random_uuid(), '${promotionId}', 'WELCOME', 5, 1, gen_random_uuid(), '2026-01-01')`,
    ],
    'offers-are-counted-as-they-were-used',
  ],
]

const fileRows: readonly PlantRow[] = [
  [
    'a row of a file that was counted and not recorded',
    () => [
      `insert into integrations.file_import
         (id, kind, dry_run, actor, status, columns, row_count, created, received_at, touched_at, key_version, wrapped_key)
       values ('${newId()}', 'products', false, '${actor}', 'running', '{sku}', 2, 1, '2026-01-01', '2026-01-01', 1, '\\x00')`,
    ],
    'file-imports-account-for-every-row',
  ],
]

const rows = [
  ...fileRows,
  ...offerRows,
  ...stockRows,
  ...orderRows,
  ...moneyRows,
  ...valueRows,
  ...logRows,
  ...timeRows,
]
for (const [what, plant, ...found] of rows) {
  test(`${what}: ${found.join(', ') || 'nothing to find'}`, async () => {
    assert.deepEqual((await findersOf(plant(scene))).toSorted(), found.toSorted())
  })
}

test('every predicate was seen finding what it is there for', () => {
  const meant = new Set(rows.map(([, , first]) => first))
  assert.deepEqual(
    ownPredicates.map(({ name }) => name).filter((name) => !meant.has(name)),
    [],
  )
})

type Book = readonly BookEntry[]
const theirs: readonly (readonly [what: string, spoil: (book: Book) => Book, differences: number])[] = [
  ['the same', (book) => book, 0],
  ['another amount', ([first, ...rest]) => [{ ...must(first, 'an entry'), amountMinor: 1n }, ...rest], 2],
  ['another currency', ([first, ...rest]) => [{ ...must(first, 'an entry'), currency: 'EUR' }, ...rest], 2],
  ['one entry less', ([, ...rest]) => rest, 1],
  ['one entry more', (book) => [...book, { ...must(book[0], 'an entry'), id: 'pe_more', kind: 'capture' }], 1],
]
for (const [what, spoil, differences] of theirs) {
  test(`a provider's book with ${what}: ${differences} differences`, async () => {
    const { count, sample } = await compareBooks(db, {
      provider: 'sandbox',
      entries: spoil(await readProviderBook(psp.url)),
    })
    assert.equal(count, differences, JSON.stringify(sample))
  })
}

test("a provider's empty book lacks everything that we booked", async () => {
  const [row] = await db.rows<{ count: number }>({
    name: 'test.booked',
    text: `select count(*)::int as count from payments.transaction where provider <> 'gift_card'`,
  })
  assert.equal((await compareBooks(db, { provider: 'sandbox', entries: [] })).count, row?.count)
  assert.deepEqual(await compareBooks(db, { provider: 'another', entries: [] }), { count: 0, sample: [] })
})

test("a provider's book is read through its adapter; one that tells none, or does not answer, is named", async () => {
  const away = createSandboxProvider({ baseUrl: 'http://127.0.0.1:9' })
  try {
    const [same] = await compareProviderBooks(db, [provider])
    assert.deepEqual(same, {
      kind: 'compared',
      provider: 'sandbox',
      entries: (await readProviderBook(psp.url)).length,
      differences: { count: 0, sample: [] },
    })
    const { readBook: _, ...silent } = provider
    const told = renderComparisons(
      await compareProviderBooks(db, [
        { ...silent, code: 'silent' },
        { ...away, code: 'away' },
      ]),
    )
    assert.match(told, /^provider silent: NOT COMPARED, its adapter has no way to read its book; 0 entries/m)
    assert.match(told, /^provider away: NOT COMPARED/m)
    assert.match(told, /^provider sandbox: NOT COMPARED, no adapter of this name is set up here; [1-9]\d* entries/m)
  } finally {
    await away.close()
  }
})
