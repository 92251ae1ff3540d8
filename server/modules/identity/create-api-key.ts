import { formatId, newId, type Id } from '../../kernel/id.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Tx } from '../../platform/db.ts'
import { appendEvents } from '../../platform/events/append.ts'
import { raiseRevision, readRevisions } from '../../platform/revision.ts'
import type { Merchant } from '../merchant/index.ts'
import { hashApiKey, hintOf, makeApiKey, type ApiKey } from './api-key.ts'
import { insertApiKey } from './identity.sql.ts'
import type { KnownLocations } from './ports.ts'
import { isAdminScope } from './scopes.ts'

export type NewApiKey =
  | { readonly kind: 'publishable'; readonly name: string; readonly channelId: Id<'channel'> }
  | { readonly kind: 'secret'; readonly name: string; readonly scopes: readonly string[] }
  | { readonly kind: 'partner'; readonly name: string; readonly locationIds: readonly Id<'location'>[] }

export type CreateApiKeyRefusal =
  | { readonly code: 'key_name_blank' }
  | { readonly code: 'channel_unknown' }
  | { readonly code: 'scopes_missing' }
  | { readonly code: 'scope_unknown'; readonly scope: string }
  | { readonly code: 'scope_not_held'; readonly scope: string }
  | { readonly code: 'locations_missing' }
  | { readonly code: 'location_unknown'; readonly location: string }

export type CreateApiKeyOutcome =
  | { readonly kind: 'created'; readonly apiKey: ApiKey; readonly key: string }
  | { readonly kind: 'refused'; readonly refusal: CreateApiKeyRefusal }

/** Who asks for a key. `scopes` null means a person at the server itself, who may grant everything. */
export interface Granter {
  readonly actor: string
  readonly scopes: readonly string[] | null
}

/**
 * Makes a key and returns it for the only time; the database keeps its hash.
 * Nobody grants what they do not hold: a key that may only write keys cannot make itself one that moves money.
 */
export async function createApiKey(
  tx: Tx,
  { merchant, locations }: { readonly merchant: Merchant; readonly locations: KnownLocations },
  granter: Granter,
  wanted: NewApiKey,
): Promise<CreateApiKeyOutcome> {
  await raiseRevision(tx, 'identity')
  const refusal =
    wanted.name.trim() === ''
      ? { code: 'key_name_blank' as const }
      : await checkBinding(tx, merchant, locations, granter, wanted)
  if (refusal !== null) return { kind: 'refused', refusal }

  const key = makeApiKey(wanted.kind)
  const apiKey: ApiKey = {
    id: newId(),
    kind: wanted.kind,
    name: wanted.name,
    hint: hintOf(key),
    scopes: wanted.kind === 'secret' ? [...new Set(wanted.scopes)].toSorted() : [],
    channelId: wanted.kind === 'publishable' ? wanted.channelId : null,
    locationIds: wanted.kind === 'partner' ? [...new Set(wanted.locationIds)] : [],
    createdAt: tx.wallAt,
    revokedAt: null,
  }
  await insertApiKey(tx, apiKey, hashApiKey(key))
  appendEvents(tx, [
    {
      type: 'api_key.created',
      aggregateKind: 'api_key',
      aggregateId: apiKey.id,
      version: 1,
      occurredAt: tx.at,
      data: { id: formatId('apiKey', apiKey.id), kind: apiKey.kind, name: apiKey.name },
    },
  ])
  appendAudit(tx, {
    actor: granter.actor,
    action: 'api_key.created',
    object: formatId('apiKey', apiKey.id),
    detail: {
      kind: apiKey.kind,
      name: apiKey.name,
      scopes: apiKey.scopes,
      channel: apiKey.channelId === null ? null : formatId('channel', apiKey.channelId),
      locations: apiKey.locationIds.map((id) => formatId('location', id)),
    },
  })
  return { kind: 'created', apiKey, key }
}

async function checkBinding(
  tx: Tx,
  merchant: Merchant,
  locations: KnownLocations,
  granter: Granter,
  wanted: NewApiKey,
): Promise<CreateApiKeyRefusal | null> {
  switch (wanted.kind) {
    case 'publishable': {
      const book = await merchant.bookAt(tx, (await readRevisions(tx)).merchant)
      return book.channelById.has(wanted.channelId) ? null : { code: 'channel_unknown' }
    }
    case 'secret': {
      if (wanted.scopes.length === 0) return { code: 'scopes_missing' }
      const unknown = wanted.scopes.find((scope) => !isAdminScope(scope))
      if (unknown !== undefined) return { code: 'scope_unknown', scope: unknown }
      const { scopes: held } = granter
      const notHeld = held === null ? undefined : wanted.scopes.find((scope) => !held.includes(scope))
      return notHeld === undefined ? null : { code: 'scope_not_held', scope: notHeld }
    }
    case 'partner': {
      if (wanted.locationIds.length === 0) return { code: 'locations_missing' }
      const [unknown] = await locations.unknownLocations(tx, wanted.locationIds)
      return unknown === undefined ? null : { code: 'location_unknown', location: formatId('location', unknown) }
    }
  }
}
