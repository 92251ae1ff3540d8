import { formatId, type Id } from '../../kernel/id.ts'
import type { Money } from '../../kernel/money.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { findVariants } from '../catalog/index.ts'
import type { PriceList } from './price-choice.ts'
import { putPriceList, putPrices, readPrices, readPricing, type NewPrice } from './pricing.sql.ts'

export interface PriceEdit {
  readonly sku: string
  /** Holds from this many units on; absent: 1, the price of a single one. */
  readonly minQuantity?: number | undefined
  /** Null withdraws the list's price. */
  readonly price: Money | null
}

export interface PriceError {
  /** A JSON pointer into the row. */
  readonly path: string
  readonly code: PriceErrorCode
  readonly message: string
}

export const priceErrors = {
  sku_unknown: 'There is no variant with this SKU.',
  sku_repeated: 'An earlier row has the same SKU and minimum.',
  break_dearer: 'More units would cost more each than fewer do.',
  currency_differs: 'The price is in another currency than its list.',
} as const

export type PriceErrorCode = keyof typeof priceErrors

export type PriceResult =
  /** `beforeMinor` is what the list said before, null when nothing. */
  | { readonly kind: 'set'; readonly beforeMinor: bigint | null }
  | { readonly kind: 'withdrawn'; readonly beforeMinor: bigint | null }
  | { readonly kind: 'error'; readonly errors: readonly PriceError[] }

export type SetPricesOutcome =
  | { readonly kind: 'done'; readonly results: readonly PriceResult[] }
  | { readonly kind: 'unknown' }

/**
 * Sets or withdraws prices of one list, up to 1,000 a call. Rows with errors are left out, the others are written with
 * one statement; a list that is only told what it knows keeps its version.
 *
 * @returns one result a row, in the order given
 */
export async function setPrices(
  tx: Tx,
  {
    actor,
    priceListId,
    edits,
  }: {
    readonly actor: string
    readonly priceListId: Id<'priceList'>
    readonly edits: readonly PriceEdit[]
  },
): Promise<SetPricesOutcome> {
  const revision = await raiseRevision(tx, 'pricing')
  const judged = await judgePrices(tx, { priceListId, edits })
  if (judged === null) return { kind: 'unknown' }
  const { list, prices, results } = judged

  const changedCount = prices.length === 0 ? 0 : await putPrices(tx, { priceListId, prices, revision })
  if (changedCount > 0) {
    const version = list.version + 1
    putPriceList(tx, { ...list, version }, revision)
    const id = formatId('priceList', priceListId)
    appendEvents(tx, [
      {
        type: 'price_list.repriced',
        aggregateKind: 'price_list',
        aggregateId: priceListId,
        version,
        data: { id, changedCount },
        occurredAt: tx.at,
      },
    ])
    appendAudit(tx, { actor, action: 'price_list.repriced', object: id, detail: { version, changedCount } })
  }
  return { kind: 'done', results }
}

/** What `setPrices` would answer now; nothing is written and nobody waits. */
export async function foreseePrices(
  source: Queryable,
  command: { readonly priceListId: Id<'priceList'>; readonly edits: readonly PriceEdit[] },
): Promise<SetPricesOutcome> {
  const judged = await judgePrices(source, command)
  return judged === null ? { kind: 'unknown' } : { kind: 'done', results: judged.results }
}

interface JudgedPrices {
  readonly list: PriceList
  /** Of the rows without errors. */
  readonly prices: readonly NewPrice[]
  readonly results: readonly PriceResult[]
}

/** @returns null when there is no such list */
async function judgePrices(
  source: Queryable,
  { priceListId, edits }: { readonly priceListId: Id<'priceList'>; readonly edits: readonly PriceEdit[] },
): Promise<JudgedPrices | null> {
  const [{ priceLists }, variantBySku] = await Promise.all([
    readPricing(source),
    findVariants(source, [...new Set(edits.map(({ sku }) => sku))]),
  ])
  const list = priceLists.find(({ id }) => id === priceListId)
  if (list === undefined) return null

  const prices: NewPrice[] = []
  const seen = new Set<string>()
  const { before, after: breaks } = await readBreaks(source, priceListId, edits, variantBySku)
  const results = edits.map(({ sku, minQuantity = 1, price }): PriceResult => {
    const variant = variantBySku.get(sku)
    const errors: PriceError[] = []
    const row = `${sku} ${minQuantity}`
    if (seen.has(row)) errors.push(errorAt('/sku', 'sku_repeated'))
    else if (variant === undefined) errors.push(errorAt('/sku', 'sku_unknown'))
    if (price !== null && price.currency !== list.currency) errors.push(errorAt('/price/currency', 'currency_differs'))
    seen.add(row)
    if (variant !== undefined && isDearer(breaks.get(variant.id), minQuantity)) {
      errors.push(errorAt('/price', 'break_dearer'))
    }
    if (errors.length > 0 || variant === undefined) return { kind: 'error', errors }
    prices.push({ variantId: variant.id, minQuantity, amountMinor: price?.minor ?? null })
    const beforeMinor = before.get(variant.id)?.get(minQuantity) ?? null
    return { kind: price === null ? 'withdrawn' : 'set', beforeMinor }
  })
  return { list, prices, results }
}

type Breaks = ReadonlyMap<number, bigint | null>

/** What the list asks for each minimum now, and would if every row went in; one indexed reading of what is there. */
async function readBreaks(
  source: Queryable,
  priceListId: Id<'priceList'>,
  edits: readonly PriceEdit[],
  variantBySku: ReadonlyMap<string, { readonly id: Id<'variant'> }>,
): Promise<{ before: ReadonlyMap<Id<'variant'>, Breaks>; after: ReadonlyMap<Id<'variant'>, Breaks> }> {
  const known = await readPrices(source, [...new Set([...variantBySku.values()].map(({ id }) => id))])
  const before = new Map<Id<'variant'>, Breaks>()
  const after = new Map<Id<'variant'>, Map<number, bigint | null>>()
  for (const [variantId, listed] of known) {
    const own = listed.filter((price) => price.priceListId === priceListId)
    const breaks = own.map(({ minQuantity, amountMinor }) => [minQuantity, amountMinor] as const)
    before.set(variantId, new Map(breaks))
    after.set(variantId, new Map(breaks))
  }
  for (const { sku, minQuantity = 1, price } of edits) {
    const variant = variantBySku.get(sku)
    if (variant === undefined) continue
    const own = after.get(variant.id) ?? new Map<number, bigint | null>()
    own.set(minQuantity, price?.minor ?? null)
    after.set(variant.id, own)
  }
  return { before, after }
}

/** Whether a unit would cost more from this minimum on than from a smaller one, or less than from a larger one. */
function isDearer(breaks: Breaks | undefined, minQuantity: number): boolean {
  const amountMinor = breaks?.get(minQuantity) ?? null
  if (breaks === undefined || amountMinor === null || breaks.size < 2) return false
  for (const [minimum, otherMinor] of breaks) {
    if (otherMinor === null) continue
    if (minimum < minQuantity ? amountMinor > otherMinor : amountMinor < otherMinor && minimum !== minQuantity)
      return true
  }
  return false
}

function errorAt(path: string, code: PriceErrorCode): PriceError {
  return { path, code, message: priceErrors[code] }
}
