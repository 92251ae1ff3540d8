import { isCountry } from '../merchant/index.ts'
import { consentChannels } from './consents.ts'
import type { Segment, SegmentCondition, SegmentRule } from './decide-segments.ts'

/** What is wrong with a rule and where, by the JSON pointer of the part. */
export interface RuleReason {
  readonly path: string
  readonly reason:
    | 'no_conditions'
    | 'range_open'
    | 'range_reversed'
    | 'currencies_differ'
    | 'country_unknown'
    | 'domain_invalid'
    | 'tag_invalid'
    | 'consent_unknown'
    | 'never_matches'
}

export type SegmentRefusal =
  | { readonly code: 'segment_code_invalid' }
  | { readonly code: 'segment_code_taken' }
  | { readonly code: 'segment_name_blank' }
  | { readonly code: 'segment_rule_invalid'; readonly reasons: readonly RuleReason[] }
  | { readonly code: 'too_many_segments'; readonly segmentsMax: number }

/** Every one is decided for every cart; 200 of three conditions take some 20 µs. */
export const SEGMENTS_MAX = 200

/** Why a segment may not be saved; null when it may. @param others  all segments but this one */
export function checkSegment(
  { code, name, rule }: Pick<Segment, 'code' | 'name' | 'rule'>,
  others: readonly Segment[],
): SegmentRefusal | null {
  if (!/^[a-z0-9]+([-_.][a-z0-9]+)*$/.test(code) || code.length > 40) return { code: 'segment_code_invalid' }
  if (others.some((other) => other.code === code)) return { code: 'segment_code_taken' }
  if (name.trim() === '') return { code: 'segment_name_blank' }
  if (others.length >= SEGMENTS_MAX) return { code: 'too_many_segments', segmentsMax: SEGMENTS_MAX }
  const reasons = [...reasonsOf(rule, '/rule')]
  return reasons.length === 0 ? null : { code: 'segment_rule_invalid', reasons }
}

function reasonsOf(rule: SegmentRule, path: string): Generator<RuleReason> {
  if ('not' in rule) return reasonsOf(rule.not, `${path}/not`)
  if ('fact' in rule) return reasonsOfCondition(rule, path)
  return reasonsOfParts(rule, path)
}

function* reasonsOfParts(
  rule: Extract<SegmentRule, { all: unknown } | { any: unknown }>,
  path: string,
): Generator<RuleReason> {
  const [word, parts] = 'all' in rule ? (['all', rule.all] as const) : (['any', rule.any] as const)
  if (parts.length === 0) yield { path: `${path}/${word}`, reason: 'no_conditions' }
  for (const [index, part] of parts.entries()) yield* reasonsOf(part, `${path}/${word}/${index}`)
  if (word === 'all' && contradicts(parts)) yield { path: `${path}/all`, reason: 'never_matches' }
}

function* reasonsOfCondition(rule: SegmentCondition, path: string): Generator<RuleReason> {
  switch (rule.fact) {
    case 'kind':
      return
    case 'country':
      yield* listReasons(rule.in, `${path}/in`, isCountry, 'country_unknown')
      return
    case 'tag':
      yield* listReasons(rule.in, `${path}/in`, isTag, 'tag_invalid')
      return
    case 'emailDomain':
      yield* listReasons(rule.in, `${path}/in`, isDomain, 'domain_invalid')
      return
    case 'consent':
      if (!consentChannels.some((channel) => channel === rule.channel)) yield { path, reason: 'consent_unknown' }
      return
    case 'spent': {
      const { atLeast, atMost } = rule
      yield* rangeReasons(atLeast?.amount, atMost?.amount, path)
      if (atLeast !== undefined && atMost !== undefined && atLeast.currency !== atMost.currency)
        yield { path, reason: 'currencies_differ' }
      return
    }
    default:
      yield* rangeReasons(rule.atLeast, rule.atMost, path)
  }
}

function* listReasons(
  list: readonly string[],
  path: string,
  isSound: (text: string) => boolean,
  reason: RuleReason['reason'],
): Generator<RuleReason> {
  if (list.length === 0) yield { path, reason: 'never_matches' }
  for (const [index, text] of list.entries()) if (!isSound(text)) yield { path: `${path}/${index}`, reason }
}

function* rangeReasons(atLeast: number | undefined, atMost: number | undefined, path: string): Generator<RuleReason> {
  if (atLeast === undefined && atMost === undefined) yield { path, reason: 'range_open' }
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) yield { path, reason: 'range_reversed' }
}

/** Guest and account at once, or of a guest what only an account can have: nobody would ever be in it. */
function contradicts(parts: readonly SegmentRule[]): boolean {
  const conditions = parts.filter((part): part is SegmentCondition => 'fact' in part)
  const kinds = new Set(conditions.flatMap((part) => (part.fact === 'kind' ? [part.is] : [])))
  if (kinds.size > 1) return true
  const isOfAccounts = ({ fact }: SegmentCondition): boolean =>
    ['tag', 'emailDomain', 'consent', 'daysSinceLastOrder', 'daysSinceSignUp'].includes(fact)
  return kinds.has('guest') && conditions.some(isOfAccounts)
}

export function isTag(text: string): boolean {
  return /^[a-z0-9]+([-_][a-z0-9]+)*$/.test(text) && text.length <= 40
}

function isDomain(text: string): boolean {
  return /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(text)
}
