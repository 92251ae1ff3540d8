import type { Queryable, Tx } from '../../platform/db.ts'
import type { IdentityProvider } from './provider.ts'

export function readProviderRows(source: Queryable): Promise<IdentityProvider[]> {
  return source.rows({
    name: 'identity.read_providers',
    text: `select id, code, name, channel_ids as "channelIds", issuer, audience, jwks_url as "jwksUrl", jwks, algorithms,
                  clock_skew_s as "clockSkewS", active, version
             from identity.provider order by code`,
  })
}

/** Writes a new provider or an edited one. @param revision  the room's, raised by this transaction */
export function putProvider(tx: Tx, provider: IdentityProvider, revision: bigint): void {
  tx.send({
    name: 'identity.put_provider',
    text: `insert into identity.provider
             (id, code, name, channel_ids, issuer, audience, jwks_url, jwks, algorithms, clock_skew_s, active, version,
              revision)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           on conflict (id) do update
             set name = excluded.name, channel_ids = excluded.channel_ids, issuer = excluded.issuer,
                 audience = excluded.audience, jwks_url = excluded.jwks_url, jwks = excluded.jwks,
                 algorithms = excluded.algorithms, clock_skew_s = excluded.clock_skew_s, active = excluded.active,
                 version = excluded.version, revision = excluded.revision`,
    values: [
      provider.id,
      provider.code,
      provider.name,
      provider.channelIds,
      provider.issuer,
      provider.audience,
      provider.jwksUrl,
      provider.jwks === null ? null : JSON.stringify(provider.jwks),
      provider.algorithms,
      provider.clockSkewS,
      provider.active,
      provider.version,
      revision,
    ],
  })
}
