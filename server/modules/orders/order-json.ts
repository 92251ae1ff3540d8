import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { idJson, InstantJson, MoneyJson, moneyJson, SignedMoneyJson, strict } from '../../platform/http/index.ts'
import type { NewDeliveryGroup, Totals } from './order.ts'

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
    group: Type.Integer({ description: 'Number of the delivery group it is in.' }),
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

const window = { earliest: InstantJson, latest: InstantJson }
export const PromiseJson = strict(
  { method: Type.Union([Type.Literal('ship'), Type.Literal('pickup'), Type.Literal('carried_out')]), ...window },
  { title: 'Promise', description: 'When the buyer has everything; the method is of what comes last.' },
)

export const OrderGroupJson = strict(
  {
    number: Type.Integer(),
    method: Type.Union([
      Type.Literal('ship'),
      Type.Literal('pickup'),
      Type.Literal('carried_out'),
      Type.Literal('none'),
    ]),
    locationId: Type.Union([idJson('location'), Type.Null()], { description: 'Where the buyer takes the goods.' }),
    deliveryOption: Type.Union([Type.String(), Type.Null()]),
    shipTo: Type.Union([
      strict({
        country: Type.String(),
        region: Type.Union([Type.String(), Type.Null()]),
        postalCode: Type.String(),
      }),
      Type.Null(),
    ]),
    promise: Type.Union([strict(window, { title: 'DeliveryWindow' }), Type.Null()]),
  },
  { title: 'OrderGroup', description: 'Goods that reach the buyer one way at one place.' },
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
  readonly group: number
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
    group: line.group,
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    unitPrice: amount(line.unitPriceMinor),
    discount: amount(line.discountMinor),
    tax: amount(line.taxMinor),
    total: amount(line.totalMinor),
  }
}

export interface PromisedWindow {
  readonly earliest: Instant
  readonly latest: Instant
}

/** A delivery group with what was promised of it; null where nothing is handed over, or nothing could be promised. */
export interface PromisedGroup extends Omit<NewDeliveryGroup, 'addressId'> {
  readonly promise: PromisedWindow | null
}

export function groupJson(group: PromisedGroup): Static<typeof OrderGroupJson> {
  const { number, method, locationId, deliveryOption, shipTo, promise } = group
  return {
    number,
    method,
    locationId: locationId === null ? null : formatId('location', locationId),
    deliveryOption,
    shipTo: shipTo && { country: shipTo.country, region: shipTo.region, postalCode: shipTo.postalCode },
    promise: promise === null ? null : windowJson(promise),
  }
}

/** When the buyer has everything: the last group decides. Null when no group was promised anything. */
export function promiseJson(groups: readonly PromisedGroup[]): Static<typeof PromiseJson> | null {
  let last: (PromisedWindow & { readonly method: 'ship' | 'pickup' | 'carried_out' }) | null = null
  for (const { method, promise } of groups) {
    if (promise === null || method === 'none') continue
    last =
      last === null
        ? { method, ...promise }
        : {
            method: promise.latest > last.latest ? method : last.method,
            earliest: Math.max(last.earliest, promise.earliest) as Instant,
            latest: Math.max(last.latest, promise.latest) as Instant,
          }
  }
  return last === null ? null : { method: last.method, ...windowJson(last) }
}

function windowJson({ earliest, latest }: PromisedWindow) {
  return { earliest: formatInstant(earliest), latest: formatInstant(latest) }
}
