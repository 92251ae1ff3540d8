import { formatId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { CodeRing } from './code-ring.ts'
import { markShown, readKeptCodes } from './stored-value.sql.ts'

/**
 * Marks a card's code as shown. Whoever did it renders it with `readShownCode`, and again for a repeat of the same
 * request; a second request is told that it was shown before.
 *
 * @param actor  the key that asks, for the audit log; null: the buyer
 */
export async function showCode(
  tx: Tx,
  { id, actor }: { readonly id: Id<'giftCard'>; readonly actor: string | null },
): Promise<'shown' | 'shown_before'> {
  if ((await markShown(tx, id)) === 0) return 'shown_before'
  if (actor !== null) {
    appendAudit(tx, { actor, action: 'gift_card.code_shown', object: formatId('giftCard', id), detail: {} })
  }
  return 'shown'
}

/** The code of a card that the caller may see; null once it was forgotten, a day after it was shown. */
export async function readShownCode(source: Queryable, codes: CodeRing, id: Id<'giftCard'>): Promise<string | null> {
  const [kept] = await readKeptCodes(source, [id])
  const { code_sealed: sealed = null, code_key_version: keyVersion = null } = kept ?? {}
  return sealed === null || keyVersion === null ? null : codes.open(id, { sealed, keyVersion })
}
