import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import { checkProvider, type ProviderRefusal, type ProviderSurroundings } from './check-provider.ts'
import type { IdentityProvider } from './provider.ts'
import { putProvider, readProviderRows } from './providers.sql.ts'

export type NewProvider = Omit<IdentityProvider, 'id' | 'version'>
/** The code stays, as everywhere. */
export type ProviderChanges = Partial<Omit<NewProvider, 'code'>>

export type CreateProviderOutcome =
  | { readonly kind: 'created'; readonly provider: IdentityProvider }
  | { readonly kind: 'refused'; readonly refusal: ProviderRefusal }

export type EditProviderOutcome =
  | { readonly kind: 'edited'; readonly provider: IdentityProvider }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: ProviderRefusal }

export interface SaveProviderDeps {
  readonly merchant: Merchant
  readonly allowsLoopback: boolean
}

/** Refused: the caller rolls back, or carries on and only a revision was used up. */
export async function createProvider(
  tx: Tx,
  deps: SaveProviderDeps,
  { actor, fields }: { readonly actor: string; readonly fields: NewProvider },
): Promise<CreateProviderOutcome> {
  const revision = await raiseRevision(tx, 'identity')
  const provider: IdentityProvider = { ...fields, id: newId(), version: 1 }
  const refusal = checkProvider(provider, await look(tx, deps, provider.id))
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, provider, revision, fields: Object.keys(fields) })
  return { kind: 'created', provider }
}

/** Changes a provider, if it still has the version that the editor saw. */
export async function editProvider(
  tx: Tx,
  deps: SaveProviderDeps,
  {
    actor,
    id,
    seenVersion,
    changes,
  }: {
    readonly actor: string
    readonly id: Id<'identityProvider'>
    readonly seenVersion: number
    readonly changes: ProviderChanges
  },
): Promise<EditProviderOutcome> {
  const revision = await raiseRevision(tx, 'identity')
  const current = (await readProviderRows(tx)).find((provider) => provider.id === id)
  if (current === undefined) return { kind: 'unknown' }
  if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
  const provider = { ...current, ...changes, version: current.version + 1 }
  const refusal = checkProvider(provider, await look(tx, deps, id))
  if (refusal !== null) return { kind: 'refused', refusal }
  write(tx, { actor, provider, revision, fields: Object.keys(changes) })
  return { kind: 'edited', provider }
}

async function look(
  tx: Tx,
  { merchant, allowsLoopback }: SaveProviderDeps,
  id: Id<'identityProvider'>,
): Promise<ProviderSurroundings> {
  const [rows, revisions] = await Promise.all([readProviderRows(tx), readRevisions(tx)])
  const { channelById } = await merchant.bookAt(tx, revisions.merchant)
  return { others: rows.filter((row) => row.id !== id), channelById, allowsLoopback }
}

function write(
  tx: Tx,
  {
    actor,
    provider,
    revision,
    fields,
  }: {
    readonly actor: string
    readonly provider: IdentityProvider
    readonly revision: bigint
    readonly fields: readonly string[]
  },
): void {
  putProvider(tx, provider, revision)
  const action = `identity_provider.${provider.version === 1 ? 'created' : 'edited'}`
  const id = formatId('identityProvider', provider.id)
  appendEvents(tx, [
    {
      type: action,
      aggregateKind: 'identity_provider',
      aggregateId: provider.id,
      version: provider.version,
      data: { id, fields },
      occurredAt: tx.at,
    },
  ])
  appendAudit(tx, { actor, action, object: id, detail: { fields, issuer: provider.issuer } })
}
