import { formatId, type Id } from '../../kernel/id.ts'
import type { Money } from '../../kernel/money.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision } from '../../platform/revision.ts'
import { findVariants } from '../catalog/index.ts'
import { putPriceList, putPrices, readPricing, type NewPrice } from './pricing.sql.ts'

export interface PriceEdit {
  readonly sku: string
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
  sku_repeated: 'An earlier row has the same SKU.',
  currency_differs: 'The price is in another currency than its list.',
} as const

export type PriceErrorCode = keyof typeof priceErrors

export type PriceResult =
  | { readonly kind: 'set' }
  | { readonly kind: 'withdrawn' }
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
  const [{ priceLists }, variantBySku] = await Promise.all([
    readPricing(tx),
    findVariants(tx, [...new Set(edits.map(({ sku }) => sku))]),
  ])
  const list = priceLists.find(({ id }) => id === priceListId)
  if (list === undefined) return { kind: 'unknown' }

  const prices: NewPrice[] = []
  const seen = new Set<string>()
  const results = edits.map(({ sku, price }): PriceResult => {
    const variant = variantBySku.get(sku)
    const errors: PriceError[] = []
    if (seen.has(sku)) errors.push(errorAt('/sku', 'sku_repeated'))
    else if (variant === undefined) errors.push(errorAt('/sku', 'sku_unknown'))
    if (price !== null && price.currency !== list.currency) errors.push(errorAt('/price/currency', 'currency_differs'))
    seen.add(sku)
    if (errors.length > 0 || variant === undefined) return { kind: 'error', errors }
    prices.push({ variantId: variant.id, amountMinor: price?.minor ?? null })
    return { kind: price === null ? 'withdrawn' : 'set' }
  })

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

function errorAt(path: string, code: PriceErrorCode): PriceError {
  return { path, code, message: priceErrors[code] }
}
