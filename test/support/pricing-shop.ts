import { randomUUID } from 'node:crypto'
import assert from 'node:assert/strict'
import { newId } from '../../server/kernel/id.ts'
import type { CurrencyCode } from '../../server/kernel/money.ts'
import { openCatalog } from '../../server/modules/catalog/index.ts'
import { createConfiguration, openMerchant } from '../../server/modules/merchant/index.ts'
import { mountPricing, openPricing } from '../../server/modules/pricing/index.ts'
import { createDb, type Db } from '../../server/platform/db.ts'
import { createHttpServer, type App, type Caller } from '../../server/platform/http/index.ts'
import { createTestDatabase } from './database.ts'

export interface Answer {
  readonly status: number
  readonly body: { readonly [field: string]: unknown }
}

const actor = 'key_01h2xcejqtf2nbrexx3vqjhp41'
const store = { id: newId<'location'>(), code: 'store-brooklyn' }
const vip = { id: newId<'segment'>(), code: 'vip' }
const ground = { id: newId<'shippingService'>(), code: 'ground' }

/** A web shop in dollars with three things to sell, and pricing's routes. */
export async function openPricingShop() {
  const database = await createTestDatabase()
  const db = createDb({ databaseUrl: database.url, poolMax: 8, applicationName: 'test' })
  const merchant = openMerchant({ db })
  await openShop(db)
  const caller: Caller = { kind: 'secret', keyId: newId(), scopes: ['pricing:read', 'pricing:write'] }
  const app: App = createHttpServer({ authenticate: () => caller, checkResponses: true })
  const ports = {
    shippingServices: async () => [{ id: newId<'shippingService'>(), code: 'other' }, ground],
    locations: async () => [store],
    segments: async () => [vip],
  }
  mountPricing(app, { db, merchant, ...ports, pricing: openPricing({ db, merchant, ...ports }) })
  await db.inTransaction((tx) =>
    openCatalog({ db, merchant, onVariantsCreated: () => {}, findUnknownPlaces: async () => new Set() }).saveProducts(
      tx,
      {
        actor,
        edits: [
          { handle: 'goods', title: 'Goods', variants: ['TEE', 'MUG', 'CAP'].map((sku) => ({ sku })) },
          { handle: 'card', title: 'Card', variants: [{ sku: 'CARD', kind: 'gift_card' }] },
        ],
      },
    ),
  )
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const answer = await app.inject({
      method,
      url: `/v1/admin/${path}`,
      headers: { authorization: 'Bearer x', ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    return { status: answer.statusCode, body: answer.json() }
  }
  return {
    db,
    databaseUrl: database.url,
    send,
    post: (path: string, body: unknown, key: string = randomUUID()) =>
      send('POST', path, body, { 'idempotency-key': key }),
    patch: (path: string, version: number, body: unknown) => send('PATCH', path, body, { 'if-match': `"${version}"` }),
    async close(): Promise<void> {
      await app.close()
      await db.close()
      await database.drop()
    },
  }
}

async function openShop(db: Db): Promise<void> {
  await db.inTransaction(async (tx) => {
    const currency = 'USD' as CurrencyCode
    const entity = await createConfiguration(tx, {
      actor,
      kind: 'legalEntity',
      fields: { code: 'fernway', name: 'Fernway', country: 'US', currency, timeZone: 'America/New_York' },
    })
    assert.ok(entity.kind === 'created')
    const channel = await createConfiguration(tx, {
      actor,
      kind: 'channel',
      fields: {
        code: 'web',
        name: 'Web',
        kind: 'web',
        legalEntityId: entity.row.id,
        marketId: null,
        currency,
        currencies: [currency],
        locale: 'en-US',
        timeZone: 'America/New_York',
        taxIncluded: false,
        trusted: false,
        cartTtlS: 3_600,
        quoteTtlS: 900,
        claimsAt: 'order',
        paymentTtlS: 1_800,
        paymentCapS: 86_400,
        active: true,
      },
    })
    assert.ok(channel.kind === 'created')
    const market = await createConfiguration(tx, {
      actor,
      kind: 'market',
      fields: { code: 'eu', name: 'EU', countries: ['DE', 'FR'] },
    })
    assert.ok(market.kind === 'created')
    const zone = await createConfiguration(tx, {
      actor,
      kind: 'zone',
      fields: { code: 'us-ny', name: 'New York', country: 'US', regions: ['NY'], postalPrefixes: [] },
    })
    assert.ok(zone.kind === 'created')
  })
}
