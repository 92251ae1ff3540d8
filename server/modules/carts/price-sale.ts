import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Offer } from '../catalog/index.ts'
import type { Channel } from '../merchant/index.ts'
import {
  addDeliveries,
  deliveryAmount,
  priceCart,
  type DeliveryPrice,
  type DeliveryTariff,
  type PriceCartRefusal,
  type PricedCart,
  type SellingTerms,
  type TaxRates,
} from '../pricing/index.ts'
import {
  decideDelivery,
  isDelivered,
  sellingTerms,
  soldOffers,
  taxedPlace,
  taxRatesAt,
  type DeliveryDecision,
  type Destination,
} from './decide-delivery.ts'
import { cartToPrice, lineKeyOf } from './decide-prices.ts'
import type { SellingWorld, Standing } from './selling-world.ts'

/** Groups are numbered from 1 to this: gifts to a family fit; beyond, somebody plans a distribution. */
export const GROUP_NUMBER_MAX = 10
/** The group of whoever says nothing of groups. */
export const FIRST_GROUP = 1

/** Units of a SKU that somebody wants delivered with a group. */
export interface WantedLine {
  readonly sku: string
  readonly quantity: number
  readonly group: number
}

/** What the buyer said of a delivery group. */
export interface GroupChoice {
  readonly number: number
  /** An id from the delivery options; null chooses the cheapest way to ship. */
  readonly deliveryOption: string | null
  /** Null: where the first group goes. */
  readonly shipTo: Destination | null
  /** In the vault; goes with `shipTo`. */
  readonly addressId: Id<'address'> | null
}

/** What a shopper wants, from a cart or in one call. */
export interface Sale {
  readonly channel: Channel
  readonly currency: CurrencyCode
  readonly lines: readonly WantedLine[]
  /** Of the groups that something was said of. */
  readonly groups: readonly GroupChoice[]
  /** Promotion codes that the buyer named, as `plainCode` writes them. */
  readonly codes: readonly string[]
}

/** A delivery group of a sale, and how its goods will reach the buyer. */
export interface SaleGroup extends GroupChoice {
  /** False when nothing in it is handed over. */
  readonly needed: boolean
  readonly taxRates: TaxRates
  readonly delivery: DeliveryDecision
}

export interface GroupDelivery extends DeliveryPrice {
  readonly group: number
}

export interface PricedSale {
  readonly kind: 'priced'
  readonly terms: SellingTerms
  /** One for each line. */
  readonly offers: readonly Offer[]
  /** With the delivery of every group for which one could be chosen. */
  readonly priced: PricedCart
  /** The same deliveries with the groups they are of. */
  readonly deliveries: readonly GroupDelivery[]
  /** By number; only groups that have lines. */
  readonly groups: readonly SaleGroup[]
  /** What a tariff would cost the buyer for a group, after offers; minor units. */
  readonly amountOf: (tariff: DeliveryTariff, group: Pick<SaleGroup, 'taxRates'>) => bigint
}

export type SaleRefusal =
  | { readonly code: 'sku_unknown'; readonly skus: readonly string[] }
  | { readonly code: 'price_missing'; readonly skus: readonly string[] }
  | { readonly code: 'amount_too_large' }

export type PriceSaleOutcome = PricedSale | { readonly kind: 'refused'; readonly refusal: SaleRefusal }

/**
 * What a sale costs: each line taxed where its group goes, each group with its own delivery. A group whose delivery
 * cannot be decided yet (no address, say) is priced without one; its decision says why.
 *
 * @param quoted  the price that was quoted for just these lines and options, and holds
 */
export function priceSale(
  sale: Sale,
  world: SellingWorld,
  { buyer, offers: onOffer }: Standing,
  { quoted = null }: { readonly quoted?: PricedCart | null } = {},
): PriceSaleOutcome {
  const terms = sellingTerms(sale.channel, sale.currency)
  const choices = groupChoices(sale)
  const sold = soldOffers({ ...sale, groups: choices }, world, buyer)
  if (sold.kind === 'unknown') return refuse({ code: 'sku_unknown', skus: sold.skus })
  const { offers } = sold
  const cart = cartToPrice({ ...sale, groups: choices }, offers, world, { buyer, offers: onOffer })
  const goods = quoted ?? priceCart(cart)
  if (goods.kind === 'refused') return refuse(refusalOf(goods, sale))
  const amountOf: PricedSale['amountOf'] = (tariff, { taxRates }) => deliveryAmount(goods, { tariff, taxRates }, cart)
  const groups = choices.map((choice): SaleGroup => {
    const taxRates = taxRatesAt(world, taxedPlace(choice, world))
    const needed = sale.lines.some(
      ({ group }, index) => group === choice.number && isDelivered(must(offers[index], 'an offer for every line')),
    )
    const delivery = decideDelivery({ terms, ...choice, needed }, world, (tariff) => amountOf(tariff, { taxRates }))
    return { ...choice, needed, taxRates, delivery }
  })
  const chosen = groups.flatMap(({ number, taxRates, delivery }) =>
    delivery.kind === 'chosen' ? [{ number, taxRates, tariff: delivery.tariff }] : [],
  )
  const priced = quoted ?? (chosen.length === 0 ? goods : addDeliveries(goods, chosen, cart))
  // A quoted option may be gone by now; then its group's decision says so, and there is nothing to tell apart.
  const isWhole = priced.deliveries.length === chosen.length
  const deliveries = priced.deliveries.flatMap((delivery, index) => {
    const group = isWhole ? chosen[index]?.number : undefined
    return group === undefined ? [] : [{ group, ...delivery }]
  })
  return { kind: 'priced', terms, offers, priced, deliveries, groups, amountOf }
}

function refusalOf(refused: PriceCartRefusal, { lines }: Sale): SaleRefusal {
  if (refused.code !== 'price_missing') return { code: refused.code }
  const skuByKey = new Map(lines.map((line) => [lineKeyOf(line), line.sku]))
  return { code: refused.code, skus: [...new Set(refused.lineKeys.map((key) => skuByKey.get(key) ?? key))] }
}

/** A choice for each group that has lines, by number. A group without an address of its own goes to the first one's. */
export function groupChoices({ lines, groups }: Pick<Sale, 'lines' | 'groups'>): GroupChoice[] {
  const numbers = [...new Set(lines.map(({ group }) => group))].sort((a, b) => a - b)
  const first = groups.find(({ number }) => number === FIRST_GROUP)
  return numbers.map((number) => {
    const said = groups.find((group) => group.number === number)
    const home = said?.shipTo ? said : first
    return {
      number,
      deliveryOption: said?.deliveryOption ?? null,
      shipTo: home?.shipTo ?? null,
      addressId: home?.addressId ?? null,
    }
  })
}

function refuse(refusal: SaleRefusal): PriceSaleOutcome & { kind: 'refused' } {
  return { kind: 'refused', refusal }
}
