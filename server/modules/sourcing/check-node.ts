import { isCountry, type MerchantBook } from '../merchant/index.ts'
import type { ShippingBook } from '../shipping/index.ts'
import type { NodeTerms } from './sourcing.sql.ts'

/** One thing that keeps a location's part in the network from making sense. */
export interface NodeProblem {
  /** JSON pointer into the body. */
  readonly path: string
  readonly reason: NodeProblemReason
}

export const nodeProblemReasons = [
  'channel_unknown',
  'calendar_unknown',
  'service_unknown',
  'country_unknown',
  'repeated',
  'ships_nowhere',
  'hours_overlap',
  'closes_before_it_opens',
] as const
export type NodeProblemReason = (typeof nodeProblemReasons)[number]

export interface NodeRefusal {
  readonly code: 'network_invalid'
  readonly problems: readonly NodeProblem[]
}

/** Every reason why a location may not work like this; none when it may. */
export function checkNode(
  terms: Omit<NodeTerms, 'cutOffByService'> & {
    readonly cutOffs: readonly { readonly serviceId: string }[]
  },
  { merchant, shipping }: { readonly merchant: MerchantBook; readonly shipping: ShippingBook },
): NodeProblem[] {
  const { channelIds, countries, cutOffs, opening, calendarId } = terms
  const problems: NodeProblem[] = []
  const tell = (path: string, reason: NodeProblemReason): void => void problems.push({ path, reason })

  if (terms.ships && countries.length === 0) tell('/countries', 'ships_nowhere')
  if (calendarId !== null && !merchant.calendarById.has(calendarId)) tell('/calendarId', 'calendar_unknown')
  for (const [index, id] of channelIds.entries()) {
    if (!merchant.channelById.has(id)) tell(`/channelIds/${index}`, 'channel_unknown')
    if (channelIds.indexOf(id) !== index) tell(`/channelIds/${index}`, 'repeated')
  }
  for (const [index, country] of countries.entries()) {
    if (!isCountry(country)) tell(`/countries/${index}`, 'country_unknown')
    if (countries.indexOf(country) !== index) tell(`/countries/${index}`, 'repeated')
  }
  for (const [index, { serviceId }] of cutOffs.entries()) {
    if (!shipping.services.some(({ id }) => id === serviceId)) tell(`/cutOffs/${index}/serviceId`, 'service_unknown')
    if (cutOffs.findIndex((other) => other.serviceId === serviceId) !== index) {
      tell(`/cutOffs/${index}/serviceId`, 'repeated')
    }
  }
  for (const [index, { weekday, opens, closes }] of opening.entries()) {
    if (closes <= opens) tell(`/openingHours/${index}`, 'closes_before_it_opens')
    const overlaps = opening
      .slice(0, index)
      .some((other) => other.weekday === weekday && other.opens < closes && opens < other.closes)
    if (overlaps) tell(`/openingHours/${index}`, 'hours_overlap')
  }
  return problems
}
