import { Type } from 'typebox'

const payment = Type.Object({
  paymentId: Type.String({ description: 'The id of the attempt, `pay_…`.' }),
  orderId: Type.String(),
  provider: Type.String(),
  amount: Type.Object({ amount: Type.Integer(), currency: Type.String() }),
  failure: Type.Union([Type.String(), Type.Null()], { description: 'Why it did not succeed.' }),
})

const money = Type.Object({ amount: Type.Integer(), currency: Type.String() })
const value = Type.Object({
  id: Type.String({ description: '`gft_…` or `scr_…`.' }),
  amount: money,
  available: Type.Object(money.properties, { description: 'What can be spent after it.' }),
  orderId: Type.Union([Type.String(), Type.Null()], { description: 'The order it was bought with, or paid for.' }),
})

export const events = {
  'payment.pending': { summary: 'The provider has the payment and is still thinking.', data: payment },
  'payment.action_required': { summary: 'The buyer must take a step on a page of the provider.', data: payment },
  'payment.unknown': {
    summary: 'Asked, and whether it happened is not known; it is asked again under the same key.',
    data: payment,
  },
  'payment.authorised': { summary: 'The amount is reserved for us.', data: payment },
  'payment.declined': { summary: 'The provider said no, or refused the call.', data: payment },
  'payment.mismatched': {
    summary: 'The provider answered about other money than was asked; a person looks.',
    data: payment,
  },
  'payment.void_due': { summary: 'The order ended: what is reserved is to be given back.', data: payment },
  'payment.voided': { summary: 'Nothing is reserved any more.', data: payment },
  'payment.void_failed': { summary: 'Giving back did not succeed yet.', data: payment },
  'payment.due': {
    summary: 'It is time to ask the provider again, or to give back.',
    data: Type.Object({ paymentId: Type.String(), orderId: Type.String() }),
  },
  'gift_card.issued': { summary: 'A gift card was made, by a key or because it was bought.', data: value },
  'gift_card.redeemed': { summary: 'An accepted order was paid with it.', data: value },
  'gift_card.refunded': { summary: 'An order that it paid for was cancelled; the value is on it again.', data: value },
  'gift_card.adjusted': { summary: 'A person corrected its value, up or down.', data: value },
  'gift_card.expired': { summary: 'Its time is over: what no order had reserved was taken back.', data: value },
  'gift_card.changed': {
    summary: 'It was blocked, unblocked or given another expiry.',
    data: Type.Object({
      id: Type.String(),
      blocked: Type.Boolean(),
      expiresAt: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  'store_credit.issued': { summary: 'A customer was given their first credit.', data: value },
  'store_credit.redeemed': { summary: 'An accepted order was paid with it.', data: value },
  'store_credit.refunded': { summary: 'An order that it paid for was cancelled; the credit is back.', data: value },
  'store_credit.adjusted': { summary: 'A customer was given credit, or some was taken back.', data: value },
  'store_credit.expired': { summary: 'Its time is over: what no order had reserved was taken back.', data: value },
} as const
