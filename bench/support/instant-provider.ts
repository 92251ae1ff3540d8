import type { PaymentProvider } from '../../server/modules/payments/index.ts'

/** A provider within the process that says yes at once: what is measured is ours alone. */
export const instantProvider: PaymentProvider = {
  code: 'sandbox',
  abilities: {
    partialCapture: true,
    multiCapture: true,
    partialRefund: true,
    overCapturePercent: 0,
    authorisationDays: 7,
    buyerSteps: false,
  },
  authorise: async ({ attemptId, amount }) => ({
    kind: 'authorised',
    providerReference: `instant_${attemptId}`,
    authorisedMinor: amount.minor,
    currency: amount.currency,
  }),
  continue: async ({ providerReference, amount }) => ({
    kind: 'authorised',
    providerReference,
    authorisedMinor: amount.minor,
    currency: amount.currency,
  }),
  find: async () => ({ kind: 'not_found' }),
  void: async ({ commandKey, currency }) => ({
    kind: 'voided',
    transactionReference: commandKey,
    voidedMinor: 0n,
    currency,
  }),
  capture: async ({ commandKey, amount }) => ({
    kind: 'captured',
    transactionReference: commandKey,
    capturedMinor: amount.minor,
    currency: amount.currency,
  }),
  refund: async ({ commandKey, amount }) => ({
    kind: 'refunded',
    transactionReference: commandKey,
    refundedMinor: amount.minor,
    currency: amount.currency,
  }),
}
