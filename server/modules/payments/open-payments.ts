import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Attempt } from './attempt.ts'
import { openCodeRing, type CodeRing, type MasterKey } from './code-ring.ts'
import type { AuthoriseAnswer, NotFound, PaymentProvider } from './ports.ts'
import type { ValueKind } from './value-account.ts'

/** How long the buyer's request waits for a provider; what takes longer goes on without them. */
export const FIRST_CALL_DEADLINE_MS = 3_000
/** The first call's deadline and a margin for everything around it: then the sweep may take over. */
export const FIRST_CALL_LEASE_MS = FIRST_CALL_DEADLINE_MS + 7_000

export interface AttemptToAsk {
  readonly id: Id<'attempt'>
  readonly provider: string
  readonly amount: { readonly minor: bigint; readonly currency: CurrencyCode }
  readonly token: string | null
  readonly providerReference: string | null
  /** The order's number, as the provider's statements show it. */
  readonly reference: string
}

/** The providers this node can reach, by code. Calls happen outside of transactions and end by their deadline. */
export interface Payments {
  /** Codes of gift cards: made, recognised, shown. */
  readonly codes: CodeRing
  hasProvider(code: string): boolean
  /** Asks for an attempt's money, or how it stands: authorising again under the same key moves money once. */
  ask(attempt: AttemptToAsk, options?: { readonly returnUrl?: string }): Promise<AuthoriseAnswer | NotFound>
  provider(code: string): PaymentProvider
}

/** In the money book these stand for value of our own. */
const reservedCodes: readonly string[] = ['gift_card', 'store_credit'] satisfies readonly ValueKind[]

export function openPayments({
  providers,
  masterKeys,
}: {
  readonly providers: readonly PaymentProvider[]
  readonly masterKeys: readonly MasterKey[]
}): Payments {
  const providerByCode = new Map(providers.map((provider) => [provider.code, provider]))
  for (const code of reservedCodes) invariant(!providerByCode.has(code), `no payment provider is called ${code}`)
  const provider = (code: string) => must(providerByCode.get(code), `payment provider ${code}`)
  return {
    codes: openCodeRing(masterKeys),
    hasProvider: (code) => providerByCode.has(code),
    provider,
    ask(attempt, options = {}) {
      const { id: attemptId, reference, amount, token, providerReference } = attempt
      const limit = { deadlineMs: FIRST_CALL_DEADLINE_MS }
      const known = provider(attempt.provider)
      if (providerReference !== null) {
        return known.continue({ attemptId, reference, amount, providerReference }, limit)
      }
      // Without its token an attempt can only be looked up.
      return token === null
        ? known.find({ attemptId, reference, amount }, limit)
        : known.authorise({ attemptId, reference, amount, token, ...options }, limit)
    },
  }
}

/** What the provider needs to know of a stored attempt. */
export function askable(attempt: Attempt, reference: string): AttemptToAsk {
  const { id, provider, amount, token, providerReference } = attempt
  return { id, provider, amount, token, providerReference, reference }
}
