import type { RefusalTable } from '../../platform/http/index.ts'
import type { CancelRefusal } from './decide-cancellation.ts'

export const refusals = {
  already_ended: { status: 409, meaning: 'The order is completed, cancelled or expired; nothing is left to cancel.' },
  already_in_work: {
    status: 409,
    meaning: 'A location has begun to work on the order; it can be returned once it arrives.',
  },
  payment_in_progress: {
    status: 409,
    meaning: 'The payment provider has not answered yet; try again after `retryAfterMs`.',
  },
} as const satisfies RefusalTable<CancelRefusal>
