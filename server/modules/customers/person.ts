import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Address } from './address.ts'

export type PersonKind = 'guest' | 'account'

/** What can be told of a person; null where nothing was said, and everywhere once the person is erased. */
export interface Contact {
  readonly email: string | null
  readonly name: string | null
  readonly phone: string | null
  /** The number under which the tax office knows them; of accounts only. */
  readonly taxId?: string | undefined
}

export interface Person extends Contact {
  readonly id: Id<'person'>
  readonly kind: PersonKind
  /** How many events tell of them; what an edit names in If-Match. */
  readonly version: number
  readonly createdAt: Instant
  readonly erasedAt: Instant | null
  /** The account whose owner this guest turned out to be. */
  readonly mergedInto: Id<'person'> | null
}

/** Never edited: orders refer to it. Who moves gets another one. */
export interface PersonAddress {
  readonly id: Id<'address'>
  readonly personId: Id<'person'>
  /** Readable also after erasure: taxes and reports need it. */
  readonly country: string
  readonly region: string | null
  /** Null once the person is erased. */
  readonly address: Address | null
}
