import { formatId, type Id } from '../../kernel/id.ts'
import type { Tx } from '../../platform/db.ts'
import { lockAccount, tellOf, type LockedAccount } from './account.ts'
import { mergeGuestRows } from './accounts.sql.ts'
import { normaliseEmail } from './contact.ts'
import type { KeyRing } from './key-ring.ts'

/** What one event can name; whoever ordered as a guest more often calls again. */
export const GUESTS_PER_MERGE_MAX = 500

export interface MergedGuests {
  readonly guests: readonly Id<'person'>[]
  /** There may be more than one call takes. */
  readonly hasMore: boolean
}

export type MergeGuestsOutcome =
  | ({ readonly kind: 'merged' } & MergedGuests)
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: { readonly code: 'email_not_verified' } }

/**
 * Makes the guests with an account's e-mail part of it: their carts and orders are the account's from now on. Rows of
 * other rooms keep the guest's id, and so does what they told at the time; only who they were is now known.
 *
 * An e-mail that its owner has not proved merges nobody: else anybody could read a stranger's orders by signing up
 * with their address. Done again it finds nobody; of two at once each guest goes to one.
 *
 * @param actor  the key that asks for it; null when the account's owner does
 */
export async function mergeGuests(
  tx: Tx,
  keys: KeyRing,
  { actor, accountId }: { readonly actor: string | null; readonly accountId: Id<'person'> },
): Promise<MergeGuestsOutcome> {
  const locked = await lockAccount(tx, keys, accountId)
  if (locked === null) return { kind: 'unknown' }
  if (locked.account.email_verified_at === null) return { kind: 'refused', refusal: { code: 'email_not_verified' } }
  const { merged } = await mergeGuestsOf(tx, keys, locked, { actor, version: locked.person.version })
  return { kind: 'merged', ...merged }
}

/** The same under the account's lock, with its e-mail proved. @returns also the account's version after it */
export async function mergeGuestsOf(
  tx: Tx,
  keys: KeyRing,
  { id, contact }: LockedAccount,
  { actor, version }: { readonly actor: string | null; readonly version: number },
): Promise<{ readonly merged: MergedGuests; readonly version: number }> {
  const email = contact.email === null ? null : normaliseEmail(contact.email)
  const guests =
    email === null
      ? []
      : await mergeGuestRows(tx, {
          accountId: id,
          emailHashes: keys.hashes('email', email),
          limit: GUESTS_PER_MERGE_MAX,
        })
  const merged = { guests, hasMore: guests.length === GUESTS_PER_MERGE_MAX }
  if (guests.length === 0) return { merged, version }
  const data = { guestIds: guests.map((guest) => formatId('person', guest)) }
  return { merged, version: tellOf(tx, id, version, [{ type: 'customer.guests_merged', data, actor }]) }
}
