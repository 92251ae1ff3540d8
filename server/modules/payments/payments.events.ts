import { Type } from 'typebox'

const payment = Type.Object({
  paymentId: Type.String({ description: 'The id of the attempt, `pay_…`.' }),
  orderId: Type.String(),
  provider: Type.String(),
  amount: Type.Object({ amount: Type.Integer(), currency: Type.String() }),
  failure: Type.Union([Type.String(), Type.Null()], { description: 'Why it did not succeed.' }),
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
} as const
