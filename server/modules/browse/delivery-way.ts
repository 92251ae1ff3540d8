import { formatId, type Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { moneyJson } from '../../platform/http/index.ts'
import type { DeliveryTariff } from '../pricing/index.ts'
import { arrivalOf, inHandAt, type DeliveryWindow, type Node, type Route } from '../sourcing/index.ts'
import type { OtherSupply } from './supply.ts'

/** One way to get goods: a shipping service, or a place to pick them up. */
export interface DeliveryWay {
  readonly id: string
  readonly route: Route
  readonly tariff: DeliveryTariff
  /** The option's JSON up to its window. */
  readonly head: string
  /** Options for goods that a location has in hand at `writtenAt`: by location number, free of charge or not. */
  readonly written: { readonly priced: Map<number, DeliveryOption>; readonly free: Map<number, DeliveryOption> }
  writtenAt: Instant
}

/** What a buyer may choose, as JSON, and what orders it among others. */
export interface DeliveryOption {
  readonly id: string
  /** Minor units, exact as every amount of the API is. */
  readonly amount: number
  readonly json: string
}

export function wayOf({
  id,
  route,
  tariff,
  locationId,
}: {
  readonly id: string
  readonly route: Route
  readonly tariff: DeliveryTariff
  readonly locationId?: Id<'location'>
}): DeliveryWay {
  const place = locationId === undefined ? {} : { locationId: formatId('location', locationId) }
  const head = JSON.stringify({ id, method: tariff.method, ...place }).slice(0, -1)
  return { id, route, tariff, head, written: { priced: new Map(), free: new Map() }, writtenAt: 0 as Instant }
}

/** A location that hands goods over by a way, and when. */
export interface HandOver {
  readonly node: Node
  readonly at: Instant
  readonly isFree: boolean
}

/**
 * The option for goods that a location has in hand at this moment. Written once for all SKUs that lie there.
 * @param location  the node's number
 */
export function optionFrom(way: DeliveryWay, location: number, { node, at, isFree }: HandOver): DeliveryOption {
  if (way.writtenAt !== at) {
    way.written.priced.clear()
    way.written.free.clear()
    way.writtenAt = at
  }
  const written = isFree ? way.written.free : way.written.priced
  let option = written.get(location)
  if (option === undefined) {
    option = writeOption(way, arrivalOf(way.route, node, at), isFree)
    written.set(location, option)
  }
  return option
}

/** The option for goods that come later: they leave when they come. */
export function optionOfLater(
  way: DeliveryWay,
  later: Pick<OtherSupply, 'eta' | 'leadDays'>,
  { node, at, isFree }: HandOver,
): DeliveryOption {
  return writeOption(way, arrivalOf(way.route, node, inHandAt(at, later)), isFree)
}

export function writeOption(
  { id, tariff, head }: DeliveryWay,
  { earliest, latest }: DeliveryWindow,
  isFree: boolean,
): DeliveryOption {
  const price = moneyJson({ minor: isFree ? 0n : tariff.amountMinor, currency: tariff.currency })
  const window = `"earliest":"${formatInstant(earliest)}","latest":"${formatInstant(latest)}"`
  return { id, amount: price.amount, json: `${head},${window},"price":${JSON.stringify(price)}}` }
}
