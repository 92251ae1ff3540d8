import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'

/** An offer of the merchant's: who gets what taken off, and on which conditions. */
export interface Promotion {
  readonly id: Id<'promotion'>
  readonly name: string
  readonly active: boolean
  /** Of its amounts; null where it names none: then it holds in every currency. */
  readonly currency: CurrencyCode | null
  /** The higher comes first where two are as good for the buyer, and where together they would give more than all. */
  readonly priority: number
  /** Whether it may be given together with others that may. */
  readonly combinable: boolean
  /** Only for who names one of its codes. */
  readonly needsCode: boolean
  readonly validFrom: Instant | null
  /** The first instant at which it is no longer valid. */
  readonly validUntil: Instant | null
  /** Empty lists, here and below: all. */
  readonly channelIds: readonly Id<'channel'>[]
  readonly marketIds: readonly Id<'market'>[]
  readonly segmentIds: readonly Id<'segment'>[]
  readonly goods: PromotedGoods
  /** What its goods must come to before any discount, and how many units they must be; null: no minimum. */
  readonly itemsMinMinor: bigint | null
  readonly quantityMin: number | null
  readonly effect: PromotionEffect
  /** Orders that may use it, of all buyers and of one; null: any number. */
  readonly usesMax: number | null
  readonly usesPerCustomerMax: number | null
  readonly version: number
}

/** What a promotion is about: anything in one of the lists; everything when all are empty. */
export interface PromotedGoods {
  readonly variantIds: readonly Id<'variant'>[]
  readonly productIds: readonly Id<'product'>[]
  readonly categories: readonly string[]
}

export type PromotionEffect =
  /** Parts per million off the goods; rounded once and split over the lines. */
  | { readonly kind: 'percent_off'; readonly ratePpm: number }
  /** Off the goods together, at most what they cost. */
  | { readonly kind: 'amount_off'; readonly amountMinor: bigint }
  /** These units together for a price; as often as they are there, at most `timesMax` times. */
  | {
      readonly kind: 'bundle_price'
      readonly parts: readonly BundlePart[]
      readonly priceMinor: bigint
      readonly timesMax: number | null
    }
  /** Of every `buyUnits + getUnits` units of the goods, dearest first, the cheapest `getUnits` at a discount. */
  | {
      readonly kind: 'buy_x_get_y'
      readonly buyUnits: number
      readonly getUnits: number
      readonly ratePpm: number
      readonly timesMax: number | null
    }
  /** 1,000,000 is free delivery. */
  | { readonly kind: 'delivery_percent_off'; readonly ratePpm: number; readonly tariffIds: DeliveryTariffIds }
  | { readonly kind: 'delivery_amount_off'; readonly amountMinor: bigint; readonly tariffIds: DeliveryTariffIds }

/** Empty: every tariff. */
type DeliveryTariffIds = readonly Id<'deliveryTariff'>[]

export interface BundlePart {
  readonly variantId: Id<'variant'>
  readonly units: number
}

/** A code as it stands: what it is for, and how many more orders may use it. */
export interface CodeAtHand {
  /** As `plainCode` writes it. */
  readonly code: string
  /** Null: there is no such code. */
  readonly found: {
    readonly id: Id<'promotionCode'>
    readonly promotionId: Id<'promotion'>
    readonly active: boolean
    /** Null: any number. */
    readonly usesLeft: number | null
  } | null
}

/** How often limited promotions may still be used; one that is not limited is in neither. */
export interface UsesLeft {
  readonly byPromotion: ReadonlyMap<Id<'promotion'>, number>
  /** By this buyer; null when nobody knows who it is. */
  readonly ofCustomer: ReadonlyMap<Id<'promotion'>, number> | null
}

/** Every offer that a cart may get. */
export interface OffersAtHand {
  readonly promotions: PromotionBook
  readonly codes: readonly CodeAtHand[]
  readonly uses: UsesLeft
}

/** Promotions that are switched on, as pricing asks for them. */
export interface PromotionBook {
  /** Given without a code, in the order they come in. */
  readonly automatic: readonly PreparedPromotion[]
  readonly byId: ReadonlyMap<Id<'promotion'>, PreparedPromotion>
  /** Whether one of them is about delivery. */
  readonly aboutDelivery: boolean
}

export interface PreparedPromotion {
  readonly promotion: Promotion
  /** Null: everything. */
  readonly goods: {
    readonly variantIds: ReadonlySet<Id<'variant'>>
    readonly productIds: ReadonlySet<Id<'product'>>
    readonly categories: ReadonlySet<string>
  } | null
}

export function buildPromotionBook(promotions: readonly Promotion[]): PromotionBook {
  const prepared = promotions.toSorted(firstServed).map((promotion): PreparedPromotion => {
    const { variantIds, productIds, categories } = promotion.goods
    const isAll = variantIds.length + productIds.length + categories.length === 0
    return {
      promotion,
      goods: isAll
        ? null
        : { variantIds: new Set(variantIds), productIds: new Set(productIds), categories: new Set(categories) },
    }
  })
  const live = prepared.filter(({ promotion }) => promotion.active)
  return {
    automatic: live.filter(({ promotion }) => !promotion.needsCode),
    byId: new Map(prepared.map((each) => [each.promotion.id, each])),
    aboutDelivery: live.some(({ promotion }) => isAboutDelivery(promotion)),
  }
}

/** The higher priority, then the older promotion. */
export function firstServed(a: Promotion, b: Promotion): number {
  return b.priority - a.priority || (a.id < b.id ? -1 : 1)
}

export function isAboutDelivery({ effect }: Promotion): boolean {
  return effect.kind === 'delivery_percent_off' || effect.kind === 'delivery_amount_off'
}

export const noPromotions: PromotionBook = buildPromotionBook([])

/** Where nothing is on offer. */
export const noOffers: OffersAtHand = {
  promotions: noPromotions,
  codes: [],
  uses: { byPromotion: new Map(), ofCustomer: null },
}

/** As people type and print them: upper case, no blanks around. */
export function plainCode(text: string): string {
  return text.trim().toUpperCase()
}
