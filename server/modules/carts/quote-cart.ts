import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Offer } from '../catalog/index.ts'
import type { Channel } from '../merchant/index.ts'
import {
  addDeliveries,
  deliveryAmount,
  noOffers,
  offeredTariffs,
  priceCart,
  type DeliveryTariff,
  type PricedCart,
} from '../pricing/index.ts'
import {
  estimateRoutes,
  rankForPickup,
  type DeliveryWindow,
  type Demand,
  type Route,
  type Sourcing,
} from '../sourcing/index.ts'
import {
  decideDelivery,
  isDelivered,
  sellingTerms,
  shippingRoutes,
  soldOffers,
  type Destination,
} from './decide-delivery.ts'
import { cartToPrice } from './decide-prices.ts'
import { stockedVariants, type SellingWorld } from './selling-world.ts'

export interface CartToQuote {
  readonly channel: Channel
  readonly currency: CurrencyCode
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[]
  readonly shipTo: Destination | null
  readonly deliveryOption: string | null
}

export interface QuotedOption {
  readonly id: string
  readonly method: 'ship' | 'pickup'
  readonly locationId: Id<'location'> | null
  readonly window: DeliveryWindow
  readonly priceMinor: bigint
}

export interface Quote {
  readonly offers: readonly Offer[]
  readonly priced: PricedCart
  /** Cheapest first; only what can serve the whole cart now. */
  readonly options: readonly QuotedOption[]
}

export type QuoteRefusal =
  | { readonly code: 'sku_unknown'; readonly skus: readonly string[] }
  | { readonly code: 'price_missing'; readonly skus: readonly string[] }
  | { readonly code: 'amount_too_large' }

export type QuoteOutcome =
  | { readonly kind: 'quoted'; readonly quote: Quote }
  | { readonly kind: 'refused'; readonly refusal: QuoteRefusal }

/**
 * What a cart costs now and how it could be delivered. Without an address and an option it is priced without delivery
 * and, where tax is added, without tax.
 */
export async function quoteCart(
  { source, sourcing }: { readonly source: Queryable; readonly sourcing: Sourcing },
  cart: CartToQuote,
  world: SellingWorld,
): Promise<QuoteOutcome> {
  const terms = sellingTerms(cart.channel, cart.currency)
  const sold = soldOffers(cart.lines, cart.channel.id, world)
  if (sold.kind === 'unknown') return { kind: 'refused', refusal: { code: 'sku_unknown', skus: sold.skus } }
  const { offers } = sold
  const needed = offers.some(isDelivered)
  const sale = cartToPrice(cart, offers, world, { ...noOffers, promotions: world.pricing.promotionBook })
  const goods = priceCart(sale)
  if (goods.kind === 'refused') {
    return {
      kind: 'refused',
      refusal: goods.code === 'price_missing' ? { code: 'price_missing', skus: goods.lineKeys } : { code: goods.code },
    }
  }
  const { deliveryOption, shipTo } = cart
  const amountOf = (tariff: DeliveryTariff): bigint => deliveryAmount(goods, { tariff }, sale)
  const delivery = decideDelivery({ terms, deliveryOption, shipTo, needed }, world, amountOf)
  const priced = delivery.kind === 'chosen' ? addDeliveries(goods, [{ tariff: delivery.tariff }], sale) : goods
  const choices = needed ? deliveryChoices(cart, terms.id, world) : []
  const supply =
    choices.length === 0 ? { rows: [], limits: [] } : await sourcing.readSupply(source, [...stockedVariants(world)])
  const estimates = estimateRoutes(
    choices.map((choice) => choice.route),
    {
      at: world.at,
      channelId: cart.channel.id,
      demands: demandsOf(cart.lines, offers),
      supply,
      network: world.sourcing.network,
    },
  )
  const options = choices.flatMap(({ id, tariff, route, locationId }, index): QuotedOption[] => {
    const window = estimates[index]?.window ?? null
    if (window === null) return []
    const method = route.method === 'ship' ? 'ship' : 'pickup'
    return [{ id, method, locationId, window, priceMinor: amountOf(tariff) }]
  })
  return { kind: 'quoted', quote: { offers, priced, options: options.toSorted(byPrice) } }
}

function byPrice(a: QuotedOption, b: QuotedOption): number {
  return a.priceMinor === b.priceMinor ? (a.id < b.id ? -1 : 1) : a.priceMinor < b.priceMinor ? -1 : 1
}

interface DeliveryChoiceRoute {
  readonly id: string
  readonly tariff: DeliveryTariff
  readonly route: Route
  readonly locationId: Id<'location'> | null
}

/** Every way to ship to the address, and every location of the network that hands over to buyers. */
function deliveryChoices(
  { channel, currency, shipTo }: CartToQuote,
  channelId: Id<'channel'>,
  world: SellingWorld,
): DeliveryChoiceRoute[] {
  const terms = sellingTerms(channel, currency)
  const shipping = shipTo === null ? [] : shippingRoutes(shipTo, terms, world)
  const { network } = world.sourcing
  const pickups = network.nodes.flatMap((node) => {
    const ranking = rankForPickup(network, channelId, node.locationId)
    if (ranking.candidates.length === 0) return []
    return offeredTariffs(world.pricing.tariffs, { channel: terms, country: node.country })
      .filter((tariff) => tariff.method === 'pickup')
      .map((tariff) => ({
        id: `${tariff.code}:${node.code}`,
        tariff,
        locationId: node.locationId,
        route: { method: 'pickup', zone: node.code, ranking } as const,
      }))
  })
  return [...shipping.map(({ tariff, route }) => ({ id: tariff.code, tariff, route, locationId: null })), ...pickups]
}

/** What the lines ask of supply: a bundle asks for its components, a download for nothing. */
export function demandsOf(lines: readonly { readonly quantity: number }[], offers: readonly Offer[]): Demand[] {
  return lines.flatMap(({ quantity }, index) => {
    const offer = must(offers[index], 'an offer for every line')
    if (offer.components.length === 0) return offer.stocked ? [{ variantId: offer.variantId, units: quantity }] : []
    return offer.components
      .filter((component) => component.stocked)
      .map((component) => ({ variantId: component.variantId, units: component.quantity * quantity }))
  })
}
