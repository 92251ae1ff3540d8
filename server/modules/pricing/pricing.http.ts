import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { readSkus } from '../catalog/index.ts'
import { must } from '../../kernel/invariant.ts'
import { money } from '../../kernel/money.ts'
import type { Id } from '../../kernel/id.ts'
import { commitIf } from '../../platform/commit-if.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  moneyJson,
  page,
  pageQuery,
  readId,
  readMoney,
  refuse,
  refusePlatform,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { violationsOf } from '../../platform/http/validate.ts'
import {
  answerEdit,
  answerOne,
  create,
  createOnce,
  edit,
  foreignCursor,
  look,
  read,
  tags,
  whole,
  type PricingHttpDeps,
} from './answer-pricing.ts'
import {
  DeliveryTariffEdit,
  DeliveryTariffJson,
  ListedPriceJson,
  NewDeliveryTariff,
  NewPriceList,
  NewTaxRate,
  PriceListEdit,
  PriceListJson,
  priceListJson,
  PriceResultJson,
  PriceRow,
  readPriceList,
  readPriceListEdit,
  readTariff,
  readTariffEdit,
  readTaxRate,
  readTaxRateEdit,
  tariffJson,
  TaxRateEdit,
  TaxRateJson,
  taxRateJson,
} from './pricing-json.ts'
import { refusals } from './pricing.refusals.ts'
import { listPriceRows } from './pricing.sql.ts'
import { mountPromotions } from './promotions.http.ts'
import type { PriceEdit, PriceResult } from './set-prices.ts'

/** One statement; a thousand rows take some 20 ms. */
const PRICES_MAX = 1_000

export function mountPricing(app: App, deps: PricingHttpDeps): void {
  mountPriceLists(app, deps)
  mountPrices(app, deps)
  mountTaxRates(app, deps)
  mountDeliveryTariffs(app, deps)
  mountPromotions(app, deps)
}

function mountPriceLists(app: App, deps: PricingHttpDeps): void {
  const params = strict({ id: idJson('priceList') })
  app.get(
    '/v1/admin/price-lists',
    {
      schema: { summary: 'Lists price lists by code', tags, response: { 200: whole(PriceListJson) } },
      config: read,
    },
    async (_request, reply) => {
      const [book, neighbours] = await Promise.all([deps.pricing.currentBook(), look(deps)])
      return reply.send({ items: book.priceLists.map((list) => priceListJson(list, neighbours)), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/price-lists/:id',
    {
      schema: { summary: 'Reads a price list', tags, params, response: { 200: PriceListJson } },
      config: read,
    },
    async (request, reply) => {
      const { priceListById } = await deps.pricing.currentBook()
      return answerOne(deps, reply, priceListById.get(readId('priceList', request.params.id)), priceListJson)
    },
  )

  app.post(
    '/v1/admin/price-lists',
    {
      schema: { summary: 'Adds a price list', tags, body: NewPriceList, response: { 201: PriceListJson } },
      config: create,
    },
    async (request, reply) =>
      createOnce(deps, request, reply, 'priceList', (n) => readPriceList(request.body, n), priceListJson),
  )

  app.patch(
    '/v1/admin/price-lists/:id',
    {
      schema: { summary: 'Edits a price list', tags, params, body: PriceListEdit, response: { 200: PriceListJson } },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('priceList', request.params.id)
      return answerEdit(
        deps,
        request,
        reply,
        { kind: 'priceList', id, changes: readPriceListEdit(request.body) },
        priceListJson,
      )
    },
  )
}

const PricesBody = strict({
  prices: Type.Array(
    // A row that is not one is answered as such, so that the others go in.
    Type.Union([PriceRow, Type.Unknown()]),
    { minItems: 1, maxItems: PRICES_MAX },
  ),
})
const rowValidator = Compile(PriceRow)

function mountPrices(app: App, { db, pricing }: PricingHttpDeps): void {
  const params = strict({ id: idJson('priceList') })
  app.get(
    '/v1/admin/price-lists/:id/prices',
    {
      schema: {
        summary: 'Lists the prices of a price list',
        tags,
        params,
        querystring: strict(pageQuery),
        response: { 200: page(ListedPriceJson) },
      },
      config: read,
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const place = cursor === undefined ? undefined : decodeCursor(cursor, ['uuid', 'integer'])
      if (place === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const after = place === undefined ? null : { variantId: place[0] as Id<'variant'>, minQuantity: place[1] }
      const priceListId = readId('priceList', request.params.id)
      const list = (await pricing.currentBook()).priceListById.get(priceListId)
      if (list === undefined) return refusePlatform(reply, 'not_found')
      const rows = await listPriceRows(db, { priceListId, after, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const skuByVariant = await readSkus(
        db,
        shown.map(({ variantId }) => variantId),
      )
      const last = rows.length > limit ? shown.at(-1) : undefined
      return reply.send({
        items: shown.map(({ variantId, minQuantity, amountMinor }) => ({
          sku: must(skuByVariant.get(variantId), 'the SKU of a variant, of which none is ever deleted'),
          minQuantity,
          price: moneyJson(money(amountMinor, list.currency)),
        })),
        nextCursor: last === undefined ? null : encodeCursor([last.variantId, last.minQuantity]),
      })
    },
  )

  app.put(
    '/v1/admin/price-lists/:id/prices',
    {
      schema: {
        summary: 'Sets or withdraws up to 1,000 prices of a price list',
        description:
          'Rows with errors are left out and answered with every error; the others are written. ' +
          'Prices that are not named stay. The same prices again change nothing.',
        tags,
        params,
        body: PricesBody,
        response: { 200: strict({ results: Type.Array(PriceResultJson) }) },
      },
      config: { scope: 'pricing:write', idempotent: 'natural' },
    },
    async (request, reply) => {
      const rows = request.body.prices.map(readRow)
      const command = {
        actor: actorOf(request.caller),
        priceListId: readId('priceList', request.params.id),
        edits: rows.flatMap((row) => (row.kind === 'edit' ? [row.edit] : [])),
      }
      const outcome = await commitIf(
        db,
        (tx) => pricing.setPrices(tx, command),
        (set) => set.kind !== 'unknown' && set.results.some(({ kind }) => kind !== 'error'),
      )
      if (outcome.kind === 'unknown') return refusePlatform(reply, 'not_found')
      const written = outcome.results.values()
      const results = rows.map((row, index) =>
        row.kind === 'edit'
          ? resultOf(must(written.next().value, 'a result an edit'), index)
          : { index, ...row.result },
      )
      return reply.send({ results })
    },
  )
}

type ReadRow =
  | { readonly kind: 'edit'; readonly edit: PriceEdit }
  | { readonly kind: 'invalid'; readonly result: Omit<Static<typeof PriceResultJson>, 'index'> }

function readRow(row: unknown): ReadRow {
  if (rowValidator.Check(row)) {
    const { sku, minQuantity = 1, price } = row
    return { kind: 'edit', edit: { sku, minQuantity, price: price === null ? null : readMoney(price) } }
  }
  const errors = violationsOf(rowValidator, row).map((violation) => ({ ...violation, code: 'invalid' }))
  return { kind: 'invalid', result: { status: 'error', errors } }
}

function resultOf(result: PriceResult, index: number): Static<typeof PriceResultJson> {
  return result.kind === 'error'
    ? { index, status: 'error', errors: [...result.errors] }
    : { index, status: result.kind }
}

function mountTaxRates(app: App, deps: PricingHttpDeps): void {
  const params = strict({ id: idJson('taxRate') })
  app.get(
    '/v1/admin/tax-rates',
    {
      schema: { summary: 'Lists tax rates', tags, response: { 200: whole(TaxRateJson) } },
      config: read,
    },
    async (_request, reply) => {
      const [book, neighbours] = await Promise.all([deps.pricing.currentBook(), look(deps)])
      return reply.send({ items: book.taxRates.map((rate) => taxRateJson(rate, neighbours)), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/tax-rates/:id',
    {
      schema: { summary: 'Reads a tax rate', tags, params, response: { 200: TaxRateJson } },
      config: read,
    },
    async (request, reply) => {
      const { taxRates } = await deps.pricing.currentBook()
      const id = readId('taxRate', request.params.id)
      return answerOne(
        deps,
        reply,
        taxRates.find((rate) => rate.id === id),
        taxRateJson,
      )
    },
  )

  app.post(
    '/v1/admin/tax-rates',
    {
      schema: { summary: 'Adds a tax rate', tags, body: NewTaxRate, response: { 201: TaxRateJson } },
      config: create,
    },
    async (request, reply) =>
      createOnce(deps, request, reply, 'taxRate', (n) => readTaxRate(request.body, n), taxRateJson),
  )

  app.patch(
    '/v1/admin/tax-rates/:id',
    {
      schema: { summary: 'Edits a tax rate', tags, params, body: TaxRateEdit, response: { 200: TaxRateJson } },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('taxRate', request.params.id)
      return answerEdit(
        deps,
        request,
        reply,
        { kind: 'taxRate', id, changes: readTaxRateEdit(request.body) },
        taxRateJson,
      )
    },
  )
}

function mountDeliveryTariffs(app: App, deps: PricingHttpDeps): void {
  const params = strict({ id: idJson('deliveryTariff') })
  app.get(
    '/v1/admin/delivery-tariffs',
    {
      schema: { summary: 'Lists delivery tariffs by code', tags, response: { 200: whole(DeliveryTariffJson) } },
      config: read,
    },
    async (_request, reply) => {
      const [book, neighbours] = await Promise.all([deps.pricing.currentBook(), look(deps)])
      return reply.send({ items: book.tariffs.map((tariff) => tariffJson(tariff, neighbours)), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/delivery-tariffs/:id',
    {
      schema: { summary: 'Reads a delivery tariff', tags, params, response: { 200: DeliveryTariffJson } },
      config: read,
    },
    async (request, reply) => {
      const { tariffs } = await deps.pricing.currentBook()
      const id = readId('deliveryTariff', request.params.id)
      return answerOne(
        deps,
        reply,
        tariffs.find((tariff) => tariff.id === id),
        tariffJson,
      )
    },
  )

  app.post(
    '/v1/admin/delivery-tariffs',
    {
      schema: {
        summary: 'Adds a delivery tariff',
        tags,
        body: NewDeliveryTariff,
        response: { 201: DeliveryTariffJson },
      },
      config: create,
    },
    async (request, reply) =>
      createOnce(deps, request, reply, 'deliveryTariff', (n) => readTariff(request.body, n), tariffJson),
  )

  app.patch(
    '/v1/admin/delivery-tariffs/:id',
    {
      schema: {
        summary: 'Edits a delivery tariff',
        tags,
        params,
        body: DeliveryTariffEdit,
        response: { 200: DeliveryTariffJson },
      },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('deliveryTariff', request.params.id)
      const current = (await deps.pricing.currentBook()).tariffs.find((tariff) => tariff.id === id)
      if (current === undefined) return refusePlatform(reply, 'not_found')
      const changes = readTariffEdit(request.body, current)
      if (changes.kind === 'refused') return refuse(reply, refusals, changes.refusal)
      return answerEdit(deps, request, reply, { kind: 'deliveryTariff', id, changes: changes.fields }, tariffJson)
    },
  )
}
