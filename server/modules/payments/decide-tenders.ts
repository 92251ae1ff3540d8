import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ValueAccountId, ValueAccountRow, ValueKind } from './value-account.ts'

/** Stored value that a buyer wants to pay with. */
export interface TenderWish {
  readonly accountId: ValueAccountId
  /** What it is to pay; null: as much as it can. */
  readonly amountMinor: bigint | null
}

/** Stored value as it stands under its lock, less what orders decided before have taken. */
export interface SpendableValue {
  readonly id: ValueAccountId
  readonly kind: ValueKind
  readonly legalEntityId: Id<'legalEntity'>
  readonly currency: CurrencyCode
  readonly availableMinor: bigint
  readonly blocked: boolean
  readonly expiresAt: Instant | null
}

/** Accounts by their id, as they are spent from. */
export function spendableById(rows: readonly ValueAccountRow[]): Map<ValueAccountId, SpendableValue> {
  return new Map(rows.map((row) => [row.id, spendable(row)]))
}

function spendable(row: ValueAccountRow): SpendableValue {
  return {
    id: row.id,
    kind: row.kind,
    legalEntityId: row.legal_entity_id,
    currency: row.currency,
    availableMinor: row.balance_minor - row.reserved_minor,
    blocked: row.blocked,
    expiresAt: row.expires_at,
  }
}

export interface TenderShare {
  readonly accountId: ValueAccountId
  readonly kind: ValueKind
  readonly amountMinor: bigint
}

export type UnusableReason = 'blocked' | 'expired' | 'other_currency' | 'other_seller'

export type TenderRefusal =
  | { readonly code: 'tender_twice' }
  | { readonly code: 'gift_card_unusable'; readonly reason: UnusableReason }
  /** `missingMinor` is what the tenders do not cover although they should. */
  | { readonly code: 'gift_card_insufficient'; readonly missingMinor: bigint; readonly dueMinor: bigint }
  | { readonly code: 'due_changed'; readonly dueMinor: bigint }

export type TenderDecision =
  /** `dueMinor` is left for the provider; zero: it is not asked. */
  | { readonly kind: 'accepted'; readonly shares: readonly TenderShare[]; readonly dueMinor: bigint }
  | { readonly kind: 'refused'; readonly refusal: TenderRefusal }

export interface TenderQuestion {
  readonly at: Instant
  readonly totalMinor: bigint
  readonly currency: CurrencyCode
  /** Whose channel sells. */
  readonly legalEntityId: Id<'legalEntity'>
  readonly wishes: readonly TenderWish[]
  /** Whether somebody pays what stored value leaves. */
  readonly hasProvider: boolean
  /** What the buyer saw was left to pay; null when the head did not say. */
  readonly seenDueMinor: bigint | null
  /** The buyer agreed to an amount that stored value was taken off already: it must be told what that was. */
  readonly mustSayDue: boolean
}

/**
 * Splits what an order costs over the stored value that is to pay for it, in the order given, each as much as it can or
 * as it was told; the provider pays the rest.
 *
 * @param value  by account, everything that `wishes` names
 */
export function decideTenders(
  question: TenderQuestion,
  value: ReadonlyMap<ValueAccountId, SpendableValue>,
): TenderDecision {
  const { wishes, totalMinor, hasProvider, seenDueMinor } = question
  if (new Set(wishes.map((wish) => wish.accountId)).size < wishes.length) return refuse({ code: 'tender_twice' })
  const shares: TenderShare[] = []
  let dueMinor = totalMinor
  let missingMinor = 0n
  for (const { accountId, amountMinor } of wishes) {
    const account = must(value.get(accountId), 'the value that a tender names')
    const reason = whyUnusable(account, question)
    if (reason !== null) return refuse({ code: 'gift_card_unusable', reason })
    const wantedMinor = least(amountMinor ?? dueMinor, dueMinor)
    const takenMinor = least(wantedMinor, account.availableMinor)
    if (amountMinor !== null) missingMinor += wantedMinor - takenMinor
    if (takenMinor === 0n) continue
    shares.push({ accountId, kind: account.kind, amountMinor: takenMinor })
    dueMinor -= takenMinor
  }
  if (!hasProvider && dueMinor > 0n) missingMinor = dueMinor
  if (missingMinor > 0n) return refuse({ code: 'gift_card_insufficient', missingMinor, dueMinor })
  const isUnsaid = question.mustSayDue && seenDueMinor === null
  if (isUnsaid || (seenDueMinor !== null && seenDueMinor !== dueMinor)) return refuse({ code: 'due_changed', dueMinor })
  return { kind: 'accepted', shares, dueMinor }
}

/** Why value cannot be spent here and now; null when it can, however little it is. */
export function whyUnusable(
  { currency, legalEntityId, blocked, expiresAt }: SpendableValue,
  sale: Pick<TenderQuestion, 'at' | 'currency' | 'legalEntityId'>,
): UnusableReason | null {
  if (currency !== sale.currency) return 'other_currency'
  if (legalEntityId !== sale.legalEntityId) return 'other_seller'
  if (blocked) return 'blocked'
  return expiresAt !== null && expiresAt <= sale.at ? 'expired' : null
}

/** Takes what an accepted order pays with out of what the next one is decided on. */
export function takeShares(value: Map<ValueAccountId, SpendableValue>, shares: readonly TenderShare[]): void {
  for (const { accountId, amountMinor } of shares) {
    const account = must(value.get(accountId), 'the value that a share was taken of')
    value.set(accountId, { ...account, availableMinor: account.availableMinor - amountMinor })
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function refuse(refusal: TenderRefusal): TenderDecision {
  return { kind: 'refused', refusal }
}
