import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import {
  addDays,
  addWorkingDays,
  dayOf,
  endOfDay,
  instantAt,
  isWorkingDay,
  startOfDay,
  weekdayOf,
  workingDayFor,
  type LocalDate,
  type WorkingCalendar,
} from '../../kernel/local-time.ts'
import { addMs, MINUTE_MS, type Instant } from '../../kernel/time.ts'
import type { Node, Ranking } from './network.ts'

/** Working days of a service on the road. */
export interface TransitDays {
  readonly min: number
  readonly max: number
}

/** A service that takes goods from one location to the destination. */
export interface Travel {
  readonly serviceId: Id<'shippingService'>
  readonly serviceCode: string
  readonly days: TransitDays
  /** The days on which it collects, travels and delivers; shares a weekday with the location's. */
  readonly calendar: WorkingCalendar
  /** Journeys by the day on which work begins: nearly all orders of a day ask for the same one. */
  readonly journeys: Map<LocalDate, Journey>
}

interface Journey {
  readonly handedOverOn: LocalDate
  readonly earliest: Instant
  readonly latest: Instant
}

/** Goods that are sent. Locations that `travels` does not know cannot send them. */
export interface ShipRoute {
  readonly method: 'ship'
  readonly zone: string
  /** IANA time zone of the destination: in it the day of arrival begins and ends. */
  readonly timeZone: string
  readonly ranking: Ranking
  readonly travels: ReadonlyMap<Id<'location'>, Travel>
}

/** Where the goods are to go and which locations may send them. */
export type Route =
  | ShipRoute
  | { readonly method: 'pickup' | 'carried_out'; readonly zone: string; readonly ranking: Ranking }

export interface DeliveryWindow {
  readonly earliest: Instant
  readonly latest: Instant
}

/**
 * When goods that a location has in hand at `from` reach the buyer.
 *
 * Sent: work begins today before the cut-off, else on the next working day; after the handling time the first day on
 * which the location works and the carrier collects is that of the hand-over; transit counts the carrier's working
 * days; the window runs from the first to the last moment of these days where the buyer lives. Picked up: ready after
 * the preparation time, of which only opening hours count. Ordered later, neither is ever earlier.
 */
export function arrivalOf(route: Route, node: Node, from: Instant): DeliveryWindow {
  if (route.method === 'ship') {
    const journey = journeyOf(route, node, from)
    const earliest = Math.max(from, journey.earliest) as Instant
    return { earliest, latest: Math.max(earliest, journey.latest) as Instant }
  }
  if (route.method === 'carried_out') return { earliest: from, latest: from }
  const ready = roundUp(addOpenMinutes(node, from, node.pickupMinutes))
  return { earliest: ready, latest: ready }
}

/** Nobody is told a minute and a second to come; and what is told stays the same for a while, which caches like. */
const PICKUP_STEP_MS = 5 * MINUTE_MS

function roundUp(instant: Instant): Instant {
  return (Math.ceil(instant / PICKUP_STEP_MS) * PICKUP_STEP_MS) as Instant
}

/** What an arrival was computed from, small enough to be stored: `[location, service, handed over on, days, days, cut-off]`. */
export type Leg =
  | readonly [code: string, service: string, handedOverOn: string, daysMin: number, daysMax: number, cutOff: number]
  | readonly [code: string, preparationMinutes: number]

export function legOf(route: Route, node: Node, from: Instant): Leg {
  if (route.method !== 'ship') return [node.code, route.method === 'pickup' ? node.pickupMinutes : 0]
  const { serviceCode, serviceId, days } = travelOf(route, node)
  const { handedOverOn } = journeyOf(route, node, from)
  return [node.code, serviceCode, handedOverOn, days.min, days.max, cutOffOf(node, serviceId)]
}

function travelOf(route: ShipRoute, node: Node): Travel {
  return must(route.travels.get(node.locationId), 'a service from every location that may send')
}

function cutOffOf(node: Node, serviceId: Id<'shippingService'>): number {
  return node.cutOffByService.get(serviceId) ?? node.cutOffMinutes
}

/** Days a journey is remembered by; a new day forgets the last month's. */
const JOURNEYS_MAX = 40

function journeyOf(route: ShipRoute, node: Node, from: Instant): Journey {
  const travel = travelOf(route, node)
  const begins = beginOfWork(node, travel, from)
  let journey = travel.journeys.get(begins)
  if (journey === undefined) {
    journey = planJourney(route, node, travel, begins)
    if (travel.journeys.size >= JOURNEYS_MAX) travel.journeys.clear()
    travel.journeys.set(begins, journey)
  }
  return journey
}

/** Where handling is told in hours they are worked off first, and the cut-off is that of what is ready. */
function beginOfWork(node: Node, { serviceId }: Travel, from: Instant): LocalDate {
  const { calendar, timeZone, handlingDays, handlingMinutes } = node
  const cutOffMinutes = cutOffOf(node, serviceId)
  if (handlingMinutes === 0) return workingDayFor(from, { cutOffMinutes, calendar, timeZone })
  const begins =
    handlingDays === 0
      ? from
      : startOfDay(
          addWorkingDays(workingDayFor(from, { cutOffMinutes, calendar, timeZone }), handlingDays, calendar),
          timeZone,
        )
  return workingDayFor(addOpenMinutes(node, begins, handlingMinutes), { cutOffMinutes, calendar, timeZone })
}

function planJourney(route: ShipRoute, node: Node, { calendar, days }: Travel, begins: LocalDate): Journey {
  const handlingDays = node.handlingMinutes === 0 ? node.handlingDays : 0
  let handedOverOn = addWorkingDays(begins, handlingDays, node.calendar)
  while (!isWorkingDay(handedOverOn, node.calendar) || !isWorkingDay(handedOverOn, calendar)) {
    handedOverOn = addDays(handedOverOn, 1)
  }
  return {
    handedOverOn,
    earliest: startOfDay(addWorkingDays(handedOverOn, days.min, calendar), route.timeZone),
    latest: addMs(endOfDay(addWorkingDays(handedOverOn, days.max, calendar), route.timeZone), -1),
  }
}

/** When `minutes` of a location's opening hours have passed; the moment it opens next when none are to pass. */
export function addOpenMinutes(node: Node, from: Instant, minutes: number): Instant {
  let left = minutes * MINUTE_MS
  for (let { date } = dayOf(from, node.timeZone); ; date = addDays(date, 1)) {
    for (const { opens, closes } of openingOf(node, date)) {
      const since = Math.max(from, opens)
      if (since >= closes) continue
      if (left <= closes - since) return addMs(since as Instant, left)
      left -= closes - since
    }
  }
}

/** A location without hours is there all day long on its working days; one with hours keeps them unless it is closed. */
function openingOf(
  { opening, calendar, timeZone }: Node,
  date: LocalDate,
): readonly { readonly opens: Instant; readonly closes: Instant }[] {
  if (opening.length === 0) {
    return isWorkingDay(date, calendar) ? [{ opens: startOfDay(date, timeZone), closes: endOfDay(date, timeZone) }] : []
  }
  if (calendar.closedDates.includes(date)) return []
  const weekday = weekdayOf(date)
  return opening
    .filter((hours) => hours.weekday === weekday)
    .map(({ opens, closes }) => ({
      opens: instantAt(date, opens, timeZone),
      closes: instantAt(date, closes, timeZone),
    }))
}
