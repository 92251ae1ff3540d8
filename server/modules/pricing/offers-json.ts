import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant } from '../../kernel/time.ts'
import { idJson, InstantJson, machineCode, MoneyJson, moneyJson, strict } from '../../platform/http/index.ts'
import type { AppliedOffer } from './price-cart.ts'
import type { MissedOffer, MissedReason } from './price-offers.ts'
import type { RedemptionRow } from './redemptions.sql.ts'

/** A code as buyers type it; upper and lower case are the same. */
export const PromotionCodeText = machineCode(40, {
  description: 'A promotion code; upper and lower case are the same.',
  examples: ['WELCOME10'],
})
export const CodesBody = Type.Array(PromotionCodeText, { maxItems: 10, description: 'Promotion codes.' })

const missedCodes = [
  'code_unknown',
  'code_repeated',
  'not_active',
  'not_yet_valid',
  'expired',
  'not_in_this_channel',
  'not_in_this_currency',
  'not_in_this_market',
  'not_for_this_segment',
  'goods_missing',
  'minimum_not_reached',
  'quantity_not_reached',
  'used_up',
  'customer_unknown',
  'used_up_by_customer',
  'delivery_not_chosen',
  'nothing_to_discount',
  'other_offer_better',
] as const satisfies readonly MissedReason['code'][]

export const MissedOfferJson = strict(
  {
    promotionId: Type.Union([idJson('promotion'), Type.Null()]),
    name: Type.Union([Type.String(), Type.Null()]),
    code: Type.Union([Type.String(), Type.Null()]),
    reason: Type.Enum([...missedCodes]),
    validFrom: Type.Optional(InstantJson),
    validUntil: Type.Optional(InstantJson),
    currency: Type.Optional(Type.String()),
    minimum: Type.Optional(MoneyJson),
    items: Type.Optional(MoneyJson),
    minimumQuantity: Type.Optional(Type.Integer()),
    quantity: Type.Optional(Type.Integer()),
  },
  { title: 'MissedPromotion' },
)

export const AppliedOfferJson = strict(
  {
    promotionId: idJson('promotion'),
    name: Type.String(),
    code: Type.Union([Type.String(), Type.Null()]),
    goods: MoneyJson,
    delivery: MoneyJson,
  },
  { title: 'AppliedPromotion', description: 'What a promotion took off the goods and off delivery.' },
)

export const PromotionsJson = strict(
  {
    applied: Type.Array(AppliedOfferJson),
    missed: Type.Array(MissedOfferJson, {
      description: 'Those whose code was named, or that are meant for such a buyer, and why they give nothing.',
    }),
  },
  { title: 'CartPromotions' },
)

export function promotionsJson(
  { applied, missed }: { readonly applied: readonly AppliedOffer[]; readonly missed: readonly MissedOffer[] },
  currency: CurrencyCode,
): Static<typeof PromotionsJson> {
  return {
    applied: applied.map(({ promotionId, name, code, goodsMinor, deliveryMinor }) => ({
      promotionId: formatId('promotion', promotionId),
      name,
      code: code?.code ?? null,
      goods: moneyJson({ minor: goodsMinor, currency }),
      delivery: moneyJson({ minor: deliveryMinor, currency }),
    })),
    missed: missed.map((each) => missedOfferJson(each, currency)),
  }
}

/** Of an order: what it was placed with. */
export function redemptionJson(row: RedemptionRow): Static<typeof AppliedOfferJson> {
  const { promotion_id, name, code, currency, goods_minor, delivery_minor } = row
  return {
    promotionId: formatId('promotion', promotion_id),
    name,
    code,
    goods: moneyJson({ minor: goods_minor, currency }),
    delivery: moneyJson({ minor: delivery_minor, currency }),
  }
}

export function missedOfferJson(
  { promotion, code, reason }: MissedOffer,
  currency: CurrencyCode,
): Static<typeof MissedOfferJson> {
  return {
    promotionId: promotion === null ? null : formatId('promotion', promotion.id),
    name: promotion?.name ?? null,
    code,
    reason: reason.code,
    ...reasonFacts(reason, currency),
  }
}

/** What the buyer can do about it, where there is something. */
function reasonFacts(reason: MissedReason, currency: CurrencyCode): Partial<Static<typeof MissedOfferJson>> {
  switch (reason.code) {
    case 'not_yet_valid':
      return { validFrom: formatInstant(reason.validFrom) }
    case 'expired':
      return { validUntil: formatInstant(reason.validUntil) }
    case 'not_in_this_currency':
      return { currency: reason.currency }
    case 'minimum_not_reached':
      return {
        minimum: moneyJson({ minor: reason.minimumMinor, currency }),
        items: moneyJson({ minor: reason.itemsMinor, currency }),
      }
    case 'quantity_not_reached':
      return { minimumQuantity: reason.minimum, quantity: reason.quantity }
    default:
      return {}
  }
}
