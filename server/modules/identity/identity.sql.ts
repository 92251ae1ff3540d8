import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { ApiKey, ApiKeyKind } from './api-key.ts'

interface ApiKeyRow {
  readonly id: Id<'apiKey'>
  readonly kind: ApiKeyKind
  readonly name: string
  readonly hint: string
  readonly scopes: string[]
  readonly channel_id: Id<'channel'> | null
  readonly location_ids: Id<'location'>[]
  readonly created_at: Instant
  readonly revoked_at: Instant | null
}

export async function insertApiKey(tx: Tx, key: ApiKey, hash: string): Promise<void> {
  await tx.execute({
    name: 'identity.insert_api_key',
    text: `insert into identity.api_key
             (id, kind, name, hash, hint, scopes, channel_id, location_ids, created_at)
           values ($1, $2, $3, decode($4, 'base64'), $5, $6, $7, $8, $9)`,
    values: [
      key.id,
      key.kind,
      key.name,
      hash,
      key.hint,
      key.scopes,
      key.channelId,
      key.locationIds,
      new Date(key.createdAt),
    ],
  })
}

/** Every key that is not revoked, with its hash in base64. */
export async function readLiveApiKeys(source: Queryable): Promise<{ readonly key: ApiKey; readonly hash: string }[]> {
  const rows = await source.rows<ApiKeyRow & { hash: string }>({
    name: 'identity.read_live_api_keys',
    text: `select id, kind, name, encode(hash, 'base64') as hash, hint, scopes, channel_id, location_ids, created_at,
                  revoked_at
             from identity.api_key where revoked_at is null`,
  })
  return rows.map((row) => ({ key: keyOf(row), hash: row.hash }))
}

/** Newest first, beginning after the key `before`. */
export async function readApiKeys(
  source: Queryable,
  { before, limit }: { readonly before: Id<'apiKey'> | null; readonly limit: number },
): Promise<ApiKey[]> {
  const rows = await source.rows<ApiKeyRow>({
    name: 'identity.read_api_keys',
    text: `select id, kind, name, hint, scopes, channel_id, location_ids, created_at, revoked_at
             from identity.api_key where $1::uuid is null or id < $1
            order by id desc limit $2`,
    values: [before, limit],
  })
  return rows.map(keyOf)
}

export async function readApiKey(source: Queryable, id: Id<'apiKey'>): Promise<ApiKey | undefined> {
  const rows = await source.rows<ApiKeyRow>({
    name: 'identity.read_api_key',
    text: `select id, kind, name, hint, scopes, channel_id, location_ids, created_at, revoked_at
             from identity.api_key where id = $1`,
    values: [id],
  })
  return rows.map(keyOf)[0]
}

/** @returns whether this call is the one that revoked it */
export async function markRevoked(tx: Tx, id: Id<'apiKey'>, at: Instant): Promise<boolean> {
  const revoked = await tx.execute({
    name: 'identity.revoke_api_key',
    // A database clock that was set back must not end a key before its beginning.
    text: `update identity.api_key set revoked_at = greatest($2, created_at) where id = $1 and revoked_at is null`,
    values: [id, new Date(at)],
  })
  return revoked === 1
}

function keyOf(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    channelId: row.channel_id,
    locationIds: row.location_ids,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }
}
