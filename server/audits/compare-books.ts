import type { Queryable } from '../platform/db.ts'
import type { Violations } from '../platform/audits/audits.sql.ts'
import { auditAgainst } from '../platform/audits/run-audits.ts'

/** A movement of money in the provider's own book, as `GET /book` of the sandbox provider tells it. */
export interface BookEntry {
  readonly id: string
  readonly kind: 'authorisation' | 'capture' | 'void' | 'refund'
  /** The payment's id at the provider. */
  readonly payment: string
  /** The order's number, as the provider was told it. */
  readonly reference: string
  /** Minor units. */
  readonly amount: number
  readonly currency: string
  /** Ours: the attempt's id, for later commands with a suffix. */
  readonly key: string
}

/**
 * Holds our money book against the provider's. To be asked when traffic has stopped: the two books cannot be read at
 * one moment.
 *
 * @param entries  the whole book of the provider, every page of it
 * @returns        what one book has and the other has not
 */
export function compareBooks(
  db: Queryable,
  entries: readonly BookEntry[],
  { provider = 'sandbox', sampleMax }: { readonly provider?: string; readonly sampleMax?: number } = {},
): Promise<Violations> {
  const rows = entries.map(({ id, kind, payment, amount, currency, key }) => ({
    provider,
    // An authorisation is known by its payment, what moves money later by its own entry.
    reference: kind === 'authorisation' ? payment : id,
    kind,
    amount_minor: amount,
    currency,
    key,
  }))
  return auditAgainst(db, 'our-money-book-is-the-providers', rows, sampleMax === undefined ? {} : { sampleMax })
}
