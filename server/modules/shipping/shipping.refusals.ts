import type { RefusalTable } from '../../platform/http/index.ts'
import type { ShippingRefusal } from './check-shipping.ts'

export const refusals = {
  shipping_code_invalid: {
    status: 422,
    meaning: 'Codes of carriers and services are 1 to 40 of a-z and 0-9, in groups joined by one of `-`, `_` or `.`.',
  },
  shipping_name_blank: { status: 422, meaning: 'The name of a carrier or service has no visible character.' },
  service_code_taken: { status: 409, meaning: 'Another shipping service has the code.' },
  carrier_unknown: { status: 422, meaning: 'There is no carrier with the code in `carrier`.' },
  service_calendar_unknown: { status: 422, meaning: 'There is no calendar with the id in `calendarId`.' },
  route_country_unknown: { status: 422, meaning: '`country` of a route is not an ISO 3166-1 alpha-2 code.' },
  route_prefix_invalid: {
    status: 422,
    meaning: '`prefix` is not up to 10 upper-case letters and digits; leave spaces and hyphens out.',
  },
  route_repeated: { status: 422, meaning: 'The route from `from` to `to` stands twice.' },
  transit_days_invalid: {
    status: 422,
    meaning: 'Transit days are whole, with 0 ≤ `daysMin` ≤ `daysMax` ≤ what this answer gives as `daysMax`.',
  },
} as const satisfies RefusalTable<ShippingRefusal>
