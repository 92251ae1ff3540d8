import type { RefusalTable } from '../../platform/http/index.ts'
import type { FindCardOutcome } from './cover-cart.ts'
import type { EditCartRefusal } from './edit-cart.ts'
import type { SaleRefusal } from './price-sale.ts'

type CardRefusal = Extract<FindCardOutcome, { kind: 'refused' }>['refusal']

export const refusals = {
  order_exists: { status: 409, meaning: 'The cart became the order `orderId`; pay or cancel that one.' },
  cart_expired: { status: 409, meaning: 'The cart is older than its channel keeps carts; make a new one.' },
  cart_version: {
    status: 412,
    meaning: 'The cart was changed since the version in `If-Match`; read it again and decide anew.',
  },
  too_many_lines: { status: 422, meaning: 'The cart would have more lines than `linesMax`.' },
  quantity_too_large: { status: 422, meaning: 'A line of the cart would have more than `unitsMax` units.' },
  currency_unknown: { status: 422, meaning: 'The channel sells in `currencies` only.' },
  address_invalid: { status: 422, meaning: 'The address is not one of its country; `problems` names the fields.' },
  group_repeated: { status: 422, meaning: 'Two entries of `groups` have the number `group`.' },
  sku_unknown: { status: 422, meaning: 'The `skus` do not exist, or are not sold in this channel.' },
  price_missing: { status: 422, meaning: 'The `skus` have no price in this channel and currency.' },
  amount_too_large: { status: 422, meaning: 'The cart would cost more than the API can say exactly.' },
  too_many_gift_cards: { status: 422, meaning: 'The cart would hold more gift cards than `giftCardsMax`.' },
  too_many_codes: { status: 422, meaning: 'The cart would have more promotion codes than `codesMax`.' },
  gift_card_unknown: { status: 422, meaning: 'No gift card has this code; look for a typing error.' },
  gift_card_unusable: {
    status: 422,
    meaning: 'The gift card cannot pay this cart: it is `blocked`, `expired`, `other_currency` or `other_seller`.',
  },
  code_unknown: { status: 422, meaning: 'There are no promotion codes like `codes`; look for a typing error.' },
} as const satisfies RefusalTable<
  | EditCartRefusal
  | SaleRefusal
  | CardRefusal
  | { readonly code: 'group_repeated'; readonly group: number }
  | { readonly code: 'code_unknown'; readonly codes: readonly string[] }
>
