import type { Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { CurrencyCode } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import type { Channel } from '../merchant/index.ts'
import {
  decideTenders,
  findGiftCard,
  readAccounts,
  spendableById,
  whyUnusable,
  type Payments,
  type UnusableReason,
  type ValueAccountId,
  type ValueAccountRow,
} from '../payments/index.ts'

/** Gift cards that a cart may hold; nobody carries more. */
export const GIFT_CARDS_PER_CART_MAX = 10

export interface CoveringCard {
  readonly id: Id<'giftCard'>
  readonly last4: string
  /** What it would pay now; zero when the cards before it pay everything, or when it cannot be used. */
  readonly coveredMinor: bigint
  readonly unusable: UnusableReason | null
}

/** What the cart's gift cards would pay of its total now, and what would be left. Nothing is reserved of them. */
export async function coverCart(
  source: Queryable,
  {
    cardIds,
    channel,
    currency,
    at,
  }: {
    readonly cardIds: readonly Id<'giftCard'>[]
    readonly channel: Channel
    readonly currency: CurrencyCode
    readonly at: Instant
  },
  totalMinor: bigint,
): Promise<{ readonly cards: readonly CoveringCard[]; readonly dueMinor: bigint }> {
  if (cardIds.length === 0) return { cards: [], dueMinor: totalMinor }
  const rows = await readAccounts(source, cardIds)
  const value = spendableById(rows)
  const sale = { at, currency, legalEntityId: channel.legalEntityId }
  const reasonOf = (id: ValueAccountId) => whyUnusable(must(value.get(id), 'a card of the cart'), sale)
  const decision = decideTenders(
    {
      ...sale,
      totalMinor,
      wishes: cardIds.filter((id) => reasonOf(id) === null).map((accountId) => ({ accountId, amountMinor: null })),
      hasProvider: true,
      seenDueMinor: null,
      mustSayDue: false,
    },
    value,
  )
  invariant(decision.kind === 'accepted', 'cards that can be used, each once, with a provider for the rest')
  const coveredById = new Map(decision.shares.map(({ accountId, amountMinor }) => [accountId, amountMinor]))
  const rowById = new Map(rows.map((row) => [row.id, row]))
  const cards = cardIds.map((id) => ({
    id,
    last4: must(rowById.get(id)?.code_last4, 'the end of a code'),
    coveredMinor: coveredById.get(id) ?? 0n,
    unusable: reasonOf(id),
  }))
  return { cards, dueMinor: decision.dueMinor }
}

export type FindCardOutcome =
  | { readonly kind: 'found'; readonly id: Id<'giftCard'> }
  | {
      readonly kind: 'refused'
      readonly refusal:
        | { readonly code: 'gift_card_unknown' }
        | { readonly code: 'gift_card_unusable'; readonly reason: UnusableReason }
    }

/** The card of a typed code, if this cart can be paid with it. */
export async function findCardForCart(
  { source, payments }: { readonly source: Queryable; readonly payments: Payments },
  typed: string,
  sale: { readonly channel: Channel; readonly currency: CurrencyCode; readonly at: Instant },
): Promise<FindCardOutcome> {
  const hashes = payments.codes.hashes(typed)
  const card: ValueAccountRow | null = hashes === null ? null : await findGiftCard(source, hashes)
  if (card === null) return { kind: 'refused', refusal: { code: 'gift_card_unknown' } }
  const { currency, at, channel } = sale
  const spendable = must(spendableById([card]).get(card.id), 'the card that was found')
  const reason = whyUnusable(spendable, { at, currency, legalEntityId: channel.legalEntityId })
  if (reason !== null) return { kind: 'refused', refusal: { code: 'gift_card_unusable', reason } }
  return { kind: 'found', id: card.id as Id<'giftCard'> }
}
