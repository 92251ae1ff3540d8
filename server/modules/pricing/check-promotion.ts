import type { Id } from '../../kernel/id.ts'
import type { PricingSurroundings } from './check-pricing.ts'
import type { Promotion } from './promotion.ts'

/** What is wrong with a promotion, and where. */
export interface PromotionReason {
  /** A JSON pointer into what was sent. */
  readonly path: string
  readonly code: keyof typeof promotionReasons
}

export const promotionReasons = {
  name_blank: 'The name has no visible character.',
  validity_reversed: '`validUntil` is not after `validFrom`.',
  channel_unknown: 'There is no channel with this code.',
  market_unknown: 'There is no market with this code.',
  segment_unknown: 'There is no segment with this code.',
  product_unknown: 'There is no product with this id.',
  sku_unknown: 'There is no variant with this SKU.',
  gift_card: 'A gift card is money: no promotion takes anything off it.',
  tariff_unknown: 'There is no delivery tariff with this code.',
  repeated: 'It is named twice.',
  more_than_everything: 'More than 100 % would be a gift of money.',
  takes_nothing_off: 'Nothing would ever be taken off.',
  currencies_differ: 'All amounts of a promotion are in one currency.',
  currency_not_sold_in: 'None of its channels sells in this currency.',
  bundle_of_one: 'A bundle is at least two units.',
  limit_stays: 'Whether uses are limited stays as it was made; only how far may change.',
  limit_below_used: 'More orders have used it already.',
} as const

/** Everything that is wrong with a promotion by itself. */
export function checkPromotionTerms(promotion: Omit<Promotion, 'id' | 'version'>): PromotionReason[] {
  const { name, validFrom, validUntil, effect } = promotion
  const reasons: PromotionReason[] = []
  if (name.trim() === '') reasons.push({ path: '/name', code: 'name_blank' })
  if (validFrom !== null && validUntil !== null && validFrom >= validUntil) {
    reasons.push({ path: '/validUntil', code: 'validity_reversed' })
  }
  for (const [path, list] of listsOf(promotion)) {
    if (new Set(list).size < list.length) reasons.push({ path, code: 'repeated' })
  }
  if ('ratePpm' in effect) {
    if (effect.ratePpm > 1_000_000) reasons.push({ path: '/effect/ratePpm', code: 'more_than_everything' })
    if (effect.ratePpm <= 0) reasons.push({ path: '/effect/ratePpm', code: 'takes_nothing_off' })
  }
  if ('amountMinor' in effect && effect.amountMinor <= 0n) {
    reasons.push({ path: '/effect/amount', code: 'takes_nothing_off' })
  }
  if (effect.kind === 'bundle_price') {
    const units = effect.parts.reduce((sum, part) => sum + part.units, 0)
    if (units < 2) reasons.push({ path: '/effect/parts', code: 'bundle_of_one' })
    if (effect.priceMinor <= 0n) reasons.push({ path: '/effect/price', code: 'more_than_everything' })
  }
  return reasons
}

function listsOf({ channelIds, marketIds, segmentIds, goods, effect }: Omit<Promotion, 'id' | 'version'>) {
  const lists: [path: string, list: readonly string[]][] = [
    ['/channels', channelIds],
    ['/markets', marketIds],
    ['/segments', segmentIds],
    ['/goods/skus', goods.variantIds],
    ['/goods/products', goods.productIds],
    ['/goods/categories', goods.categories],
  ]
  if (effect.kind === 'bundle_price') lists.push(['/effect/parts', effect.parts.map(({ variantId }) => variantId)])
  if ('tariffIds' in effect) lists.push(['/effect/tariffs', effect.tariffIds])
  return lists
}

/** What a promotion is checked against besides: what it was, and how often it was used. */
export interface PromotionHistory {
  /** Null for a new one. */
  readonly before: Promotion | null
  readonly used: number
  /** Variants and products it names that nobody knows. */
  readonly unknownVariantIds: ReadonlySet<Id<'variant'>>
  readonly unknownProductIds: ReadonlySet<Id<'product'>>
}

/** Everything that is wrong with a promotion; nothing when it may be saved. */
export function checkPromotion(
  promotion: Promotion,
  { others, merchant, segments }: Pick<PricingSurroundings, 'others' | 'merchant' | 'segments'>,
  { before, used, unknownVariantIds, unknownProductIds }: PromotionHistory,
): PromotionReason[] {
  const { channelIds, marketIds, segmentIds, goods, effect, currency, usesMax, usesPerCustomerMax } = promotion
  const reasons = checkPromotionTerms(promotion)
  const say = (isWrong: boolean, path: string, code: PromotionReason['code']): void => {
    if (isWrong) reasons.push({ path, code })
  }
  say(!channelIds.every((id) => merchant.channelById.has(id)), '/channels', 'channel_unknown')
  say(!marketIds.every((id) => merchant.marketById.has(id)), '/markets', 'market_unknown')
  say(!segmentIds.every((id) => segments.some((segment) => segment.id === id)), '/segments', 'segment_unknown')
  say(
    goods.variantIds.some((id) => unknownVariantIds.has(id)),
    '/goods/skus',
    'sku_unknown',
  )
  say(
    goods.productIds.some((id) => unknownProductIds.has(id)),
    '/goods/products',
    'product_unknown',
  )
  if (effect.kind === 'bundle_price') {
    say(
      effect.parts.some(({ variantId }) => unknownVariantIds.has(variantId)),
      '/effect/parts',
      'sku_unknown',
    )
  }
  if ('tariffIds' in effect) {
    const isKnown = (id: Id<'deliveryTariff'>) => others.tariffs.some((tariff) => tariff.id === id)
    say(!effect.tariffIds.every(isKnown), '/effect/tariffs', 'tariff_unknown')
  }
  const sellers = merchant.rows.channel.filter(({ id }) => channelIds.length === 0 || channelIds.includes(id))
  say(
    currency !== null && !sellers.some(({ currencies }) => currencies.includes(currency)),
    '/effect',
    'currency_not_sold_in',
  )
  if (before !== null) {
    say((before.usesMax === null) !== (usesMax === null), '/limits/uses', 'limit_stays')
    const wasLimited = before.usesPerCustomerMax !== null
    say(wasLimited !== (usesPerCustomerMax !== null), '/limits/usesPerCustomer', 'limit_stays')
  }
  say(usesMax !== null && usesMax < used, '/limits/uses', 'limit_below_used')
  return reasons
}
