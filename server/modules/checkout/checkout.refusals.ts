import type { RefusalTable } from '../../platform/http/index.ts'
import type { DecisionRefusal } from './decide-unknown-payment.ts'
import type { PayRefusal } from './pay-order.ts'
import type { PlacementRefusal } from './placement.ts'

export const refusals = {
  cart_empty: { status: 422, meaning: 'An order needs at least one line.' },
  too_many_lines: { status: 422, meaning: 'The order has more lines than `linesMax`.' },
  cart_not_found: { status: 404, meaning: 'There is no such cart, or it is not yours.' },
  cart_changed: { status: 409, meaning: 'The cart was changed while it was being ordered; read it and order again.' },
  cart_expired: { status: 409, meaning: 'The cart is older than its channel keeps carts; make a new one.' },
  too_many_quotes: {
    status: 409,
    meaning: 'The cart was quoted `quotesMax` times; order it as it is, or make a new one.',
  },
  order_exists: { status: 409, meaning: 'The cart became the order `orderId`; pay or cancel that one.' },
  sku_unknown: { status: 422, meaning: 'The `skus` do not exist, or are not sold in this channel.' },
  too_many_units: {
    status: 422,
    meaning: 'The order has more than `unitsMax` units of each of the `skus`, bundles taken apart.',
  },
  currency_unknown: { status: 422, meaning: 'The channel sells in `currencies` only.' },
  price_missing: { status: 422, meaning: 'The `skus` have no price in this channel and currency.' },
  amount_too_large: { status: 422, meaning: 'The order would cost more than the API can say exactly.' },
  address_invalid: { status: 422, meaning: 'The address is not one of its country; `problems` names the fields.' },
  address_missing: { status: 422, meaning: 'The order is shipped and has no shipping address.' },
  address_not_served: { status: 422, meaning: 'No location of ours ships to `country`.' },
  delivery_option_unknown: {
    status: 422,
    meaning: 'The delivery option is not offered for this order; read the options again.',
  },
  group_repeated: { status: 422, meaning: 'Two entries of `groups` have the number `group`.' },
  location_unknown: { status: 422, meaning: 'The order names no location, or one the network does not have.' },
  provider_unknown: { status: 422, meaning: 'No payment provider of this name is set up.' },
  out_of_stock: { status: 409, meaning: 'Not everything is available; `shortages` says what and how much there is.' },
  total_changed: {
    status: 409,
    meaning: 'The order costs something else than the buyer agreed to; `current` is the offer now.',
  },
  promise_changed: {
    status: 409,
    meaning: 'The order would arrive later than the buyer accepts or was quoted; `current` is the offer now.',
  },
  gift_card_unknown: { status: 422, meaning: 'No gift card has this code; look for a typing error.' },
  gift_card_unusable: {
    status: 422,
    meaning:
      'A gift card or store credit cannot pay this order: it is `blocked`, `expired`, `other_currency` or `other_seller`.',
  },
  customer_missing: {
    status: 422,
    meaning: "Store credit is its owner's: nobody is signed in, or they have none here.",
  },
  email_unproved: {
    status: 422,
    meaning: 'Store credit is spent once it is proved that the e-mail of the account is its owner’s.',
  },
  tender_twice: { status: 422, meaning: 'A gift card or store credit was named twice, or more than one provider.' },
  gift_card_insufficient: {
    status: 409,
    meaning:
      'Gift cards and store credit cover less than they should; `current.due` is left to pay with another means.',
  },
  due_changed: {
    status: 409,
    meaning:
      'After gift cards something else is left to pay than the buyer agreed to in `due`; `current` is the offer now.',
  },
  code_not_applied: {
    status: 409,
    meaning: 'Codes that were named give nothing for this order; `missed` says why. Leave them out to order without.',
  },
  line_total_wrong: {
    status: 422,
    meaning: 'The discount or the tax of line number `line` is larger than the line itself.',
  },
  charges_below_zero: { status: 422, meaning: "The charges bring the order's delivery or its tax below zero." },
  tenders_differ: {
    status: 422,
    meaning: 'The tenders of an order that is `paid` add up to its `total`, those of another to no more than that.',
  },
  reference_reused: { status: 422, meaning: 'The channel placed another order under this reference: `orderId`.' },
  placed_in_future: { status: 422, meaning: 'The order says it was placed later than now, which was `at`.' },
  channel_not_trusted: { status: 422, meaning: 'The channel does not exist, or may not bring its own prices.' },
  not_payable: { status: 409, meaning: 'The order does not wait for a payment; it is `orderStatus`.' },
  payment_overdue: { status: 409, meaning: 'The time to pay this order is over; order again.' },
  payment_in_progress: {
    status: 409,
    meaning: 'The payment provider has not answered yet; try again after `retryAfterMs`.',
  },
  payment_decided: { status: 409, meaning: 'It is known what became of the payment: it is `paymentStatus`.' },
  payment_reference_missing: {
    status: 422,
    meaning: 'A payment that was authorised has an id at its provider; give it as `providerReference`.',
  },
  payment_reference_differs: {
    status: 409,
    meaning: 'The provider named this payment `providerReference` before: look whether it is the same.',
  },
  payment_reference_taken: { status: 409, meaning: "The provider's id belongs to another payment of ours." },
  code_shown_before: {
    status: 409,
    meaning: 'The code of the card was shown before, and is shown once. Whoever lost it needs another card.',
  },
  payment_declined: {
    status: 402,
    meaning:
      'The payment was not made, for the `reason` given; the order keeps its goods until `order.payBy`, another payment is welcome.',
  },
} as const satisfies RefusalTable<
  PlacementRefusal | PayRefusal | DecisionRefusal | { readonly code: 'payment_declined' | 'code_shown_before' }
>
