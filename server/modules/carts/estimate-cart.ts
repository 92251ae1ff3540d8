import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Offer } from '../catalog/index.ts'
import { offeredTariffs, type DeliveryTariff, type SellingTerms } from '../pricing/index.ts'
import {
  estimateRoutes,
  rankForPickup,
  type DeliveryWindow,
  type Demand,
  type Route,
  type Sourcing,
} from '../sourcing/index.ts'
import { shippingRoutes } from './decide-delivery.ts'
import { priceSale, type PricedSale, type Sale, type SaleGroup, type SaleRefusal } from './price-sale.ts'
import { quotedChoices, type Quote } from './quote.ts'
import { stockedVariants, type SellingWorld, type Standing } from './selling-world.ts'

export interface EstimatedOption {
  readonly id: string
  readonly method: 'ship' | 'pickup'
  readonly locationId: Id<'location'> | null
  readonly window: DeliveryWindow
  readonly priceMinor: bigint
}

export interface EstimatedGroup extends SaleGroup {
  /** Cheapest first; only what can serve the whole group now. */
  readonly options: readonly EstimatedOption[]
}

export interface CartEstimate extends PricedSale {
  readonly groups: readonly EstimatedGroup[]
}

export type EstimateOutcome =
  | { readonly kind: 'estimated'; readonly estimate: CartEstimate }
  | { readonly kind: 'refused'; readonly refusal: SaleRefusal }

/**
 * What a cart costs now and how each of its groups could be delivered, on supply that nobody has locked. Without an
 * address and an option a group is priced without delivery and, where tax is added, without tax.
 *
 * @param quote  one that holds: its price is the cart's
 */
export async function estimateCart(
  { source, sourcing }: { readonly source: Queryable; readonly sourcing: Sourcing },
  sale: Sale,
  world: SellingWorld,
  { standing, quote }: { readonly standing: Standing; readonly quote: Quote | null },
): Promise<EstimateOutcome> {
  const outcome =
    quote === null
      ? priceSale(sale, world, standing)
      : priceSale({ ...sale, groups: quotedChoices(sale.groups, quote) }, world, standing, { quoted: quote.priced })
  if (outcome.kind === 'refused') return outcome
  const { terms, offers } = outcome
  const choices = outcome.groups.map((group) => (group.needed ? deliveryChoices(group, terms, world) : []))
  const asked = choices.some((ofGroup) => ofGroup.length > 0)
  const supply = asked ? await sourcing.readSupply(source, [...stockedVariants(world)]) : { rows: [], limits: [] }
  const groups = outcome.groups.map((group, index): EstimatedGroup => {
    const ofGroup = must(choices[index], 'the choices of every group')
    const estimates = estimateRoutes(
      ofGroup.map((choice) => choice.route),
      {
        at: world.at,
        channelId: terms.id,
        demands: demandsOf(sale, offers, group.number),
        supply,
        network: world.sourcing.network,
      },
    )
    const options = ofGroup.flatMap(({ id, tariff, route, locationId }, choice): EstimatedOption[] => {
      const window = estimates[choice]?.window ?? null
      if (window === null) return []
      const method = route.method === 'ship' ? 'ship' : 'pickup'
      return [{ id, method, locationId, window, priceMinor: outcome.amountOf(tariff, group) }]
    })
    return { ...group, options: options.toSorted(byPrice) }
  })
  return { kind: 'estimated', estimate: { ...outcome, groups } }
}

function byPrice(a: EstimatedOption, b: EstimatedOption): number {
  return a.priceMinor === b.priceMinor ? (a.id < b.id ? -1 : 1) : a.priceMinor < b.priceMinor ? -1 : 1
}

interface DeliveryChoiceRoute {
  readonly id: string
  readonly tariff: DeliveryTariff
  readonly route: Route
  readonly locationId: Id<'location'> | null
}

/** Every way to ship to the group's address, and every location of the network that hands over to buyers. */
function deliveryChoices({ shipTo }: SaleGroup, terms: SellingTerms, world: SellingWorld): DeliveryChoiceRoute[] {
  const shipping = shipTo === null ? [] : shippingRoutes(shipTo, terms, world)
  const { network } = world.sourcing
  const pickups = network.nodes.flatMap((node) => {
    const ranking = rankForPickup(network, terms.id, node.locationId)
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

/** What a group's lines ask of supply: a bundle asks for its components, a download for nothing. */
function demandsOf({ lines }: Sale, offers: readonly Offer[], number: number): Demand[] {
  return lines.flatMap(({ quantity, group }, index) => {
    if (group !== number) return []
    const offer = must(offers[index], 'an offer for every line')
    if (offer.components.length === 0) return offer.stocked ? [{ variantId: offer.variantId, units: quantity }] : []
    return offer.components
      .filter((component) => component.stocked)
      .map((component) => ({ variantId: component.variantId, units: component.quantity * quantity }))
  })
}
