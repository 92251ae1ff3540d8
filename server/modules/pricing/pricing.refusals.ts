import type { RefusalTable } from '../../platform/http/index.ts'
import type { PricingRefusal } from './check-pricing.ts'

export type { PricingRefusal } from './check-pricing.ts'

export const refusals = {
  code_invalid: {
    status: 422,
    meaning: 'A code is 1 to 40 lower-case letters and digits, in groups separated by one of `-`, `_` or `.`.',
  },
  code_taken: { status: 409, meaning: 'Another object of this kind has the code.' },
  name_blank: { status: 422, meaning: 'The name has no visible character.' },
  channel_unknown: { status: 422, meaning: 'There is no such channel.' },
  market_unknown: { status: 422, meaning: 'There is no market with this code.' },
  location_unknown: { status: 422, meaning: 'There is no location with this code.' },
  segment_unknown: { status: 422, meaning: 'There is no segment with this code.' },
  region_invalid: {
    status: 422,
    meaning: 'A region is the second part of an ISO 3166-2 code, such as `CA`, of its `country`, which comes with it.',
  },
  country_not_in_market: {
    status: 422,
    meaning: '`country` is not one of the countries of `market`; a list for both would never apply.',
  },
  zone_unknown: { status: 422, meaning: 'There is no zone with this code.' },
  service_unknown: { status: 422, meaning: 'There is no shipping service with this code.' },
  service_required: { status: 422, meaning: 'A tariff for shipping names its shipping service.' },
  service_not_allowed: { status: 422, meaning: 'A tariff for pickup has no shipping service.' },
  country_unknown: { status: 422, meaning: '`country` is not an ISO 3166-1 alpha-2 code.' },
  currency_not_sold_in: {
    status: 422,
    meaning: 'The channel, or every channel where none is named, does not sell in `currency`.',
  },
  tax_mode_differs: {
    status: 422,
    meaning: 'Channels that sell in this currency tell their prices with `taxIncluded`; the list would never apply.',
  },
  validity_reversed: { status: 422, meaning: '`validUntil` is not after `validFrom`.' },
  tax_rates_overlap: {
    status: 409,
    meaning: 'The zone has a rate for this tax class at some of the same time already: the one named in `with`.',
  },
  tax_rate_out_of_range: { status: 422, meaning: 'A rate is 0 to 1,000,000 parts per million.' },
  promotion_invalid: {
    status: 422,
    meaning: 'The promotion makes no sense; `reasons` names every place and what is wrong there.',
  },
  codes_taken: { status: 409, meaning: 'The codes in `codes` belong to a promotion already; none was added.' },
  amount_currency_differs: {
    status: 422,
    meaning: '`freeFrom` is in another currency than `price`, which is in `currency`.',
  },
} as const satisfies RefusalTable<PricingRefusal>
