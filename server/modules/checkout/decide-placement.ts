import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { prorate } from '../../kernel/prorate.ts'
import {
  cartToPrice,
  decideDelivery,
  isDelivered,
  sellingTerms,
  soldOffers,
  type SellingWorld,
} from '../carts/index.ts'
import type { Offer as CatalogOffer } from '../catalog/index.ts'
import { addDeliveries, deliveryAmount, noOffers, priceCart, type PricedCart } from '../pricing/index.ts'
import { decideSourcing, type Allotment, type Demand, type DeliveryWindow } from '../sourcing/index.ts'
import { refuseUnits } from './decide-units.ts'
import { LINES_PER_ORDER_MAX, type PlacementRefusal, type ShopperPlacement, type WantedLine } from './placement.ts'
import type { SupplyPool } from './supply-pool.ts'

/** Goods that an order line asks for: one SKU's units, with the part of the line's money they carry. */
export interface DemandDraft {
  readonly line: number
  readonly variantId: Id<'variant'>
  readonly sku: string
  readonly stocked: boolean
  readonly units: number
  readonly shareMinor: bigint
}

export interface AcceptedPlacement {
  readonly kind: 'accepted'
  readonly offers: readonly CatalogOffer[]
  readonly priced: PricedCart
  readonly method: 'ship' | 'pickup'
  readonly taxIncluded: boolean
  readonly demand: readonly DemandDraft[]
  /** Of stocked demand only; `demand` indexes into the stocked ones. */
  readonly stocked: readonly DemandDraft[]
  readonly allotments: readonly Allotment[]
  readonly promise: DeliveryWindow
  readonly facts: string | null
}

export type PlacementDecision = AcceptedPlacement | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/**
 * Decides a shopper's order on locked truth: what it costs, which locations serve it, what is promised.
 * The pool is what is left for it; the caller takes the allotments out of the pool when it accepts.
 */
export function decidePlacement(request: ShopperPlacement, world: SellingWorld, pool: SupplyPool): PlacementDecision {
  const { channel, lines, currency } = request
  if (lines.length === 0) return refuse({ code: 'cart_empty' })
  if (lines.length > LINES_PER_ORDER_MAX) return refuse({ code: 'too_many_lines', linesMax: LINES_PER_ORDER_MAX })
  if (!channel.currencies.includes(currency)) {
    return refuse({ code: 'currency_unknown', currencies: channel.currencies })
  }
  const sold = soldOffers(lines, channel.id, world)
  if (sold.kind === 'unknown') return refuse({ code: 'sku_unknown', skus: sold.skus })
  const { offers } = sold
  const tooMany = refuseUnits(lines, offers)
  if (tooMany !== null) return refuse(tooMany)
  const terms = sellingTerms(channel, currency)
  const sale = cartToPrice(request, offers, world, { ...noOffers, promotions: world.pricing.promotionBook })
  const goods = priceCart(sale)
  if (goods.kind === 'refused') {
    return goods.code === 'price_missing'
      ? refuse({ code: 'price_missing', skus: goods.lineKeys })
      : refuse({ code: 'amount_too_large' })
  }
  const { deliveryOption, shipTo } = request
  const delivery = decideDelivery(
    { terms, deliveryOption, shipTo, needed: offers.some(isDelivered) },
    world,
    (tariff) => deliveryAmount(goods, { tariff }, sale),
  )
  if (delivery.kind === 'refused') return delivery
  const priced = delivery.kind === 'chosen' ? addDeliveries(goods, [{ tariff: delivery.tariff }], sale) : goods

  const demand = draftDemand(
    lines,
    offers,
    priced.lines.map((line) => line.totalMinor),
    world,
  )
  const stocked = demand.filter((each) => each.stocked)
  const sourced =
    delivery.kind === 'none'
      ? null
      : decideSourcing({
          at: world.at,
          route: delivery.route,
          channelId: channel.id,
          demands: stocked satisfies readonly Demand[],
          supply: pool.byVariant,
          allowances: pool.allowances(channel.id, world.sourcing.network),
          revision: world.sourcing.revision,
        })
  if (sourced?.plan.kind === 'short') {
    const skuOf = new Map(stocked.map((each) => [each.variantId, each.sku]))
    const shortages = sourced.plan.shortages.map(({ variantId, requested, available }) => ({
      sku: skuOf.get(variantId) ?? variantId,
      requested,
      available,
    }))
    return refuse({ code: 'out_of_stock', shortages })
  }
  const promise = sourced?.promise ?? { earliest: world.at, latest: world.at }
  const current = { totalMinor: priced.totals.totalMinor, currency, ...promise }
  if (request.seenMinor !== null && request.seenMinor !== priced.totals.totalMinor) {
    return refuse({ code: 'total_changed', seenMinor: request.seenMinor, current })
  }
  if (request.latestBy !== null && promise.latest > request.latestBy) {
    return refuse({ code: 'promise_changed', latestBy: request.latestBy, current })
  }

  // From here on the order must be accepted.
  return {
    kind: 'accepted',
    offers,
    priced,
    method: delivery.kind === 'none' ? 'ship' : delivery.method,
    taxIncluded: terms.taxIncluded,
    demand,
    stocked,
    allotments: sourced?.plan.allotments ?? [],
    promise,
    facts: sourced?.facts ?? null,
  }
}

function refuse(refusal: PlacementRefusal): PlacementDecision & { kind: 'refused' } {
  return { kind: 'refused', refusal }
}

/** A bundle line asks for its components; its money is split over them by what they are, fixed at placement. */
export function draftDemand(
  lines: readonly WantedLine[],
  offers: readonly CatalogOffer[],
  totalsMinor: readonly bigint[],
  world: SellingWorld,
): DemandDraft[] {
  return lines.flatMap((line, index): DemandDraft[] => {
    const offer = must(offers[index], 'an offer for every line')
    const totalMinor = must(totalsMinor[index], 'a total for every line')
    if (offer.components.length === 0) {
      const { variantId, sku, stocked } = offer
      return [{ line: index, variantId, sku, stocked, units: line.quantity, shareMinor: totalMinor }]
    }
    const shares = prorate(
      totalMinor,
      offer.components.map((component) => componentWeight(component, world)),
    )
    return offer.components.map(({ variantId, sku, quantity, stocked }, place) => ({
      line: index,
      variantId,
      sku,
      stocked,
      units: line.quantity * quantity,
      shareMinor: must(shares[place], 'a share for every component'),
    }))
  })
}

/** What a component would cost on its own, in whichever list names it first; by count when no list does. */
function componentWeight(
  component: { readonly variantId: Id<'variant'>; readonly quantity: number },
  world: SellingWorld,
): bigint {
  const listed = world.prices.get(component.variantId)?.[0]
  return BigInt(component.quantity) * (listed?.amountMinor ?? 1n)
}
