import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { partOptions } from '../support/child.ts'
import { round } from '../support/measure.ts'

export interface CatalogLoadOptions {
  readonly url: string
  readonly secretKey: string
  readonly variants: number
  readonly variantsPerProduct: number
  /** Loaders at work at once, each with its next five thousand variants and then their prices. */
  readonly concurrency: number
}

export interface CatalogLoadResult {
  readonly seconds: number
  readonly variantsPerSecond: number
  readonly requests: number
  readonly clientCpuMs: number
}

/** What one `POST /v1/admin/products/batch` takes. */
const VARIANTS_PER_BATCH = 5_000
const PRODUCTS_PER_BATCH = 500
/** What one `PUT /v1/admin/price-lists/:id/prices` takes. */
const PRICES_PER_CALL = 1_000
const CATEGORIES = 40

/** Loads a catalog with its prices over HTTP, from a process of its own. */
const { url, secretKey, variants, variantsPerProduct, concurrency } = partOptions<CatalogLoadOptions>()
const pool = new Pool(url, { connections: concurrency, pipelining: 1 })
const productsPerBatch = Math.min(PRODUCTS_PER_BATCH, Math.floor(VARIANTS_PER_BATCH / variantsPerProduct))
const products = Math.ceil(variants / variantsPerProduct)
let requests = 0
const { items } = await send<{ items: { id: string; code: string }[] }>('GET', '/v1/admin/price-lists')
const priceList = items.find(({ code }) => code === 'usd')
if (priceList === undefined) throw new Error('the shop has no price list')

for (let number = 0; number < CATEGORIES; number++) {
  const body = { code: `category-${number}`, name: `Category ${number}` }
  await send('POST', '/v1/admin/categories', body, 201)
}

let next = 0
const began = performance.now()
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    while (next < products) {
      const first = next
      next += productsPerBatch
      await loadProducts(first, Math.min(productsPerBatch, products - first), priceList.id)
    }
  }),
)
const seconds = (performance.now() - began) / 1_000
await pool.close()
const used = process.cpuUsage()
const result: CatalogLoadResult = {
  seconds: round(seconds),
  variantsPerSecond: Math.round(variants / seconds),
  requests,
  clientCpuMs: Math.round((used.user + used.system) / 1_000),
}
process.stdout.write(`${JSON.stringify(result)}\n`)

async function loadProducts(first: number, count: number, priceListId: string): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => productOf(first + index))
  expectNoErrors(await send('POST', '/v1/admin/products/batch', { products: rows }))
  const skus = rows.flatMap((row) => row.variants.map(({ sku }) => sku))
  for (let from = 0; from < skus.length; from += PRICES_PER_CALL) {
    const prices = skus.slice(from, from + PRICES_PER_CALL).map((sku, index) => ({
      sku,
      price: { amount: 1_000 + index, currency: 'USD' },
    }))
    expectNoErrors(await send('PUT', `/v1/admin/price-lists/${priceListId}/prices`, { prices }))
  }
}

function productOf(number: number) {
  return {
    handle: `loaded-${number}`,
    title: `Merino tee no. ${number}`,
    description: 'Warm when wet, cool when hot. '.repeat(10),
    categories: [`category-${number % CATEGORIES}`],
    brand: `brand-${number % 200}`,
    status: 'active',
    taxClass: 'standard',
    variants: Array.from({ length: variantsPerProduct }, (_, index) => ({
      sku: `LOADED-${number}-${index}`,
      title: `Size ${index}`,
      kind: 'physical',
      weightGrams: 180,
      options: { size: String(index), colour: 'red' },
    })),
  }
}

interface BatchAnswer {
  readonly results: readonly { readonly status: string }[]
}

function expectNoErrors({ results }: BatchAnswer): void {
  const failed = results.find(({ status }) => status === 'error')
  if (failed !== undefined) throw new Error(JSON.stringify(failed))
}

async function send<Answer = BatchAnswer>(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  status = 200,
): Promise<Answer> {
  requests++
  const answer = await pool.request({
    method,
    path,
    headers: {
      authorization: `Bearer ${secretKey}`,
      'content-type': 'application/json',
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  if (answer.statusCode !== status)
    throw new Error(`${method} ${path}: ${answer.statusCode} ${await answer.body.text()}`)
  return (await answer.body.json()) as Answer
}
