import { formatId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import type { ApiKey } from './api-key.ts'
import { markRevoked, readApiKey } from './identity.sql.ts'
import type { KeyRing } from './key-ring.ts'

/**
 * Ends a key. When this returns, this node no longer knows it; the others drop it when told, at the latest a second
 * later. Calling again is harmless: a call whose answer was lost is repeated to be sure.
 *
 * @returns the key as it is now, or null when there is none with this id
 */
export async function revokeApiKey(
  { db, ring }: { readonly db: Db; readonly ring: KeyRing },
  { actor, id }: { actor: string; id: Id<'apiKey'> },
): Promise<ApiKey | null> {
  const outcome = await db.inTransaction(async (tx) => {
    const isRevokedNow = await markRevoked(tx, id, tx.wallAt)
    // Ids that are no key, or none any more, must not make every node read its keys anew.
    const revision = isRevokedNow ? await raiseRevision(tx, 'identity') : (await readRevisions(tx)).identity
    if (isRevokedNow) {
      const object = formatId('apiKey', id)
      appendEvents(tx, [
        {
          type: 'api_key.revoked',
          aggregateKind: 'api_key',
          aggregateId: id,
          version: 2,
          occurredAt: tx.at,
          data: { id: object },
        },
      ])
      appendAudit(tx, { actor, action: 'api_key.revoked', object, detail: {} })
    }
    return { revision, apiKey: await readApiKey(tx, id) }
  })
  if (outcome.apiKey === undefined) return null
  // Waits until this node's ring is at least as new as the revocation; a look begun before it can no longer win.
  await ring.refresh(outcome.revision)
  return must(outcome.apiKey, 'the revoked key')
}
