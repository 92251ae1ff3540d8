import type { Instant } from '../../kernel/time.ts'
import type { UsedLimit } from './channel-limits.sql.ts'

/** Units of a SKU that are free for a channel wherever it sells from, before its own limits. */
export interface FreeUnits {
  readonly onHand: number
  /** On their way, by when they come; any order. */
  readonly toCome: readonly { readonly eta: Instant; readonly units: number }[]
  /** That may be sold ahead without a date. */
  readonly ahead: number
}

/** What a channel may still sell of a SKU: each figure counts those before it in. */
export interface Allowance {
  readonly onHand: number
  /** With what has come by then; the days on which something comes, in order. */
  readonly dated: readonly { readonly eta: Instant; readonly units: number }[]
  readonly all: number
}

const unlimited = { buffer: 0, cap: null, claimed: 0 } as const

/**
 * What a channel may sell: ATS(date) = max(0, min(cap − its live claims, free on hand or due by then − buffer)). The
 * buffer is kept of goods, here or to come, so what is sold ahead without any is not lowered by it; the cap is of
 * everything.
 * @param limit  null: there is none
 */
export function decideAllowance(
  { onHand, toCome, ahead }: FreeUnits,
  limit: Pick<UsedLimit, 'buffer' | 'cap' | 'claimed'> | null,
): Allowance {
  const { buffer, cap, claimed } = limit ?? unlimited
  const left = cap === null ? Infinity : Math.max(0, cap - claimed)
  const allow = (goods: number): number => Math.min(left, Math.max(0, goods - buffer))
  const dated: { eta: Instant; units: number }[] = []
  let goods = onHand
  for (const { eta, units } of toCome.toSorted((a, b) => a.eta - b.eta)) {
    goods += units
    if (dated.at(-1)?.eta === eta) dated.pop()
    dated.push({ eta, units: allow(goods) })
  }
  return { onHand: allow(onHand), dated, all: Math.min(left, Math.max(0, goods - buffer) + ahead) }
}
