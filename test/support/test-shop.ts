import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createShop } from '../../bench/support/shop.ts'
import { spawnProvider, type SpawnedProvider } from '../../sandbox/psp/spawn.ts'
import { createSandboxProvider } from '../../server/adapters/psp/sandbox.ts'
import { formatId, newId, parseId, type Id } from '../../server/kernel/id.ts'
import { invariant, must } from '../../server/kernel/invariant.ts'
import type { CurrencyCode } from '../../server/kernel/money.ts'
import { askPayment } from '../../server/modules/checkout/index.ts'
import { adminScopes, type NewApiKey } from '../../server/modules/identity/index.ts'
import { issueGiftCard, readShownCode } from '../../server/modules/payments/index.ts'
import { createDb, type Db } from '../../server/platform/db.ts'
import { keyOf } from '../../server/platform/http/idempotency.ts'
import type { Caller } from '../../server/platform/http/index.ts'
import { migrateJobs } from '../../server/platform/jobs/jobs.ts'
import { openRooms, type Rooms } from '../../server/rooms.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

/** The trusted channel of a test shop. */
export const TRUSTED_CHANNEL = 'market'

/**
 * A small shop on a database of its own, with a payment provider that is a process of its own: to sell from, by as many
 * Waybill processes as a test starts on it. The test holds its rooms too, to play what is not a request.
 */
export interface TestShop {
  readonly databaseUrl: string
  readonly db: Db
  readonly rooms: Rooms
  readonly provider: SpawnedProvider
  /** What a server process needs to know. */
  readonly env: Readonly<Record<string, string>>
  /** Sells through the channel `web`. */
  readonly publishableKey: string
  /** How an `Idempotency-Key` sent with the publishable key is kept. */
  keyId(idempotencyKey: string): string
  /** Holds every scope. */
  readonly secretKey: string
  /** `SKU-1`, `SKU-2`, …, without stock. */
  readonly skus: readonly string[]
  /** Puts units on hand, by SKU and location: `{ 'SKU-1': { l1: 3 } }`. */
  stock(units: Readonly<Record<string, Readonly<Record<string, number>>>>): Promise<void>
  /** A SKU that stands for units of others. */
  bundle(sku: string, components: Readonly<Record<string, number>>): Promise<void>
  /** Makes a gift card. @returns its code */
  giftCard(amountMinor: bigint): Promise<string>
  /** What a worker does with a payment that is due. @param paymentId `pay_…` */
  askPayment(paymentId: string): Promise<void>
  createKey(wanted: NewApiKey): Promise<{ readonly id: string; readonly key: string }>
  close(): Promise<void>
}

export interface TestShopOptions {
  readonly skus: number
  /** `l1`, `l2`, …, all of which ship. */
  readonly locations: number
  /** More of the provider's options: its bad manners. */
  readonly providerArgs?: readonly string[]
  /** A migrated, empty one; a copy of the test server's when left out. */
  readonly database?: TestDatabase
}

const ACTOR = 'test'

export async function openTestShop(options: TestShopOptions): Promise<TestShop> {
  const { skus, locations, providerArgs = [] } = options
  const directory = await mkdtemp(join(tmpdir(), 'waybill-test-shop-'))
  const [database, provider] = await Promise.all([
    options.database ?? createTestDatabase(),
    spawnProvider({ directory: join(directory, 'psp'), args: providerArgs }),
  ])
  await migrateJobs(database.url)
  const masterKey = randomBytes(32)
  const db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test shop' })
  const { skus: names, channelId } = await createShop(db, { skus, locations, unitsEach: 0 })
  await db.execute({
    name: 'test.trusted_channel',
    text: `insert into merchant.channel
             (id, code, name, kind, legal_entity_id, currency, currencies, locale, zone, tax_included, trusted)
           select $1, $2, 'Marketplace', 'marketplace', id, 'USD', '{USD}', 'en-US', zone, false, true
             from merchant.legal_entity`,
    values: [newId(), TRUSTED_CHANNEL],
  })
  const adapter = createSandboxProvider({ baseUrl: provider.url })
  const rooms = openRooms({ db, masterKey, providers: [adapter] })
  const createKey = (wanted: NewApiKey) =>
    db.inTransaction(async (tx) => {
      const outcome = await rooms.identity.createApiKey(tx, { actor: ACTOR, scopes: null }, wanted)
      invariant(outcome.kind === 'created', `the key ${wanted.name} can be made`)
      return { id: formatId('apiKey', outcome.apiKey.id), key: outcome.key }
    })
  const head = await createKey({ kind: 'publishable', name: 'head', channelId })
  const caller: Caller = { kind: 'publishable', keyId: must(parseId('apiKey', head.id), 'the id of a key'), channelId }
  return {
    databaseUrl: database.url,
    db,
    rooms,
    provider,
    env: {
      DATABASE_URL: database.url,
      WAYBILL_PSP_URL: provider.url,
      WAYBILL_MASTER_KEY: masterKey.toString('base64'),
      WAYBILL_DATA_DIR: directory,
    },
    publishableKey: head.key,
    keyId: (idempotencyKey) => keyOf(caller, idempotencyKey),
    secretKey: (await createKey({ kind: 'secret', name: 'admin', scopes: adminScopes })).key,
    skus: names,
    askPayment: (paymentId) => askPayment({ db, payments: rooms.payments, checkout: rooms.checkout }, { paymentId }),
    createKey,
    async stock(units) {
      const entries = Object.entries(units).flatMap(([sku, byLocation]) =>
        Object.entries(byLocation).map(([location, delta]) => ({ sku, location, delta, reason: 'found' })),
      )
      const outcome = await rooms.inventory.adjustStock({ actor: ACTOR, commandKey: randomUUID(), entries })
      invariant(outcome.kind === 'adjusted', 'stock can be put on hand')
    },
    bundle: (sku, components) => insertBundle(db, sku, components),
    async giftCard(amountMinor) {
      const { codes } = rooms.payments
      const book = await rooms.merchant.currentBook()
      const { legalEntityId } = must(book.channelById.get(channelId), 'the web channel')
      const card = { legalEntityId, currency: 'USD' as CurrencyCode, amountMinor, expiresAt: null }
      const id = await db.inTransaction(async (tx) => issueGiftCard(tx, { codes, actor: ACTOR, reason: 'test' }, card))
      return must(await readShownCode(db, codes, id), 'the code of a card made a moment ago')
    },
    async close() {
      await adapter.close()
      await db.close()
      await provider.stop()
      await database.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Straight into the tables, like the rest of the shop; to be called before a server has read the catalog. */
async function insertBundle(db: Db, sku: string, components: Readonly<Record<string, number>>): Promise<void> {
  const productId = newId<'product'>()
  const bundleId: Id<'variant'> = newId<'variant'>()
  const statements: readonly (readonly [string, readonly unknown[]])[] = [
    [
      `insert into catalog.product (id, handle, title, status, revision, created_at, updated_at)
      values ($1, lower($2), $2, 'active', 1, '2026-01-01', '2026-01-01')`,
      [productId, sku],
    ],
    [
      `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
      values ($1, $2, $3, '', 1, 'bundle', false, 'active', 1)`,
      [bundleId, productId, sku],
    ],
    [
      `insert into catalog.bundle_component (bundle_id, component_id, quantity, position)
      select $1, variant.id, component.quantity, component.place
        from unnest($2::text[], $3::int[]) with ordinality as component (sku, quantity, place)
        join catalog.variant using (sku)`,
      [bundleId, Object.keys(components), Object.values(components)],
    ],
    ['insert into inventory.gate (variant_id) values ($1)', [bundleId]],
    [
      'insert into pricing.price (price_list_id, variant_id, amount_minor, revision) select id, $1, 5000, 1 from pricing.price_list',
      [bundleId],
    ],
  ]
  for (const [index, [text, values]] of statements.entries()) {
    await db.execute({ name: `test.bundle_${index}`, text, values })
  }
}

/** A gift card to sell, straight into the tables; to be called before a server has read the catalog. */
export async function insertGiftCardProduct(db: Db, sku: string, priceMinor: number): Promise<void> {
  const productId = newId<'product'>()
  const variantId = newId<'variant'>()
  const statements: readonly (readonly [string, readonly unknown[]])[] = [
    [
      `insert into catalog.product (id, handle, title, status, tax_class, revision, created_at, updated_at)
       values ($1, lower($2), $2, 'active', 'exempt', 1, '2026-01-01', '2026-01-01')`,
      [productId, sku],
    ],
    [
      `insert into catalog.variant (id, product_id, sku, title, position, kind, stocked, status, revision)
       values ($1, $2, $3, '', 1, 'gift_card', false, 'active', 1)`,
      [variantId, productId, sku],
    ],
    ['insert into inventory.gate (variant_id) values ($1)', [variantId]],
    [
      'insert into pricing.price (price_list_id, variant_id, amount_minor, revision) select id, $1, $2, 1 from pricing.price_list',
      [variantId, priceMinor],
    ],
  ]
  for (const [index, [text, values]] of statements.entries()) {
    await db.execute({ name: `test.gift_card_${index}`, text, values })
  }
}
