import type { Id } from '../../kernel/id.ts'
import type { WorkingCalendar } from '../../kernel/local-time.ts'
import { plainPostalCode } from '../merchant/index.ts'
import { transitDays, type Service, type ShippingBook } from '../shipping/index.ts'
import type { ShipRoute, Travel } from './decide-arrival.ts'
import type { Destination } from './geo.ts'
import { everyDay, rankForShipping, type Node } from './network.ts'
import type { SourcingBook } from './open-sourcing.ts'

/** Beyond this many the memo starts over: a route takes 100 bytes a location. */
const ROUTES_MAX = 5_000

/**
 * The way to a destination with one service, or from each location with whichever is quickest from there. No location
 * may be able to send: then `travels` is empty. Made once for each destination and kept with the book.
 * @param serviceId  null: the quickest
 */
export function shipRoute(
  book: SourcingBook,
  {
    channelId,
    serviceId,
    to,
  }: {
    readonly channelId: Id<'channel'>
    readonly serviceId: Id<'shippingService'> | null
    readonly to: Destination
  },
): ShipRoute {
  const { network, shipping, routes } = book
  const key = `${channelId} ${serviceId} ${reachKey(shipping, to)}`
  const known = routes.get(key)
  if (known !== undefined) return known
  const ranking = rankForShipping(network, channelId, to)
  const services = serviceId === null ? shipping.services : [shipping.serviceById.get(serviceId)]
  const travels = new Map<Id<'location'>, Travel>()
  for (const node of ranking.candidates) {
    for (const service of services) {
      const travel = service === undefined ? null : travelOf(book, service, node, to)
      const best = travels.get(node.locationId)
      if (travel !== null && (best === undefined || isQuicker(travel, best))) travels.set(node.locationId, travel)
    }
  }
  const route: ShipRoute = { method: 'ship', zone: to.zone, timeZone: to.timeZone, ranking, travels }
  if (routes.size >= ROUTES_MAX) routes.clear()
  routes.set(key, route)
  return route
}

/** Names everything of a destination that decides how it is reached: two with the same key are reached alike. */
export function reachKey({ postalPrefixLengthMax }: ShippingBook, { zone, timeZone, postalCode }: Destination): string {
  return `${zone} ${timeZone} ${postalCode.slice(0, postalPrefixLengthMax)}`
}

/** To a place that cannot be told from the address: nobody can send there. */
export function routeToNowhere(country: string): ShipRoute {
  const ranking = { candidates: [], refused: [] }
  return { method: 'ship', zone: country, timeZone: 'UTC', ranking, travels: new Map() }
}

function travelOf(
  { shipping, calendarById }: SourcingBook,
  service: Service,
  node: Node,
  to: Destination,
): Travel | null {
  const from = { country: node.country, postalCode: plainPostalCode(node.postalCode) }
  const days = transitDays(shipping, service.id, from, to)
  const calendar = (service.calendarId === null ? undefined : calendarById.get(service.calendarId)) ?? everyDay
  // Who works when the other does not can hand nothing over.
  if (days === null || !shareWeekday(node.calendar, calendar)) return null
  return { serviceId: service.id, serviceCode: service.code, days, calendar, journeys: new Map() }
}

function shareWeekday(a: WorkingCalendar, b: WorkingCalendar): boolean {
  return a.workingDays.some((day) => b.workingDays.includes(day))
}

function isQuicker(a: Travel, b: Travel): boolean {
  return a.days.max - b.days.max < 0 || (a.days.max === b.days.max && a.days.min < b.days.min)
}
