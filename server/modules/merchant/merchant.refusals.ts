import type { RefusalTable } from '../../platform/http/index.ts'
import type { ConfigurationRefusal } from './check-configuration.ts'

export type MerchantRefusal = ConfigurationRefusal

export const refusals = {
  code_invalid: {
    status: 422,
    meaning: 'A code is 1 to 40 of a-z and 0-9, in groups joined by one of `-`, `_` or `.`.',
  },
  code_taken: { status: 409, meaning: 'Another object of this kind has the code.' },
  name_blank: { status: 422, meaning: 'The name has no visible character.' },
  country_unknown: { status: 422, meaning: '`country` is not an ISO 3166-1 alpha-2 code.' },
  currency_unknown: { status: 422, meaning: '`currency` is not an ISO 4217 code of money.' },
  currency_not_sold: { status: 422, meaning: 'The channel names a `currency` that is not one of its `currencies`.' },
  time_zone_unknown: {
    status: 422,
    meaning: '`timeZone` is not `UTC` or the name of an IANA time zone such as `America/Chicago`.',
  },
  locale_unknown: { status: 422, meaning: '`locale` is not a BCP 47 tag in canonical form such as `en-US`.' },
  legal_entity_unknown: { status: 422, meaning: 'There is no legal entity with this id.' },
  market_unknown: { status: 422, meaning: 'There is no market with this id.' },
  trust_not_allowed: {
    status: 422,
    meaning: 'Web and app channels cannot be trusted: their keys are public, so anybody could name a price.',
  },
  duration_out_of_range: { status: 422, meaning: 'The seconds in `field` lie outside `secondsMin` to `secondsMax`.' },
  list_empty: { status: 422, meaning: 'The list in `field` needs at least one value.' },
  value_repeated: { status: 422, meaning: 'The list in `field` has `value` twice.' },
  region_invalid: {
    status: 422,
    meaning:
      '`region` is not the second part of an ISO 3166-2 code, such as `CA` for US-CA, or its country has no such region.',
  },
  postal_prefix_invalid: {
    status: 422,
    meaning: '`prefix` is not 1 to 10 upper-case letters and digits; leave spaces and hyphens out.',
  },
  zone_overlaps: {
    status: 409,
    meaning: 'The zone with the code `zone` already covers `part`, so an address there would have two zones.',
  },
  weekday_unknown: { status: 422, meaning: 'Weekdays are numbered 1 (Monday) to 7 (Sunday).' },
  price_lists_orphaned: {
    status: 409,
    meaning:
      'The price lists in `priceLists` fit no channel any more by their currency or their tax; end them first, ' +
      'by their `validUntil`.',
  },
  closed_too_long: {
    status: 422,
    meaning: 'From `from` on the calendar has no working day for `days` days; more than 365 would never be waited for.',
  },
  date_unknown: { status: 422, meaning: '`date` is not a day of the calendar in the form `2026-12-25`.' },
} as const satisfies RefusalTable<MerchantRefusal>
