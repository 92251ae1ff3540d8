import type { RefusalTable } from '../../platform/http/index.ts'
import type { AdjustRefusal, IssueRefusal } from './issue-value.ts'

export type PaymentsRefusal =
  | IssueRefusal
  | AdjustRefusal
  | { readonly code: 'gift_card_unknown' }
  | { readonly code: 'code_shown_before' }
  | { readonly code: 'customer_unknown' }

export const refusals = {
  legal_entity_unknown: { status: 422, meaning: 'There is no legal entity with this id.' },
  currency_not_sold_in: {
    status: 422,
    meaning: 'No channel of the legal entity sells in `currency`: nobody could ever spend the value.',
  },
  expiry_past: { status: 422, meaning: 'The expiry lies in the past; to stop a card, block it.' },
  value_insufficient: {
    status: 409,
    meaning: 'Less can be taken off than asked for: `available`; what waiting orders have reserved is theirs.',
  },
  value_currency_differs: { status: 422, meaning: 'The value is kept in `currency`.' },
  value_too_large: { status: 422, meaning: 'It would be worth more than the API can say exactly.' },
  amount_zero: { status: 422, meaning: 'An adjustment by nothing changes nothing.' },
  gift_card_unknown: { status: 422, meaning: 'No gift card has this code; look for a typing error.' },
  code_shown_before: {
    status: 409,
    meaning: 'The code of the card was shown before, and is shown once. Whoever lost it needs another card.',
  },
  customer_unknown: { status: 422, meaning: 'There is no customer with this id.' },
} as const satisfies RefusalTable<PaymentsRefusal>
