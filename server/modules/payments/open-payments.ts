import type { Id } from '../../kernel/id.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Attempt } from './attempt.ts'
import { openCodeRing, type CodeRing, type MasterKey } from './code-ring.ts'
import type { AuthoriseAnswer, NotFound, PaymentProvider, Refused, Unknown } from './ports.ts'
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
  readonly returnUrl?: string | null | undefined
  readonly providerReference: string | null
  /** The order's number, as the provider's statements show it. */
  readonly reference: string
}

/** The providers this node can reach, by code. Calls happen outside of transactions and end by their deadline. */
export interface Payments {
  /** Codes of gift cards: made, recognised, shown. */
  readonly codes: CodeRing
  hasProvider(code: string): boolean
  /**
   * Asks for an attempt's money, or how it stands. Who asks again looks first: what a provider refuses now says nothing
   * about what it did before. Authorising again under the same key moves money once.
   */
  ask(attempt: AttemptToAsk, how?: { readonly isRepeat: boolean }): Promise<AuthoriseAnswer | NotFound>
  /** How a payment stands that we may have no reference of. */
  find(attempt: AttemptToAsk): Promise<Exclude<AuthoriseAnswer, Refused> | NotFound>
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
    async find({ id: attemptId, provider: code, reference, amount }) {
      const limit = { deadlineMs: FIRST_CALL_DEADLINE_MS }
      return standing(await provider(code).find({ attemptId, reference, amount }, limit))
    },
    async ask(attempt, { isRepeat } = { isRepeat: false }) {
      const { id: attemptId, reference, amount, token, returnUrl, providerReference } = attempt
      const limit = { deadlineMs: FIRST_CALL_DEADLINE_MS }
      const known = provider(attempt.provider)
      if (providerReference !== null) {
        return standing(await known.continue({ attemptId, reference, amount, providerReference }, limit))
      }
      const found = isRepeat ? standing(await known.find({ attemptId, reference, amount }, limit)) : null
      if (found !== null && (found.kind !== 'not_found' || token === null)) return found
      const request = { attemptId, reference, amount, token: must(token, 'a token until the provider has decided') }
      return known.authorise({ ...request, ...(typeof returnUrl === 'string' ? { returnUrl } : {}) }, limit)
    },
  }
}

/** A refusal to tell how a payment stands is not the end of that payment. */
function standing<Answer extends AuthoriseAnswer | NotFound>(answer: Answer): Exclude<Answer, Refused> | Unknown {
  if (answer.kind !== 'refused') return answer as Exclude<Answer, Refused>
  return { kind: 'unknown', cause: 'refused', detail: `${answer.code}: ${answer.detail}` }
}

/** What the provider needs to know of a stored attempt. */
export function askable(attempt: Attempt, reference: string): AttemptToAsk {
  const { id, provider, amount, token, returnUrl, providerReference } = attempt
  return { id, provider, amount, token, returnUrl, providerReference, reference }
}
