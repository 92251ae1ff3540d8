import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { idJson, InstantJson, MoneyJson, moneyJson, SignedMoneyJson, strict } from '../../platform/http/index.ts'
import type { NewOrder, Totals } from './order.ts'

export const TotalsJson = strict(
  {
    items: MoneyJson,
    discount: MoneyJson,
    delivery: MoneyJson,
    tax: MoneyJson,
    total: SignedMoneyJson,
  },
  { title: 'Totals' },
)

export const PlacedLineJson = strict(
  {
    id: idJson('orderLine'),
    sku: Type.String(),
    title: Type.String(),
    quantity: Type.Integer(),
    unitPrice: MoneyJson,
    discount: MoneyJson,
    tax: MoneyJson,
    total: MoneyJson,
  },
  { title: 'OrderLine' },
)

export const PromiseJson = strict(
  {
    method: Type.Union([Type.Literal('ship'), Type.Literal('pickup'), Type.Literal('carried_out')]),
    earliest: InstantJson,
    latest: InstantJson,
  },
  { title: 'Promise' },
)

export function totalsJson(totals: Totals, currency: CurrencyCode): Static<typeof TotalsJson> {
  const amount = (minor: bigint) => moneyJson({ minor, currency })
  return {
    items: amount(totals.itemsMinor),
    discount: amount(totals.discountMinor),
    delivery: amount(totals.deliveryMinor),
    tax: amount(totals.taxMinor),
    total: amount(totals.totalMinor),
  }
}

/** A line's money, from what was just drafted or from its stored row. */
export interface LineMoney {
  readonly id: Id<'orderLine'>
  readonly sku: string
  readonly title: string
  readonly quantity: number
  readonly unitPriceMinor: bigint
  readonly discountMinor: bigint
  readonly taxMinor: bigint
  readonly totalMinor: bigint
}

export function placedLineJson(line: LineMoney, currency: CurrencyCode): Static<typeof PlacedLineJson> {
  const amount = (minor: bigint) => moneyJson({ minor, currency })
  return {
    id: formatId('orderLine', line.id),
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unitPrice: amount(line.unitPriceMinor),
    discount: amount(line.discountMinor),
    tax: amount(line.taxMinor),
    total: amount(line.totalMinor),
  }
}

export function promiseJson(
  method: NewOrder['method'],
  promise: { readonly earliest: Instant; readonly latest: Instant },
): Static<typeof PromiseJson> {
  return { method, earliest: formatInstant(promise.earliest), latest: formatInstant(promise.latest) }
}
