/** The first reason why something is refused, and all of them: whoever mends it mends it once. */
export type Reasoned<Reason> = Reason & { readonly reasons: readonly Reason[] }

/** Of a thousand postal prefixes that are wrong alike nobody needs to be told one by one. */
const REASONS_TOLD_MAX = 100

/** @returns null without any reason */
export function reasoned<Reason extends object>(reasons: readonly Reason[]): Reasoned<Reason> | null {
  const [first] = reasons
  return first === undefined ? null : { ...first, reasons: reasons.slice(0, REASONS_TOLD_MAX) }
}
