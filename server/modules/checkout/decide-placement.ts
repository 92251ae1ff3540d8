import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import {
  groupChoices,
  priceSale,
  quotedChoices,
  soldOffers,
  type GroupDelivery,
  type Quote,
  type Sale,
  type SaleGroup,
  type SellingWorld,
  type Standing,
} from '../carts/index.ts'
import type { Offer as CatalogOffer } from '../catalog/index.ts'
import type { HeldClaim } from '../inventory/index.ts'
import type { FulfillmentMethod } from '../orders/index.ts'
import type { MissedOffer, PricedCart } from '../pricing/index.ts'
import { decideSourcing, type Allotment, type DeliveryWindow, type PlanSupply } from '../sourcing/index.ts'
import { refuseUnits } from './decide-units.ts'
import { draftDemand, type DemandDraft } from './draft-demand.ts'
import {
  LINES_PER_ORDER_MAX,
  type Offer,
  type PlacementRefusal,
  type Shortage,
  type ShopperPlacement,
} from './placement.ts'
import type { SupplyPool } from './supply-pool.ts'

export interface AcceptedSale {
  readonly kind: 'accepted'
  readonly offers: readonly CatalogOffer[]
  readonly priced: PricedCart
  readonly deliveries: readonly GroupDelivery[]
  readonly taxIncluded: boolean
  readonly demand: readonly DemandDraft[]
  /** By number; every line is in one of them. */
  readonly groups: readonly AcceptedGroup[]
  /** What the buyer gets now. */
  readonly current: Offer
  /** Claims of the cart that are not needed as they are: to be freed before the new ones are made. */
  readonly freed: readonly HeldClaim[]
}

/** A delivery group with the locations that serve it. */
export interface AcceptedGroup {
  readonly sold: SaleGroup
  readonly method: FulfillmentMethod
  /** To be claimed; nothing when the cart's own claims are all that is needed. */
  readonly allotments: readonly AllottedDemand[]
  /** Claims of the cart that become those of the order. */
  readonly converted: readonly { readonly demand: DemandDraft; readonly claim: HeldClaim }[]
  /** Null where nothing is handed over. */
  readonly promise: DeliveryWindow | null
  readonly facts: string | null
}

/** Units of a supply row for a demand of the order. */
export interface AllottedDemand extends Pick<Allotment, 'supply' | 'units'> {
  readonly demand: DemandDraft
}

export type SaleDecision = AcceptedSale | { readonly kind: 'refused'; readonly refusal: PlacementRefusal }

/** What a buyer brings: what they are to the merchant, and what their cart has, read under its lock. */
export interface Brought extends CartGoods {
  readonly standing: Standing
}

/** Nothing of it for who orders in one call. */
export interface CartGoods {
  /** A quote that holds. */
  readonly quote: Quote | null
  /** By line of the sale. */
  readonly held: readonly (readonly HeldClaim[])[]
}

export const noCartGoods: CartGoods = { quote: null, held: [] }

/**
 * Decides a shopper's order on locked truth: what it costs, which locations serve each group, what is promised. A quote
 * that holds is kept: its price whatever things cost now, its promise as long as supply is there that keeps it.
 * The pool is what is left for it; the caller takes the allotments out of the pool when it accepts.
 */
export function decidePlacement(
  request: ShopperPlacement,
  world: SellingWorld,
  pool: SupplyPool,
  brought: Brought,
): SaleDecision {
  const decision = decideSale(request, world, pool, brought)
  if (decision.kind === 'refused') return decision
  const { current } = decision
  // Who orders in one call has seen no cart that says why a code gives nothing.
  const missed = request.cart === null ? decision.priced.missed.filter(isDisappointing) : []
  if (missed.length > 0) return refuse({ code: 'code_not_applied', missed, currency: request.currency })
  if (request.seenMinor !== null && request.seenMinor !== current.totalMinor) {
    return refuse({ code: 'total_changed', seenMinor: request.seenMinor, current })
  }
  if (request.latestBy !== null && current.latest > request.latestBy) {
    return refuse({ code: 'promise_changed', latestBy: request.latestBy, current })
  }
  return decision
}

/** A code was named and gives nothing, and nothing better is given instead. */
function isDisappointing({ code, reason }: MissedOffer): boolean {
  return code !== null && reason.code !== 'other_offer_better'
}

/** The part that orders and quotes share. */
export function decideSale(
  sale: Sale,
  world: SellingWorld,
  pool: SupplyPool,
  { standing, quote, held }: Brought,
): SaleDecision {
  const { channel, lines, currency } = sale
  if (lines.length === 0) return refuse({ code: 'cart_empty' })
  if (lines.length > LINES_PER_ORDER_MAX) return refuse({ code: 'too_many_lines', linesMax: LINES_PER_ORDER_MAX })
  if (!channel.currencies.includes(currency)) {
    return refuse({ code: 'currency_unknown', currencies: channel.currencies })
  }
  const sold = soldOffers({ ...sale, groups: groupChoices(sale) }, world, standing.buyer)
  const tooMany = sold.kind === 'sold' ? refuseUnits(lines, sold.offers) : null
  if (tooMany !== null) return refuse(tooMany)
  const priced =
    quote === null
      ? priceSale(sale, world, standing)
      : priceSale({ ...sale, groups: quotedChoices(sale.groups, quote) }, world, standing, { quoted: quote.priced })
  if (priced.kind === 'refused') return priced
  const { offers, groups } = priced
  const several = groups.length > 1
  for (const { number, delivery } of groups) {
    if (delivery.kind === 'refused') return refuse({ ...delivery.refusal, ...(several ? { group: number } : {}) })
  }
  const demand = draftDemand(
    lines,
    offers,
    priced.priced.lines.map((line) => line.totalMinor),
    world,
  )
  // What a quote promised was told as of its moment: a cut-off that passed since then does not count against the buyer.
  const at = quote?.quotedAt ?? world.at
  const sourced = sourceGroups(groups, demand, { at, channelId: channel.id, world, pool, held })
  const shortages = sourced.flatMap(({ short }) => short)
  if (shortages.length > 0) return refuse({ code: 'out_of_stock', shortages })
  const accepted: AcceptedSale = {
    kind: 'accepted',
    offers,
    priced: priced.priced,
    deliveries: priced.deliveries,
    taxIncluded: priced.terms.taxIncluded,
    demand,
    groups: sourced.map((group) => group.accepted),
    current: currentOffer(
      sale,
      priced.priced,
      sourced.map((group) => group.accepted),
      world.at,
    ),
    freed: sourced.flatMap(({ freed }) => freed),
  }
  return quote === null ? accepted : keepPromises(sale, accepted, quote, world.at)
}

/** What was quoted is what is promised, or the buyer is asked again. */
function keepPromises(sale: Sale, accepted: AcceptedSale, quote: Quote, at: Instant): SaleDecision {
  const groups = accepted.groups.map((group) => {
    const quoted = quote.groups.find(({ number }) => number === group.sold.number)?.promise ?? null
    const isLater = quoted !== null && group.promise !== null && group.promise.latest > quoted.latest
    return { kept: { ...group, promise: quoted ?? group.promise }, isLater, quoted }
  })
  const late = groups.find(({ isLater }) => isLater)
  if (late?.quoted) {
    return refuse({ code: 'promise_changed', latestBy: late.quoted.latest, current: accepted.current })
  }
  const kept = groups.map((group) => group.kept)
  return { ...accepted, groups: kept, current: currentOffer(sale, accepted.priced, kept, at) }
}

/** What the buyer would get now; everything has come when the last group has. */
function currentOffer({ currency }: Sale, priced: PricedCart, groups: readonly AcceptedGroup[], at: Instant): Offer {
  let earliest = at
  let latest = at
  for (const { promise } of groups) {
    earliest = Math.max(earliest, promise?.earliest ?? at) as Instant
    latest = Math.max(latest, promise?.latest ?? at) as Instant
  }
  return { totalMinor: priced.totals.totalMinor, currency, earliest, latest }
}

interface SourcedGroup {
  readonly accepted: AcceptedGroup
  readonly freed: readonly HeldClaim[]
  readonly short: readonly Shortage[]
}

interface SourcingTerms {
  readonly at: Instant
  readonly channelId: Id<'channel'>
  readonly world: SellingWorld
  readonly pool: SupplyPool
  readonly held: Brought['held']
}

/** Finds locations for one group after the other, each on what the ones before it left; leaves the pool as it was. */
function sourceGroups(
  groups: readonly SaleGroup[],
  demand: readonly DemandDraft[],
  terms: SourcingTerms,
): SourcedGroup[] {
  const { pool } = terms
  const several = groups.length > 1
  const sourced = groups.map((sold) => {
    const ofGroup = sourceGroup(
      sold,
      demand.filter((each) => each.stocked && each.group === sold.number),
      terms,
    )
    const short = ofGroup.short.map((shortage) => (several ? { ...shortage, group: sold.number } : shortage))
    if (several) {
      pool.release(terms.channelId, ofGroup.freed)
      pool.claim(terms.channelId, ofGroup.accepted.allotments)
    }
    return { ...ofGroup, short }
  })
  if (several) {
    for (const { accepted, freed } of sourced) {
      pool.unclaim(terms.channelId, accepted.allotments)
      pool.claim(terms.channelId, freed)
    }
  }
  return sourced
}

/**
 * A cart whose claims are just what the group needs keeps them, at the locations where they stand. Claims that are not
 * (a count took units away, a location left the network) are given back first, and the group is planned anew.
 */
function sourceGroup(sold: SaleGroup, stocked: readonly DemandDraft[], terms: SourcingTerms): SourcedGroup {
  const { at, channelId, world, pool, held } = terms
  const { delivery } = sold
  if (delivery.kind !== 'chosen') {
    return {
      accepted: { sold, method: 'none', allotments: [], converted: [], promise: null, facts: null },
      freed: [],
      short: [],
    }
  }
  const plan = ({ supply, allowances }: Pick<Parameters<typeof decideSourcing>[0], 'supply' | 'allowances'>) =>
    decideSourcing({
      at,
      route: delivery.route,
      channelId,
      demands: stocked,
      supply,
      ...(allowances === undefined ? {} : { allowances }),
      revision: world.sourcing.revision,
    })
  const own = [...new Set(stocked.map(({ line }) => line))].flatMap((line) => held[line] ?? [])
  const converted = own.length === 0 ? null : claimsForDemand(stocked, held)
  if (converted !== null) {
    // The channel's limits let these units be claimed when they were.
    const kept = plan({ supply: supplyOf(own) })
    if (kept.plan.kind === 'planned') {
      const { promise, facts } = kept
      return {
        accepted: { sold, method: delivery.method, allotments: [], converted, promise, facts },
        freed: [],
        short: [],
      }
    }
  }
  pool.release(channelId, own)
  const fresh = plan({ supply: pool.byVariant, allowances: pool.allowances(channelId, world.sourcing.network) })
  pool.claim(channelId, own)
  const allotments = fresh.plan.allotments.map(({ demand: index, supply, units }) => {
    return { demand: must(stocked[index], 'a demand for every allotment'), supply, units }
  })
  const shortages = fresh.plan.kind === 'short' ? fresh.plan.shortages : []
  return {
    accepted: { sold, method: delivery.method, allotments, converted: [], promise: fresh.promise, facts: fresh.facts },
    freed: own,
    short: shortages.map(({ variantId, requested, available }) => {
      const sku = stocked.find((each) => each.variantId === variantId)?.sku ?? variantId
      return { sku, requested, available }
    }),
  }
}

/** Each claim with the demand it is for; null unless the claims of every demand are just its units. */
function claimsForDemand(stocked: readonly DemandDraft[], held: Brought['held']): AcceptedGroup['converted'] | null {
  const matched = stocked.flatMap((demand) =>
    (held[demand.line] ?? [])
      .filter((claim) => claim.supply.variantId === demand.variantId)
      .map((claim) => ({ demand, claim })),
  )
  const units = new Map<DemandDraft, number>()
  for (const { demand, claim } of matched) units.set(demand, claim.units + (units.get(demand) ?? 0))
  const isExact = stocked.every((demand) => units.get(demand) === demand.units)
  const isWhole = new Set(matched.map(({ claim }) => claim.claimId)).size === matched.length
  const lines = new Set(stocked.map(({ line }) => line))
  const ownCount = [...lines].reduce((sum, line) => sum + (held[line]?.length ?? 0), 0)
  return isExact && isWhole && matched.length === ownCount ? matched : null
}

/** The rows that claims stand on, with as much free as the claims hold. */
function supplyOf(held: readonly HeldClaim[]): ReadonlyMap<Id<'variant'>, readonly PlanSupply[]> {
  const rows = new Map<bigint, PlanSupply>()
  for (const { supply, units } of held) {
    rows.set(supply.supplyId, { ...supply, free: units + (rows.get(supply.supplyId)?.free ?? 0) })
  }
  return Map.groupBy(rows.values(), (row) => row.variantId)
}

function refuse(refusal: PlacementRefusal): SaleDecision & { kind: 'refused' } {
  return { kind: 'refused', refusal }
}
