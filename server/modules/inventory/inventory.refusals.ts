import type { RefusalTable } from '../../platform/http/index.ts'
import type { AdjustStockRefusal } from './adjust-stock.ts'
import type { ChangeInboundRefusal } from './change-inbound.ts'
import type { LocationRefusal } from './check-location.ts'
import type { CreateInboundRefusal } from './create-inbound.ts'
import type { ReceiveInboundRefusal } from './receive-inbound.ts'
import type { EntryRefusal } from './resolve-entries.ts'
import type { SetLimitsRefusal } from './set-limits.ts'
import type { TakeCountsRefusal } from './take-counts.ts'

export type InventoryRefusal =
  | AdjustStockRefusal
  | ChangeInboundRefusal
  | CreateInboundRefusal
  | EntryRefusal
  | LocationRefusal
  | ReceiveInboundRefusal
  | SetLimitsRefusal
  | TakeCountsRefusal

export const refusals = {
  sku_unknown: { status: 422, meaning: 'There is no variant with the SKU at `path`.' },
  sku_not_stocked: {
    status: 422,
    meaning:
      'The SKU at `path` is not kept on shelves: a bundle is stocked by its components, digital goods and services not at all.',
  },
  location_unknown: { status: 422, meaning: 'There is no location with the code or id at `path`.' },
  channel_unknown: { status: 422, meaning: 'There is no channel with the code or id at `path`.' },
  entry_repeated: { status: 422, meaning: 'The entry at `path` is about what an earlier one is about.' },
  command_key_reused: { status: 422, meaning: 'This `commandKey` came with another command before.' },
  message_id_reused: { status: 422, meaning: 'This `messageId` came with another message before.' },
  stock_below_zero: {
    status: 409,
    meaning: 'The entry at `path` takes more than the `onHand` units that are there; count the place instead.',
  },
  stock_too_large: {
    status: 422,
    meaning: 'The entry at `path` leaves more units than a place can hold; `onHand` are there now.',
  },
  stock_in_work: {
    status: 409,
    meaning:
      'The location is working on `inWork` units of what the entry at `path` takes away: let it reject or short them first.',
  },
  as_of_in_future: { status: 422, meaning: '`asOf` is more than five minutes after `now`.' },
  occurred_in_future: { status: 422, meaning: '`occurredAt` is more than five minutes after `now`.' },
  safety_stock_fenced: {
    status: 422,
    meaning: 'Safety stock is kept of what every channel may sell: the entry at `path` names a channel.',
  },
  backorder_lead_missing: {
    status: 422,
    meaning: 'Units sold ahead are promised by how long their goods take: say `backorderLeadDays` at `path`.',
  },
  backorder_limit_below_claims: {
    status: 409,
    meaning: 'The limit at `path` is below the `claimed` units that are sold already.',
  },
  inbound_reference_reused: { status: 422, meaning: 'Another inbound has this `reference`.' },
  inbound_not_open: { status: 409, meaning: 'The inbound is `status` already; nothing more is expected of it.' },
  inbound_line_unknown: { status: 422, meaning: 'The inbound has no line for the SKU and channel at `path`.' },
  location_code_invalid: {
    status: 422,
    meaning:
      'The code of a location is 1 to 40 lower-case letters and digits, in groups separated by one of `-`, `_` or `.`.',
  },
  location_code_taken: { status: 409, meaning: 'Another location has the code.' },
  location_name_blank: { status: 422, meaning: 'The name of a location has no visible character.' },
  location_legal_entity_unknown: { status: 422, meaning: 'There is no legal entity with the id in `legalEntityId`.' },
  location_time_zone_unknown: {
    status: 422,
    meaning: '`timeZone` of a location is not `UTC` or the name of an IANA time zone such as `America/Chicago`.',
  },
  location_country_unknown: { status: 422, meaning: '`country` of a location is not an ISO 3166-1 alpha-2 code.' },
  coordinates_invalid: {
    status: 422,
    meaning: 'Latitude lies within −90 to 90 degrees, longitude within −180 to 180.',
  },
} as const satisfies RefusalTable<InventoryRefusal>
