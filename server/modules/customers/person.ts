import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Address } from './address.ts'

export type PersonKind = 'guest' | 'account'

/** What can be told of a person; null where nothing was said, and everywhere once the person is erased. */
export interface Contact {
  readonly email: string | null
  readonly name: string | null
  readonly phone: string | null
}

export interface Person extends Contact {
  readonly id: Id<'person'>
  readonly kind: PersonKind
  readonly createdAt: Instant
  readonly erasedAt: Instant | null
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
