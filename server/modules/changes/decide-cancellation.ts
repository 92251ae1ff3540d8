export type CancelRefusal =
  | { readonly code: 'already_ended'; readonly orderStatus: string }
  | { readonly code: 'already_in_work' }
  | { readonly code: 'payment_in_progress'; readonly retryAfterMs: number }

/**
 * Whether a whole order can still be cancelled, in the order in which a buyer would want to hear it.
 *
 * @param begun  some unit was handed to a location or further: the point of no return for a plain cancellation
 */
export function decideCancellation({
  status,
  attempts,
  begun,
}: {
  readonly status: string
  readonly attempts: readonly string[]
  readonly begun: boolean
}): CancelRefusal | null {
  if (status === 'cancelled' || status === 'expired' || status === 'completed') {
    return { code: 'already_ended', orderStatus: status }
  }
  if (begun) return { code: 'already_in_work' }
  // Money may be on its way: what became of it is known within the provider's deadline.
  if (attempts.some((attempt) => attempt === 'pending' || attempt === 'unknown')) {
    return { code: 'payment_in_progress', retryAfterMs: 5_000 }
  }
  return null
}
