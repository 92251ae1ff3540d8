import type { Id } from '../../kernel/id.ts'
import { DAY_MS, type Instant } from '../../kernel/time.ts'

/** An amount as rules store it. */
export interface RuleMoney {
  /** Minor units. */
  readonly amount: number
  readonly currency: string
}

interface Range<Bound> {
  readonly atLeast?: Bound
  readonly atMost?: Bound
}

/** One question about a buyer. A fact that is not known answers no, whatever is asked of it. */
export type SegmentCondition =
  | { readonly fact: 'kind'; readonly is: 'guest' | 'account' }
  /** Where the order goes. */
  | { readonly fact: 'country'; readonly in: readonly string[] }
  /** Has any of these. */
  | { readonly fact: 'tag'; readonly in: readonly string[] }
  /** Of a proved e-mail only: anybody can type a colleague's. */
  | { readonly fact: 'emailDomain'; readonly in: readonly string[] }
  | { readonly fact: 'consent'; readonly purpose: string; readonly channel: string }
  | ({ readonly fact: 'orderCount' } & Range<number>)
  | ({ readonly fact: 'spent' } & Range<RuleMoney>)
  | ({ readonly fact: 'daysSinceLastOrder' } & Range<number>)
  | ({ readonly fact: 'daysSinceSignUp' } & Range<number>)

export type SegmentRule =
  | SegmentCondition
  | { readonly all: readonly SegmentRule[] }
  | { readonly any: readonly SegmentRule[] }
  | { readonly not: SegmentRule }

/** What is known of a buyer when their cart is priced. Of a guest that is where their order goes. */
export interface BuyerFacts {
  readonly kind: 'guest' | 'account'
  readonly country: string | null
  readonly tags: readonly string[]
  /** Lower case; null unless the e-mail is proved. */
  readonly emailDomain: string | null
  /** `<purpose> <channel>` of every consent that holds. */
  readonly consents: ReadonlySet<string>
  readonly orderCount: number
  /** What accepted orders came to, minor units by currency; amounts of different currencies are never added. */
  readonly spentMinor: ReadonlyMap<string, bigint>
  readonly lastOrderAt: Instant | null
  readonly signedUpAt: Instant | null
}

export interface Segment {
  readonly id: Id<'segment'>
  readonly code: string
  readonly name: string
  readonly rule: SegmentRule
  readonly active: boolean
  readonly version: number
}

/** The segments a buyer is in: what prices, assortments and promotions may ask about. */
export function segmentsOf(facts: BuyerFacts, segments: readonly Segment[], at: Instant): ReadonlySet<Id<'segment'>> {
  const ids = new Set<Id<'segment'>>()
  for (const { id, rule, active } of segments) if (active && matches(rule, facts, at)) ids.add(id)
  return ids
}

export function matches(rule: SegmentRule, facts: BuyerFacts, at: Instant): boolean {
  if ('all' in rule) return rule.all.every((part) => matches(part, facts, at))
  if ('any' in rule) return rule.any.some((part) => matches(part, facts, at))
  if ('not' in rule) return !matches(rule.not, facts, at)
  switch (rule.fact) {
    case 'kind':
      return facts.kind === rule.is
    case 'country':
      return facts.country !== null && rule.in.includes(facts.country)
    case 'tag':
      return rule.in.some((tag) => facts.tags.includes(tag))
    case 'emailDomain':
      return facts.emailDomain !== null && rule.in.includes(facts.emailDomain)
    case 'consent':
      return facts.consents.has(`${rule.purpose} ${rule.channel}`)
    case 'orderCount':
      return isWithin(facts.orderCount, rule)
    case 'spent':
      return isSpentWithin(facts, rule)
    case 'daysSinceLastOrder':
      return facts.lastOrderAt !== null && isWithin(daysBetween(facts.lastOrderAt, at), rule)
    case 'daysSinceSignUp':
      return facts.signedUpAt !== null && isWithin(daysBetween(facts.signedUpAt, at), rule)
  }
}

function isWithin(value: number, { atLeast, atMost }: Range<number>): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
}

function isSpentWithin({ spentMinor }: BuyerFacts, { atLeast, atMost }: Range<RuleMoney>): boolean {
  const spentIn = (currency: string): bigint => spentMinor.get(currency) ?? 0n
  return (
    (atLeast === undefined || spentIn(atLeast.currency) >= BigInt(atLeast.amount)) &&
    (atMost === undefined || spentIn(atMost.currency) <= BigInt(atMost.amount))
  )
}

/** Whole days of 24 hours; an order a minute ago was 0 days ago, and so is one that business time has not reached. */
function daysBetween(from: Instant, to: Instant): number {
  return Math.max(0, Math.floor((to - from) / DAY_MS))
}

/** Why a buyer is in a segment or not: the rule as a tree, each part with its answer and the fact it went by. */
export interface Explained {
  readonly matched: boolean
  /** `has ordered at least 5 times` */
  readonly asked: string
  /** What was found; null where parts answer. */
  readonly found: string | null
  readonly parts: readonly Explained[]
}

export function explainRule(rule: SegmentRule, facts: BuyerFacts, at: Instant): Explained {
  const matched = matches(rule, facts, at)
  const explainAll = (parts: readonly SegmentRule[]) => parts.map((part) => explainRule(part, facts, at))
  if ('all' in rule) return { matched, asked: 'all of these', found: null, parts: explainAll(rule.all) }
  if ('any' in rule) return { matched, asked: 'any of these', found: null, parts: explainAll(rule.any) }
  if ('not' in rule) return { matched, asked: 'not this', found: null, parts: explainAll([rule.not]) }
  return { matched, asked: askedBy(rule), found: foundFor(rule, facts, at), parts: [] }
}

function askedBy(rule: SegmentCondition): string {
  switch (rule.fact) {
    case 'kind':
      return rule.is === 'account' ? 'has an account' : 'buys as a guest'
    case 'country':
      return `the order goes to ${rule.in.join(' or ')}`
    case 'tag':
      return `is tagged ${rule.in.join(' or ')}`
    case 'emailDomain':
      return `has a proved e-mail at ${rule.in.join(' or ')}`
    case 'consent':
      return `consents to ${rule.purpose} by ${rule.channel}`
    case 'orderCount':
      return `has ordered ${rangeText(rule, (bound) => `${bound} times`)}`
    case 'spent':
      return `has spent ${rangeText(rule, moneyText)}`
    case 'daysSinceLastOrder':
      return `ordered last ${rangeText(rule, (bound) => `${bound} days`)} ago`
    case 'daysSinceSignUp':
      return `signed up ${rangeText(rule, (bound) => `${bound} days`)} ago`
  }
}

function foundFor(rule: SegmentCondition, facts: BuyerFacts, at: Instant): string {
  switch (rule.fact) {
    case 'kind':
      return facts.kind
    case 'country':
      return facts.country ?? 'not known'
    case 'tag':
      return facts.tags.length === 0 ? 'no tags' : facts.tags.join(', ')
    case 'emailDomain':
      return facts.emailDomain ?? 'no proved e-mail'
    case 'consent':
      return facts.consents.has(`${rule.purpose} ${rule.channel}`) ? 'given' : 'not given, or withdrawn'
    case 'orderCount':
      return `${facts.orderCount} orders`
    case 'spent': {
      const { currency } = rule.atLeast ?? rule.atMost ?? { currency: '' }
      return moneyText({ amount: Number(facts.spentMinor.get(currency) ?? 0n), currency })
    }
    case 'daysSinceLastOrder':
      return facts.lastOrderAt === null ? 'never ordered' : `${daysBetween(facts.lastOrderAt, at)} days ago`
    case 'daysSinceSignUp':
      return facts.signedUpAt === null ? 'no account' : `${daysBetween(facts.signedUpAt, at)} days ago`
  }
}

function rangeText<Bound>({ atLeast, atMost }: Range<Bound>, text: (bound: Bound) => string): string {
  const parts = [
    ...(atLeast === undefined ? [] : [`at least ${text(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${text(atMost)}`]),
  ]
  return parts.join(' and ')
}

function moneyText({ amount, currency }: RuleMoney): string {
  return `${amount} minor units of ${currency}`
}
