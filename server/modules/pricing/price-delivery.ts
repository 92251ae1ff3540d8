import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { SellingTerms } from './price-choice.ts'

export type DeliveryMethod = 'ship' | 'pickup'

/** What the buyer pays for delivery; what the carrier costs us is shipping's. */
export interface DeliveryTariff {
  readonly id: Id<'deliveryTariff'>
  readonly code: string
  readonly name: string
  /** Null: every channel. */
  readonly channelId: Id<'channel'> | null
  readonly method: DeliveryMethod
  /** Of shipping; null for pickup. */
  readonly serviceId: Id<'shippingService'> | null
  /** ISO 3166-1 alpha-2, of the destination. */
  readonly countries: readonly string[]
  readonly currency: CurrencyCode
  /** With or without tax, as the channel tells its prices. */
  readonly amountMinor: bigint
  /** Delivery is free from this items total on, before discounts: an offer never costs the buyer this; null: never. */
  readonly freeFromMinor: bigint | null
  readonly taxClass: string
  readonly active: boolean
  readonly version: number
}

/** Minor units of the cart's currency. */
export interface DeliveryPrice {
  readonly tariffId: Id<'deliveryTariff'>
  /** After what offers take off. */
  readonly amountMinor: bigint
  readonly discountMinor: bigint
  readonly taxMinor: bigint
  readonly taxRatePpm: number | null
  readonly taxIncluded: boolean
  readonly totalMinor: bigint
}

/**
 * The tariffs a channel offers to a country, one for each shipping service and one for pickup: the channel's own before
 * a general one, then the cheaper, then by code.
 * @returns cheapest first
 */
export function offeredTariffs(
  tariffs: readonly DeliveryTariff[],
  { channel, country }: { readonly channel: SellingTerms; readonly country: string },
): DeliveryTariff[] {
  const bestByService = new Map<Id<'shippingService'> | null, DeliveryTariff>()
  for (const tariff of tariffs) {
    if (!tariff.active || tariff.currency !== channel.currency || !tariff.countries.includes(country)) continue
    if (tariff.channelId !== null && tariff.channelId !== channel.id) continue
    const best = bestByService.get(tariff.serviceId)
    if (best === undefined || isBetter(tariff, best)) bestByService.set(tariff.serviceId, tariff)
  }
  return [...bestByService.values()].sort(byAmount)
}

/** What a tariff asks for before offers. @param itemsMinor  the cart's items before discounts */
export function tariffAmount({ amountMinor, freeFromMinor }: DeliveryTariff, itemsMinor: bigint): bigint {
  return freeFromMinor !== null && itemsMinor >= freeFromMinor ? 0n : amountMinor
}

function isBetter(tariff: DeliveryTariff, than: DeliveryTariff): boolean {
  if ((tariff.channelId === null) !== (than.channelId === null)) return tariff.channelId !== null
  return byAmount(tariff, than) < 0
}

function byAmount(a: DeliveryTariff, b: DeliveryTariff): number {
  if (a.amountMinor !== b.amountMinor) return a.amountMinor < b.amountMinor ? -1 : 1
  return a.code < b.code ? -1 : 1
}
