import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { sumMinor, type CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { PriceQuestion } from './price-choice.ts'
import { discountOf, isAbout, type Discount, type OfferedDelivery, type OfferedLine } from './price-discount.ts'
import { taxAmounts, type TaxTerms } from './price-tax.ts'
import {
  firstServed,
  isAboutDelivery,
  type CodeAtHand,
  type OffersAtHand,
  type PreparedPromotion,
  type Promotion,
} from './promotion.ts'

export interface OffersQuestion extends Pick<PriceQuestion, 'at' | 'channel' | 'buyer'> {
  readonly offers: OffersAtHand
  /** In an order that does not depend on how they came in. */
  readonly lines: readonly (OfferedLine & Taxed)[]
  readonly deliveries: readonly (OfferedDelivery & Taxed)[]
}

interface Taxed {
  readonly taxRatePpm: number | null
}

/** An offer that was given. */
export interface GivenOffer extends Discount {
  readonly promotionId: Id<'promotion'>
  readonly promotionVersion: number
  readonly name: string
  readonly code: NamedCode | null
}

export interface NamedCode {
  readonly id: Id<'promotionCode'>
  readonly code: string
}

/** An offer that was not given, though its code was named or its promotion is meant for such a buyer. */
export interface MissedOffer {
  /** Null for a code that nobody knows. */
  readonly promotion: { readonly id: Id<'promotion'>; readonly name: string } | null
  readonly code: string | null
  readonly reason: MissedReason
}

export type MissedReason =
  | { readonly code: 'code_unknown' }
  | { readonly code: 'code_repeated' }
  | { readonly code: 'not_active' }
  | { readonly code: 'not_yet_valid'; readonly validFrom: Instant }
  | { readonly code: 'expired'; readonly validUntil: Instant }
  | { readonly code: 'not_in_this_channel' }
  | { readonly code: 'not_in_this_currency'; readonly currency: CurrencyCode }
  | { readonly code: 'not_in_this_market' }
  | { readonly code: 'not_for_this_segment' }
  | { readonly code: 'goods_missing' }
  | { readonly code: 'minimum_not_reached'; readonly minimumMinor: bigint; readonly itemsMinor: bigint }
  | { readonly code: 'quantity_not_reached'; readonly minimum: number; readonly quantity: number }
  | { readonly code: 'used_up' }
  | { readonly code: 'customer_unknown' }
  | { readonly code: 'used_up_by_customer' }
  | { readonly code: 'delivery_not_chosen' }
  | { readonly code: 'nothing_to_discount' }
  | { readonly code: 'other_offer_better' }

export interface OffersDecision {
  /** Of all offers given together. */
  readonly discount: Discount
  readonly given: readonly GivenOffer[]
  readonly missed: readonly MissedOffer[]
}

/** A promotion that the cart qualifies for, with what it would take off if it stood alone. */
interface Qualified {
  readonly prepared: PreparedPromotion
  readonly code: NamedCode | null
  readonly discount: Discount
}

/**
 * Which offers a cart gets: those by which it costs least, tax included.
 *
 * Every offer is reckoned from prices before any discount, so offers given together add up, whatever their order, and a
 * further one never costs the buyer anything. Of all sets of offers that may be combined the best is therefore the whole
 * of them; against it stands each offer that must be alone. So comparing one set more than there are such offers finds
 * the best of all sets exactly: nothing is searched, nothing is left out. Only sets within rounding of the best are
 * priced in full.
 *
 * Together offers take off at most what a thing costs: who comes first (priority, then age) takes first.
 *
 * @returns null when nothing is on offer and no code was named
 */
export function decideOffers(question: OffersQuestion): OffersDecision | null {
  const { promotions, codes } = question.offers
  if (promotions.automatic.length === 0 && codes.length === 0) return null
  const missed: MissedOffer[] = []
  const qualified = qualify(question, missed)
  const together = qualified.filter(({ prepared }) => prepared.promotion.combinable)
  const alone = qualified.filter(({ prepared }) => !prepared.promotion.combinable)
  const sets = [...(together.length > 0 ? [together] : []), ...alone.map((each) => [each])]
    .toSorted(([a], [b]) => (a === undefined || b === undefined ? 0 : firstServed(promotionOf(a), promotionOf(b))))
    .map((members) => combine(question, members))
  const best = cheapest(question, sets)
  const given = best?.given ?? []
  const isGiven = new Set(given.map(({ promotionId }) => promotionId))
  for (const { prepared, code } of qualified) {
    if (isGiven.has(prepared.promotion.id)) continue
    missed.push(miss(prepared, code?.code ?? null, { code: 'other_offer_better' }))
  }
  return { discount: best?.discount ?? nothingOff(question), given, missed }
}

function promotionOf({ prepared }: Qualified): Promotion {
  return prepared.promotion
}

/** Who qualifies, first served first; who does not, with the reason, unless the offer was never meant for such a cart. */
function qualify(question: OffersQuestion, missed: MissedOffer[]): Qualified[] {
  const { promotions, codes } = question.offers
  const named = new Map<Id<'promotion'>, CodeAtHand>()
  for (const at of codes) {
    const prepared = at.found === null ? undefined : promotions.byId.get(at.found.promotionId)
    if (at.found === null || prepared === undefined) {
      missed.push({ promotion: null, code: at.code, reason: { code: 'code_unknown' } })
    } else if (named.has(at.found.promotionId)) missed.push(miss(prepared, at.code, { code: 'code_repeated' }))
    else named.set(at.found.promotionId, at)
  }
  const wanted = [...named.keys()].map((id) => must(promotions.byId.get(id), 'the promotion of a code'))
  wanted.push(...promotions.automatic.filter(({ promotion }) => !named.has(promotion.id)))
  if (named.size > 0) wanted.sort((a, b) => firstServed(a.promotion, b.promotion))

  const qualified: Qualified[] = []
  for (const prepared of wanted) {
    const code = named.get(prepared.promotion.id) ?? null
    const outside = refuseBuyer(prepared, code, question)
    if (outside !== null) {
      if (code !== null) missed.push(miss(prepared, code.code, outside))
      continue
    }
    const decision = refuseCart(prepared, code, question)
    if (decision.kind === 'refused') missed.push(miss(prepared, code?.code ?? null, decision.reason))
    else {
      const found = code?.found ?? null
      const namedCode = code === null || found === null ? null : { id: found.id, code: code.code }
      qualified.push({ prepared, code: namedCode, discount: decision.discount })
    }
  }
  return qualified
}

function miss({ promotion }: PreparedPromotion, code: string | null, reason: MissedReason): MissedOffer {
  return { promotion: { id: promotion.id, name: promotion.name }, code, reason }
}

/** Why the promotion is not meant for this buyer, here and now; null when it is. */
function refuseBuyer(
  { promotion }: PreparedPromotion,
  code: CodeAtHand | null,
  { at, channel, buyer }: OffersQuestion,
): MissedReason | null {
  const { validFrom, validUntil, channelIds, marketIds, segmentIds, currency } = promotion
  if (!promotion.active || code?.found?.active === false) return { code: 'not_active' }
  if (validFrom !== null && at < validFrom) return { code: 'not_yet_valid', validFrom }
  if (validUntil !== null && at >= validUntil) return { code: 'expired', validUntil }
  if (channelIds.length > 0 && !channelIds.includes(channel.id)) return { code: 'not_in_this_channel' }
  if (currency !== null && currency !== channel.currency) return { code: 'not_in_this_currency', currency }
  if (marketIds.length > 0 && !marketIds.some((id) => buyer.marketIds.includes(id))) {
    return { code: 'not_in_this_market' }
  }
  if (segmentIds.length > 0 && !segmentIds.some((id) => buyer.segmentIds.has(id))) {
    return { code: 'not_for_this_segment' }
  }
  return null
}

type CartDecision =
  | { readonly kind: 'qualified'; readonly discount: Discount }
  | { readonly kind: 'refused'; readonly reason: MissedReason }

/** What the promotion would take off this cart, or what the cart lacks for it. */
function refuseCart(
  prepared: PreparedPromotion,
  code: CodeAtHand | null,
  { lines, deliveries, offers }: OffersQuestion,
): CartDecision {
  const { promotion } = prepared
  const { itemsMinMinor, quantityMin, effect } = promotion
  const used = refuseUse(prepared, code, offers)
  if (used !== null) return refuse(used)
  const about: number[] = []
  for (const [index, line] of lines.entries()) if (isAbout(prepared, line)) about.push(index)
  if (about.length === 0) return refuse({ code: 'goods_missing' })
  if (quantityMin !== null) {
    const quantity = about.reduce((sum, index) => sum + must(lines[index], 'a line').quantity, 0)
    if (quantity < quantityMin) return refuse({ code: 'quantity_not_reached', minimum: quantityMin, quantity })
  }
  if (itemsMinMinor !== null) {
    const itemsMinor = sumMinor(about.map((index) => must(lines[index], 'a line').itemsMinor))
    if (itemsMinor < itemsMinMinor) {
      return refuse({ code: 'minimum_not_reached', minimumMinor: itemsMinMinor, itemsMinor })
    }
  }
  if (isAboutDelivery(promotion) && deliveries.length === 0) return refuse({ code: 'delivery_not_chosen' })
  const discount = discountOf(effect, lines, about, deliveries)
  const isSome = discount.lines.some((part) => part > 0n) || discount.deliveries.some((part) => part > 0n)
  return isSome ? { kind: 'qualified', discount } : refuse({ code: 'nothing_to_discount' })
}

/**
 * A limit that nobody looked up is used up: where a promotion was limited a moment ago, one order goes without it, but
 * none more than may gets it.
 */
function refuseUse(
  { promotion }: PreparedPromotion,
  code: CodeAtHand | null,
  { uses }: OffersAtHand,
): MissedReason | null {
  const { id, usesMax, usesPerCustomerMax } = promotion
  const ofCode = code?.found?.usesLeft ?? null
  if (ofCode !== null && ofCode <= 0) return { code: 'used_up' }
  if (usesMax !== null && (uses.byPromotion.get(id) ?? 0) <= 0) return { code: 'used_up' }
  if (usesPerCustomerMax === null) return null
  if (uses.ofCustomer === null) return { code: 'customer_unknown' }
  return (uses.ofCustomer.get(id) ?? 0) <= 0 ? { code: 'used_up_by_customer' } : null
}

function refuse(reason: MissedReason): CartDecision {
  return { kind: 'refused', reason }
}

interface OfferSet {
  /** Those that something was left for. */
  readonly given: readonly GivenOffer[]
  readonly discount: Discount
}

/** Offers given together, each at most what the ones before it left. */
function combine({ lines, deliveries }: OffersQuestion, members: readonly Qualified[]): OfferSet {
  const leftOfLines = lines.map(({ itemsMinor }) => itemsMinor)
  const leftOfDeliveries = deliveries.map(({ amountMinor }) => amountMinor)
  const given: GivenOffer[] = []
  for (const { prepared, code, discount } of members) {
    const { id, version, name } = prepared.promotion
    const offer = {
      promotionId: id,
      promotionVersion: version,
      name,
      code,
      lines: takeFrom(leftOfLines, discount.lines),
      deliveries: takeFrom(leftOfDeliveries, discount.deliveries),
    }
    if (sumMinor(offer.lines) + sumMinor(offer.deliveries) > 0n) given.push(offer)
  }
  return {
    given,
    discount: {
      lines: lines.map(({ itemsMinor }, index) => itemsMinor - (leftOfLines[index] ?? 0n)),
      deliveries: deliveries.map(({ amountMinor }, index) => amountMinor - (leftOfDeliveries[index] ?? 0n)),
    },
  }
}

/** Lowers what is left by what is wanted of it. @returns what was taken of each */
function takeFrom(left: bigint[], wanted: readonly bigint[]): bigint[] {
  return wanted.map((part, index) => {
    const there = left[index] ?? 0n
    const taken = part < there ? part : there
    left[index] = there - taken
    return taken
  })
}

const PPM = 1_000_000n

/** The set by which the cart costs least; the first of two that are as good. */
function cheapest(question: OffersQuestion, sets: readonly OfferSet[]): OfferSet | null {
  const [first] = sets
  if (first === undefined || sets.length === 1) return first ?? null
  const savings = sets.map((set) => savingOf(question, set.discount))
  const best = savings.reduce((most, saving) => (saving > most ? saving : most))
  // Rounding moves the tax of each amount by less than one minor unit, with the offer or without.
  const slack = PPM * BigInt(question.lines.length + question.deliveries.length)
  let cheapestSet: OfferSet | null = null
  let lowestMinor = 0n
  for (const [index, set] of sets.entries()) {
    if (must(savings[index], 'a saving for every set') + slack < best) continue
    const costMinor = costOf(question, set.discount)
    if (cheapestSet === null || costMinor < lowestMinor) {
      cheapestSet = set
      lowestMinor = costMinor
    }
  }
  return cheapestSet
}

/** What a set saves with its tax, exact, in millionths of a minor unit. */
function savingOf({ lines, deliveries, channel }: OffersQuestion, discount: Discount): bigint {
  const weigh = (things: readonly Taxed[], parts: readonly bigint[]): bigint =>
    parts.reduce((sum, part, index) => {
      if (part === 0n) return sum
      return sum + part * (channel.taxIncluded ? PPM : PPM + BigInt(things[index]?.taxRatePpm ?? 0))
    }, 0n)
  return weigh(lines, discount.lines) + weigh(deliveries, discount.deliveries)
}

/** What everything costs after a discount, added tax included. */
function costOf({ lines, deliveries, channel }: OffersQuestion, discount: Discount): bigint {
  const terms: TaxTerms = channel
  const amounts = [
    ...lines.map(({ itemsMinor, taxRatePpm }, index) => {
      return { amountMinor: itemsMinor - (discount.lines[index] ?? 0n), taxRatePpm }
    }),
    ...deliveries.map(({ amountMinor, taxRatePpm }, index) => {
      return { amountMinor: amountMinor - (discount.deliveries[index] ?? 0n), taxRatePpm }
    }),
  ]
  const costMinor = sumMinor(amounts.map(({ amountMinor }) => amountMinor))
  return terms.taxIncluded ? costMinor : costMinor + sumMinor(taxAmounts(amounts, terms))
}

function nothingOff({ lines, deliveries }: OffersQuestion): Discount {
  return { lines: lines.map(() => 0n), deliveries: deliveries.map(() => 0n) }
}
