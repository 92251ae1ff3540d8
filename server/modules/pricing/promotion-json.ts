import { Type, type Static } from 'typebox'
import { formatId, type Id, type IdKind } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { money, type CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import {
  idJson,
  InstantJson,
  line,
  moneyJson,
  PositiveMoneyJson,
  readId,
  readMoney,
  Sku,
  strict,
} from '../../platform/http/index.ts'
import type { VariantKind } from '../catalog/index.ts'
import { checkPromotionTerms, type PromotionReason } from './check-promotion.ts'
import {
  codeOf,
  instantOf,
  Name,
  nullable,
  ValidFrom,
  ValidUntil,
  Version,
  type Neighbours,
  type Read,
} from './pricing-json.ts'
import type { DeliveryTariff } from './price-delivery.ts'
import type { Promotion, PromotionEffect } from './promotion.ts'
import type { PromotionCode } from './promotions.sql.ts'
import type { NewPricing } from './save-pricing.ts'

// As long as the longest of their kind in real life, with room.
const LIST_MAX = 200
const GOODS_MAX = 1_000
const PARTS_MAX = 20
const UNITS_MAX = 1_000
const USES_MAX = 1_000_000_000
/** One statement; a thousand codes take some 30 ms. */
export const CODES_MAX = 1_000

const Codes = (description: string) => Type.Array(line(40), { maxItems: LIST_MAX, description })
const Units = Type.Integer({ minimum: 1, maximum: UNITS_MAX })
const Share = Type.Integer({
  minimum: 1,
  maximum: 1_000_000,
  description: 'Parts per million taken off: 15 % is 150000, everything 1000000.',
  examples: [150_000],
})
const Times = nullable(Units, 'How often it counts in one order; null: as often as it fits.')
const Tariffs = Type.Optional(Codes('Codes of delivery tariffs; none: whichever.'))
const Uses = nullable(Type.Integer({ minimum: 1, maximum: USES_MAX }))

const Effect = Type.Union(
  [
    strict({ type: Type.Literal('percent_off'), ratePpm: Share }),
    strict({ type: Type.Literal('amount_off'), amount: PositiveMoneyJson }),
    strict({
      type: Type.Literal('bundle_price'),
      parts: Type.Array(strict({ sku: Sku, quantity: Units }), { minItems: 1, maxItems: PARTS_MAX }),
      price: PositiveMoneyJson,
      timesMax: Type.Optional(Times),
    }),
    strict({
      type: Type.Literal('buy_x_get_y'),
      buyUnits: Units,
      getUnits: Units,
      ratePpm: Share,
      timesMax: Type.Optional(Times),
    }),
    strict({ type: Type.Literal('delivery_percent_off'), ratePpm: Share, tariffs: Tariffs }),
    strict({ type: Type.Literal('delivery_amount_off'), amount: PositiveMoneyJson, tariffs: Tariffs }),
  ],
  {
    title: 'PromotionEffect',
    description:
      '`percent_off` and `amount_off` take from the goods together; `bundle_price` sells its parts together for a price; ' +
      '`buy_x_get_y` reduces the cheapest `getUnits` of every `buyUnits + getUnits` units of the goods, dearest first; ' +
      'the others take from delivery. All reckon from prices before any discount.',
  },
)
const Goods = strict(
  {
    skus: Type.Optional(Type.Array(Sku, { maxItems: GOODS_MAX })),
    products: Type.Optional(Type.Array(idJson('product'), { maxItems: GOODS_MAX })),
    categories: Type.Optional(Type.Array(line(200), { maxItems: LIST_MAX })),
  },
  { description: 'What it is about: whatever is in one of the lists; everything when all are empty.' },
)
const Minimum = strict(
  { items: Type.Optional(nullable(PositiveMoneyJson)), quantity: Type.Optional(nullable(Units)) },
  { description: 'What the goods must come to before discounts, and how many units they must be.' },
)
const Limits = strict(
  { uses: Type.Optional(Uses), usesPerCustomer: Type.Optional(Uses) },
  { description: 'Orders that may use it, of all buyers and of one. Whether it is limited stays as it was made.' },
)

const terms = {
  name: Name,
  effect: Effect,
  active: Type.Optional(Type.Boolean()),
  priority: Type.Optional(
    Type.Integer({ minimum: -1_000_000, maximum: 1_000_000, description: 'The higher goes first.' }),
  ),
  combinable: Type.Optional(
    Type.Boolean({
      description: 'Whether it may be given with others that may. Alone, the better for the buyer wins.',
    }),
  ),
  needsCode: Type.Optional(Type.Boolean({ description: 'Only for who names one of its codes.' })),
  validFrom: Type.Optional(ValidFrom),
  validUntil: Type.Optional(ValidUntil),
  channels: Type.Optional(Codes("Channels' codes; none: every channel.")),
  markets: Type.Optional(Codes("Markets' codes; none: every market.")),
  segments: Type.Optional(Codes("Customer segments' codes; none: everybody.")),
  goods: Type.Optional(Goods),
  minimum: Type.Optional(Minimum),
  limits: Type.Optional(Limits),
}
export const NewPromotion = strict(terms, { title: 'NewPromotion' })
export const PromotionEdit = strict(
  { ...terms, name: Type.Optional(Name), effect: Type.Optional(Effect) },
  { title: 'PromotionEdit' },
)
export const PromotionJson = strict(
  {
    id: idJson('promotion'),
    name: Name,
    active: Type.Boolean(),
    priority: Type.Integer(),
    combinable: Type.Boolean(),
    needsCode: Type.Boolean(),
    validFrom: ValidFrom,
    validUntil: ValidUntil,
    channels: Codes("Channels' codes; none: every channel."),
    markets: Codes("Markets' codes; none: every market."),
    segments: Codes("Customer segments' codes; none: everybody."),
    goods: Goods,
    minimum: Minimum,
    effect: Effect,
    limits: Limits,
    version: Version,
  },
  { title: 'Promotion' },
)

/** What promotions name, besides what every kind of configuration does. */
export interface PromotionNeighbours extends Neighbours {
  readonly tariffs: readonly DeliveryTariff[]
  readonly variantBySku: ReadonlyMap<string, { readonly id: Id<'variant'>; readonly kind: VariantKind }>
  readonly skuByVariant: ReadonlyMap<Id<'variant'>, string>
}

/** Every SKU that a body names. */
export function skusIn({ goods, effect }: Static<typeof PromotionEdit>): string[] {
  const parts = effect?.type === 'bundle_price' ? effect.parts.map(({ sku }) => sku) : []
  return [...(goods?.skus ?? []), ...parts]
}

/** Every variant that a promotion names. */
export function variantsIn({ goods, effect }: Pick<Promotion, 'goods' | 'effect'>): Id<'variant'>[] {
  const parts = effect.kind === 'bundle_price' ? effect.parts.map(({ variantId }) => variantId) : []
  return [...goods.variantIds, ...parts]
}

/** What a promotion is when a new one does not say. */
const unsaid: Omit<Promotion, 'id' | 'version' | 'name' | 'effect'> = {
  active: true,
  currency: null,
  priority: 0,
  combinable: false,
  needsCode: false,
  validFrom: null,
  validUntil: null,
  channelIds: [],
  marketIds: [],
  segmentIds: [],
  goods: { variantIds: [], productIds: [], categories: [] },
  itemsMinMinor: null,
  quantityMin: null,
  usesMax: null,
  usesPerCustomerMax: null,
}

export function readPromotion(
  { name, effect, ...body }: Static<typeof NewPromotion>,
  neighbours: PromotionNeighbours,
): Read<NewPricing<'promotion'>> {
  const reader = readerOf(neighbours, null)
  const read = { ...unsaid, name, effect: reader.effect(effect), ...reader.changes(body) }
  return reader.finish({ ...read, currency: reader.currency() })
}

/** @param current  the promotion as the editor knew it: what is absent stays as it is there */
export function readPromotionEdit(
  { name, effect, ...body }: Static<typeof PromotionEdit>,
  current: Promotion,
  neighbours: PromotionNeighbours,
): Read<Omit<Promotion, 'id' | 'version'>> {
  const { id: _id, version: _version, ...before } = current
  const keepsAmount =
    (effect === undefined && hasAmount(before.effect)) || (body.minimum === undefined && before.itemsMinMinor !== null)
  const reader = readerOf(neighbours, keepsAmount ? before.currency : null)
  const read = {
    ...before,
    ...(name === undefined ? {} : { name }),
    ...(effect === undefined ? {} : { effect: reader.effect(effect) }),
    ...reader.changes(body),
  }
  return reader.finish({ ...read, currency: reader.currency() })
}

function hasAmount(effect: PromotionEffect): boolean {
  return 'amountMinor' in effect || 'priceMinor' in effect
}

/**
 * Reads a body piece by piece and collects whatever is wrong, so that all of it is answered at once.
 * @param stays  the currency of amounts that are not sent again
 */
function readerOf(neighbours: PromotionNeighbours, stays: CurrencyCode | null) {
  const { merchant, segments, tariffs, variantBySku } = neighbours
  const reasons: PromotionReason[] = []
  let currency = stays

  const amount = (path: string, json: Static<typeof PositiveMoneyJson>): bigint => {
    const { minor, currency: told } = readMoney(json)
    if (currency !== null && currency !== told) reasons.push({ path, code: 'currencies_differ' })
    currency ??= told
    return minor
  }
  const named = <Kind extends IdKind>(
    path: string,
    code: PromotionReason['code'],
    codes: readonly string[],
    rows: readonly { readonly id: Id<Kind>; readonly code: string }[],
  ): Id<Kind>[] =>
    codes.flatMap((each, index) => {
      const row = rows.find((candidate) => candidate.code === each)
      if (row === undefined) reasons.push({ path: `${path}/${index}`, code })
      return row === undefined ? [] : [row.id]
    })
  const variant = (path: string, sku: string): Id<'variant'>[] => {
    const found = variantBySku.get(sku)
    if (found === undefined) reasons.push({ path, code: 'sku_unknown' })
    else if (found.kind === 'gift_card') reasons.push({ path, code: 'gift_card' })
    return found === undefined ? [] : [found.id]
  }
  const tariffIds = (codes: readonly string[] = []) => named('/effect/tariffs', 'tariff_unknown', codes, tariffs)

  return {
    effect(json: Static<typeof Effect>): PromotionEffect {
      switch (json.type) {
        case 'percent_off':
          return { kind: json.type, ratePpm: json.ratePpm }
        case 'amount_off':
          return { kind: json.type, amountMinor: amount('/effect/amount', json.amount) }
        case 'bundle_price':
          return {
            kind: json.type,
            parts: json.parts.flatMap(({ sku, quantity }, index) =>
              variant(`/effect/parts/${index}/sku`, sku).map((variantId) => ({ variantId, units: quantity })),
            ),
            priceMinor: amount('/effect/price', json.price),
            timesMax: json.timesMax ?? null,
          }
        case 'buy_x_get_y': {
          const { type, buyUnits, getUnits, ratePpm, timesMax = null } = json
          return { kind: type, buyUnits, getUnits, ratePpm, timesMax }
        }
        case 'delivery_percent_off':
          return { kind: json.type, ratePpm: json.ratePpm, tariffIds: tariffIds(json.tariffs) }
        case 'delivery_amount_off':
          return {
            kind: json.type,
            amountMinor: amount('/effect/amount', json.amount),
            tariffIds: tariffIds(json.tariffs),
          }
      }
    },
    changes({
      validFrom,
      validUntil,
      channels,
      markets,
      segments: segmentCodes,
      goods,
      minimum,
      limits,
      ...rest
    }: Omit<Static<typeof PromotionEdit>, 'name' | 'effect'>): Partial<Promotion> {
      return {
        ...rest,
        ...(validFrom === undefined ? {} : { validFrom: instantOf(validFrom) }),
        ...(validUntil === undefined ? {} : { validUntil: instantOf(validUntil) }),
        ...(channels === undefined
          ? {}
          : { channelIds: named('/channels', 'channel_unknown', channels, merchant.rows.channel) }),
        ...(markets === undefined
          ? {}
          : { marketIds: named('/markets', 'market_unknown', markets, merchant.rows.market) }),
        ...(segmentCodes === undefined
          ? {}
          : { segmentIds: named('/segments', 'segment_unknown', segmentCodes, segments) }),
        ...(goods === undefined
          ? {}
          : {
              goods: {
                variantIds: (goods.skus ?? []).flatMap((sku, index) => variant(`/goods/skus/${index}`, sku)),
                productIds: (goods.products ?? []).map((id) => readId('product', id)),
                categories: goods.categories ?? [],
              },
            }),
        ...(minimum === undefined
          ? {}
          : {
              itemsMinMinor:
                minimum.items === undefined || minimum.items === null ? null : amount('/minimum/items', minimum.items),
              quantityMin: minimum.quantity ?? null,
            }),
        ...(limits === undefined
          ? {}
          : { usesMax: limits.uses ?? null, usesPerCustomerMax: limits.usesPerCustomer ?? null }),
      }
    },
    currency: (): CurrencyCode | null => currency,
    finish<Fields extends Omit<Promotion, 'id' | 'version'>>(fields: Fields): Read<Fields> {
      if (reasons.length === 0) return { kind: 'read', fields }
      const all = [...reasons, ...checkPromotionTerms(fields)]
      return { kind: 'refused', refusal: { code: 'promotion_invalid', reasons: all } }
    },
  }
}

export function promotionJson(row: Promotion, neighbours: PromotionNeighbours): Static<typeof PromotionJson> {
  const { merchant, segments, skuByVariant } = neighbours
  return {
    id: formatId('promotion', row.id),
    name: row.name,
    active: row.active,
    priority: row.priority,
    combinable: row.combinable,
    needsCode: row.needsCode,
    validFrom: row.validFrom === null ? null : formatInstant(row.validFrom),
    validUntil: row.validUntil === null ? null : formatInstant(row.validUntil),
    channels: row.channelIds.map((id) => codeOf('channel', id, merchant.rows.channel)),
    markets: row.marketIds.map((id) => codeOf('market', id, merchant.rows.market)),
    segments: row.segmentIds.map((id) => codeOf('segment', id, segments)),
    goods: {
      skus: row.goods.variantIds.map((id) => skuOf(id, skuByVariant)),
      products: row.goods.productIds.map((id) => formatId('product', id)),
      categories: [...row.goods.categories],
    },
    minimum: {
      items: row.itemsMinMinor === null ? null : tellMoney(row.itemsMinMinor, row),
      quantity: row.quantityMin,
    },
    effect: effectJson(row, neighbours),
    limits: { uses: row.usesMax, usesPerCustomer: row.usesPerCustomerMax },
    version: row.version,
  }
}

function effectJson(row: Promotion, { tariffs, skuByVariant }: PromotionNeighbours): Static<typeof Effect> {
  const { effect } = row
  switch (effect.kind) {
    case 'percent_off':
      return { type: effect.kind, ratePpm: effect.ratePpm }
    case 'amount_off':
      return { type: effect.kind, amount: tellMoney(effect.amountMinor, row) }
    case 'bundle_price':
      return {
        type: effect.kind,
        parts: effect.parts.map(({ variantId, units }) => ({ sku: skuOf(variantId, skuByVariant), quantity: units })),
        price: tellMoney(effect.priceMinor, row),
        timesMax: effect.timesMax,
      }
    case 'buy_x_get_y': {
      const { kind, ...rest } = effect
      return { type: kind, ...rest }
    }
    case 'delivery_percent_off':
      return {
        type: effect.kind,
        ratePpm: effect.ratePpm,
        tariffs: effect.tariffIds.map((id) => codeOf('deliveryTariff', id, tariffs)),
      }
    case 'delivery_amount_off':
      return {
        type: effect.kind,
        amount: tellMoney(effect.amountMinor, row),
        tariffs: effect.tariffIds.map((id) => codeOf('deliveryTariff', id, tariffs)),
      }
  }
}

function tellMoney(minor: bigint, { currency }: Promotion) {
  return moneyJson(money(minor, must(currency, 'the currency of an amount')))
}

function skuOf(id: Id<'variant'>, skuByVariant: ReadonlyMap<Id<'variant'>, string>): string {
  return must(skuByVariant.get(id), 'the SKU of a variant, of which none is ever deleted')
}

// — codes —

const CodeText = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$',
  description: 'Upper and lower case are the same.',
  examples: ['WELCOME10'],
})
const CodeUses = nullable(
  Type.Integer({ minimum: 1, maximum: USES_MAX }),
  'Orders that may use each; null: any number.',
)

export const NewCodes = strict(
  {
    codes: Type.Optional(
      Type.Array(CodeText, { minItems: 1, maxItems: CODES_MAX, description: 'As they shall read.' }),
    ),
    generate: Type.Optional(
      strict({
        count: Type.Integer({ minimum: 1, maximum: CODES_MAX }),
        prefix: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$', examples: ['FALL-'] })),
      }),
    ),
    usesMax: Type.Optional(CodeUses),
  },
  { title: 'NewPromotionCodes', description: 'Either `codes` or `generate`. Generated ones cannot be guessed.' },
)
export const CodeEdit = strict({ active: Type.Boolean() }, { title: 'PromotionCodeEdit' })
export const CodeJson = strict(
  {
    id: idJson('promotionCode'),
    code: CodeText,
    usesMax: CodeUses,
    used: Type.Integer({ description: 'Orders that have used it and were not cancelled.' }),
    active: Type.Boolean(),
    createdAt: InstantJson,
    version: Version,
  },
  { title: 'PromotionCode' },
)

export function codeJson({
  id,
  code,
  usesMax,
  used,
  active,
  createdAt,
  version,
}: PromotionCode): Static<typeof CodeJson> {
  return {
    id: formatId('promotionCode', id),
    code,
    usesMax,
    used,
    active,
    createdAt: formatInstant(createdAt),
    version,
  }
}
