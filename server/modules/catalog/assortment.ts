import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'

/**
 * To whom, where and when a product is sold, within its channels. A rule holds where everything it names holds; an empty
 * list names nothing.
 */
export interface AssortmentRule {
  readonly effect: 'offer' | 'withhold'
  readonly channelIds: readonly Id<'channel'>[]
  /** ISO 3166-1 alpha-2. */
  readonly countries: readonly string[]
  /** ISO 3166-2, `US-CA`. */
  readonly regions: readonly string[]
  readonly segmentIds: readonly Id<'segment'>[]
  readonly locationIds: readonly Id<'location'>[]
  readonly from: Instant | null
  /** The first moment when it holds no more. */
  readonly until: Instant | null
}

/** Who asks, where and when. What is absent is not known, and no rule that names it holds. */
export interface Buyer {
  readonly channelId: Id<'channel'>
  readonly at: Instant
  readonly country?: string | undefined
  /** ISO 3166-2, `US-CA`. */
  readonly region?: string | undefined
  readonly segmentIds?: ReadonlySet<Id<'segment'>>
  /** Of the till that sells, or the place where it is picked up. */
  readonly locationId?: Id<'location'> | undefined
}

/** Where something is offered; asked one channel at a time, for most things are offered in every one there is. */
export interface Assortment {
  has(channelId: Id<'channel'>): boolean
}

/**
 * Whether something is sold to a buyer: in its channels; where no rule withholds it; and where it has rules that offer
 * it, by one of them.
 */
export function isOffered(
  { channelIds, rules }: { readonly channelIds: Assortment; readonly rules: readonly AssortmentRule[] },
  buyer: Buyer,
): boolean {
  if (!channelIds.has(buyer.channelId)) return false
  if (rules.length === 0) return true
  let isOffer = true
  for (const { effect } of rules) if (effect === 'offer') isOffer = false
  for (const rule of rules) {
    if (!holds(rule, buyer)) continue
    if (rule.effect === 'withhold') return false
    isOffer = true
  }
  return isOffer
}

function holds(rule: AssortmentRule, { channelId, at, country, region, segmentIds, locationId }: Buyer): boolean {
  return (
    (rule.from === null || rule.from <= at) &&
    (rule.until === null || at < rule.until) &&
    names(rule.channelIds, channelId) &&
    names(rule.countries, country) &&
    names(rule.regions, region) &&
    names(rule.locationIds, locationId) &&
    (rule.segmentIds.length === 0 || rule.segmentIds.some((segment) => segmentIds?.has(segment)))
  )
}

function names<Value>(list: readonly Value[], value: Value | undefined): boolean {
  return list.length === 0 || (value !== undefined && list.includes(value))
}
