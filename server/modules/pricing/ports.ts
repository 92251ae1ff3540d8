import type { Id } from '../../kernel/id.ts'
import type { Queryable } from '../../platform/db.ts'
import type { TaxableAmount, TaxTerms } from './price-tax.ts'

/**
 * What this room refers to by code and may not open itself; the composition root passes it in. Each answers everything
 * there is: there are few of each.
 */
export interface PricingPorts {
  /** The shipping services that tariffs are for. */
  readonly shippingServices: ReadNamed<'shippingService'>
  /** Where goods are handed over: price lists may be for one. */
  readonly locations: ReadNamed<'location'>
  /** Of customers: price lists and promotions may be for one. */
  readonly segments: ReadNamed<'segment'>
}

type NamedKind = 'shippingService' | 'location' | 'segment'

export type ReadNamed<Kind extends NamedKind> = (source: Queryable) => Promise<readonly Named<Kind>[]>

export interface Named<Kind extends NamedKind> {
  readonly id: Id<Kind>
  readonly code: string
}

/**
 * Who knows the tax of a sale, where the table of rates does not: a tax service on the network. It is asked before
 * anything is locked, with a deadline, and its answer is handed to the decision as a value.
 */
export interface TaxService {
  readonly name: string
  taxesOf(question: TaxQuestion, limits: { readonly timeoutMs: number }): Promise<TaxAnswer>
}

export interface TaxQuestion extends TaxTerms {
  readonly currency: string
  /** Amounts after discounts, each with its class; deliveries are amounts like others. */
  readonly amounts: readonly (TaxableAmount & { readonly taxClass: string })[]
  readonly country: string
  readonly region: string | null
  readonly postalCode: string | null
}

export type TaxAnswer =
  /** One tax an amount, in their order, minor units; contained in the amounts or to be added, as was asked. */
  | { readonly kind: 'taxed'; readonly taxesMinor: readonly bigint[] }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number; readonly cause: string }
