import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX, type CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import type { MerchantBook } from '../merchant/index.ts'
import type { CodeRing } from './code-ring.ts'
import {
  ensureStoreCredit,
  findStoreCredit,
  lockAccounts,
  type SoldUnit,
  type StoreCreditOwner,
} from './stored-value.sql.ts'
import { formatAccountId, type ValueAccountId } from './value-account.ts'
import { ValueLedger } from './value-ledger.ts'

export interface GiftCardToIssue {
  readonly legalEntityId: Id<'legalEntity'>
  readonly currency: CurrencyCode
  readonly amountMinor: bigint
  readonly expiresAt: Instant | null
}

export type IssueRefusal =
  | { readonly code: 'legal_entity_unknown' }
  | { readonly code: 'currency_not_sold_in'; readonly currency: string }
  | { readonly code: 'expiry_past' }

/** Why value may not be issued; null when it may. Value that no channel could ever take is a mistake. */
export function checkIssue(
  { legalEntityId, currency, expiresAt }: Omit<GiftCardToIssue, 'amountMinor'>,
  book: MerchantBook,
  at: Instant,
): IssueRefusal | null {
  if (!book.legalEntityById.has(legalEntityId)) return { code: 'legal_entity_unknown' }
  const isSoldIn = book.rows.channel.some(
    (channel) => channel.legalEntityId === legalEntityId && channel.currencies.includes(currency),
  )
  if (!isSoldIn) return { code: 'currency_not_sold_in', currency }
  return expiresAt !== null && expiresAt <= at ? { code: 'expiry_past' } : null
}

/** Makes a gift card by hand: a present, an apology, a card sold elsewhere. */
export function issueGiftCard(
  tx: Tx,
  { codes, actor, reason }: { readonly codes: CodeRing; readonly actor: string; readonly reason: string },
  { amountMinor, ...card }: GiftCardToIssue,
): Id<'giftCard'> {
  const id = newId<'giftCard'>()
  const commandId = newId<'valueCommand'>()
  const ledger = new ValueLedger(tx, [])
  ledger.open(
    { id, kind: 'gift_card', ...card, code: codes.make(id), sold: null, personId: null },
    { amountMinor, commandId },
  )
  ledger.write(tx)
  appendAudit(tx, {
    actor,
    action: 'gift_card.issued',
    object: formatAccountId({ id, kind: 'gift_card' }),
    detail: { amount: Number(amountMinor), currency: card.currency, reason, command: commandId },
  })
  return id
}

/**
 * Makes the cards that orders sold, one a unit. The caller holds the orders' locks and moves the units on in the same
 * transaction: a unit whose card was made is not asked for again, and the schema refuses a second card of it.
 */
export function issueSoldCards(
  tx: Tx,
  codes: CodeRing,
  cards: readonly (GiftCardToIssue & { readonly sold: SoldUnit })[],
): void {
  if (cards.length === 0) return
  const ledger = new ValueLedger(tx, [])
  for (const { amountMinor, ...card } of cards) {
    const id = newId<'giftCard'>()
    ledger.open({ id, kind: 'gift_card', ...card, code: codes.make(id), personId: null }, { amountMinor })
  }
  ledger.write(tx)
}

export type AdjustRefusal =
  | { readonly code: 'value_insufficient'; readonly availableMinor: bigint; readonly currency: CurrencyCode }
  | { readonly code: 'value_currency_differs'; readonly currency: CurrencyCode }
  | { readonly code: 'value_too_large' }
  | { readonly code: 'amount_zero' }

export type AdjustOutcome =
  | { readonly kind: 'adjusted'; readonly id: ValueAccountId }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: AdjustRefusal }

/** A person's correction of what stored value is worth, up or down, never into what waiting orders have reserved. */
export interface Adjustment {
  readonly id: ValueAccountId
  readonly amountMinor: bigint
  readonly currency: CurrencyCode
  readonly actor: string
  readonly reason: string
}

export async function adjustValue(
  tx: Tx,
  { id, amountMinor, currency, actor, reason }: Adjustment,
): Promise<AdjustOutcome> {
  const locked = await lockAccounts(tx, [id])
  const [account] = locked
  if (account === undefined) return { kind: 'unknown' }
  const availableMinor = account.balance_minor - account.reserved_minor
  const refuse = (refusal: AdjustRefusal): AdjustOutcome => ({ kind: 'refused', refusal })
  if (account.currency !== currency) return refuse({ code: 'value_currency_differs', currency: account.currency })
  if (amountMinor === 0n) return refuse({ code: 'amount_zero' })
  if (availableMinor + amountMinor < 0n) return refuse({ code: 'value_insufficient', availableMinor, currency })
  if (account.balance_minor + amountMinor > MONEY_MINOR_MAX) return refuse({ code: 'value_too_large' })

  const commandId = newId<'valueCommand'>()
  // Store credit begins with the first that is given; a row without any entry was made a moment ago.
  const act = account.version === 0 ? 'issued' : 'adjusted'
  const ledger = new ValueLedger(tx, locked)
  ledger.post({ accountId: id, reason: act, amountMinor, commandId })
  ledger.write(tx)
  appendAudit(tx, {
    actor,
    action: `${account.kind}.${act}`,
    object: formatAccountId(account),
    detail: { amount: Number(amountMinor), currency, reason, command: commandId },
  })
  return { kind: 'adjusted', id }
}

/** Gives a customer credit, or takes some back; the first credit of a seller and currency makes the account. */
export async function grantStoreCredit(
  tx: Tx,
  owner: StoreCreditOwner,
  { amountMinor, actor, reason }: Pick<Adjustment, 'amountMinor' | 'actor' | 'reason'>,
): Promise<AdjustOutcome> {
  // Of two who give the first credit at once the second waits here and then finds the account of the first.
  await ensureStoreCredit(tx, newId<'storeCredit'>(), owner)
  const { id } = must(await findStoreCredit(tx, owner), 'the account that was just made sure of')
  return adjustValue(tx, { id, amountMinor, currency: owner.currency, actor, reason })
}
