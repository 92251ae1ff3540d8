import type { Id } from '../../kernel/id.ts'
import { formatInstant, type Instant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { changeAccount, lockAccounts } from './stored-value.sql.ts'
import { formatAccountId } from './value-account.ts'

export interface GiftCardChanges {
  readonly blocked?: boolean | undefined
  /** Null: it does not expire. */
  readonly expiresAt?: Instant | null | undefined
}

export type ChangeGiftCardOutcome =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: { readonly code: 'expiry_past' } }

/**
 * Blocks a card, unblocks it or gives it another expiry. What a waiting order has reserved stays reserved. A card that
 * expired and is given more time begins with what it has: what was taken back is given by an adjustment.
 */
export async function changeGiftCard(
  tx: Tx,
  {
    id,
    seenVersion,
    changes,
    actor,
  }: {
    readonly id: Id<'giftCard'>
    readonly seenVersion: number
    readonly changes: GiftCardChanges
    readonly actor: string
  },
): Promise<ChangeGiftCardOutcome> {
  const [card] = await lockAccounts(tx, [id])
  if (card?.kind !== 'gift_card') return { kind: 'unknown' }
  if (card.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: card.version }
  const expiresAt = changes.expiresAt === undefined ? card.expires_at : changes.expiresAt
  if (changes.expiresAt !== undefined && expiresAt !== null && expiresAt <= tx.at) {
    return { kind: 'refused', refusal: { code: 'expiry_past' } }
  }
  const blocked = changes.blocked ?? card.blocked
  const version = card.version + 1
  const isExtended = expiresAt === null || expiresAt > tx.at
  changeAccount(tx, {
    ...card,
    blocked,
    expires_at: expiresAt,
    expired_at: isExtended ? null : card.expired_at,
    version,
  })
  const object = formatAccountId(card)
  const told = { blocked, expiresAt: expiresAt === null ? null : formatInstant(expiresAt) }
  appendEvents(tx, [
    {
      type: 'gift_card.changed',
      aggregateKind: 'gift_card',
      aggregateId: id,
      version,
      data: { id: object, ...told },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'gift_card.changed', object, detail: told })
  return { kind: 'changed' }
}
