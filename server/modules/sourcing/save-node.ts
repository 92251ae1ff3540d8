import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Shipping } from '../shipping/index.ts'
import { checkNode, type NodeRefusal } from './check-node.ts'
import { putNode, readNodeVersion, type NodeTerms } from './sourcing.sql.ts'

export interface SaveNodeDeps {
  readonly merchant: Merchant
  readonly shipping: Shipping
}

export interface SaveNode {
  readonly actor: string
  /** That of a location there is. */
  readonly locationId: Id<'location'>
  /** 0 where nothing was saved before. */
  readonly seenVersion: number
  readonly terms: Omit<NodeTerms, 'cutOffByService'> & {
    readonly cutOffs: readonly { readonly serviceId: Id<'shippingService'>; readonly minutes: number }[]
  }
}

export type SaveNodeOutcome =
  | { readonly kind: 'saved'; readonly version: number; readonly terms: NodeTerms }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: NodeRefusal }

/** Says what a location does for the network and when it works, whole. Refused or stale: nothing was written. */
export async function saveNode(
  tx: Tx,
  { merchant, shipping }: SaveNodeDeps,
  { actor, locationId, seenVersion, terms: { cutOffs, ...plain } }: SaveNode,
): Promise<SaveNodeOutcome> {
  await raiseRevision(tx, 'sourcing')
  const [current, revisions] = await Promise.all([readNodeVersion(tx, locationId), readRevisions(tx)])
  const currentVersion = current?.version ?? 0
  if (currentVersion !== seenVersion) return { kind: 'version_mismatch', currentVersion }
  const problems = checkNode(
    { ...plain, cutOffs },
    {
      merchant: await merchant.bookAt(tx, revisions.merchant),
      shipping: await shipping.bookAt(tx, revisions.shipping),
    },
  )
  if (problems.length > 0) return { kind: 'refused', refusal: { code: 'network_invalid', problems } }

  const id = current?.id ?? newId<'networkNode'>()
  const version = currentVersion + 1
  const terms = { ...plain, cutOffByService: new Map(cutOffs.map(({ serviceId, minutes }) => [serviceId, minutes])) }
  putNode(tx, { id, locationId, version, terms })
  const location = formatId('location', locationId)
  appendEvents(tx, [
    {
      type: 'network_node.saved',
      aggregateKind: 'network_node',
      aggregateId: id,
      version,
      data: { locationId: location },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action: 'network_node.saved', object: location, detail: { version } })
  return { kind: 'saved', version, terms }
}
