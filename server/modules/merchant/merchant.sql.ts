import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import type { Calendar, Channel, ConfigurationRows, LegalEntity, Market } from './book.ts'
import type { Zone } from './decide-zone.ts'

/** The whole configuration in one statement, so that it is of one moment: no channel without its legal entity. */
export async function readConfiguration(source: Queryable): Promise<ConfigurationRows> {
  const [row] = await source.rows<{ configuration: ConfigurationRows }>({
    name: 'merchant.read_configuration',
    text: `select jsonb_build_object(
      'legalEntity', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'country', country, 'currency', currency, 'timeZone', zone,
          'version', version) order by code), '[]')
        from merchant.legal_entity),
      'market', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'countries', countries, 'version', version) order by code), '[]')
        from merchant.market),
      'channel', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'kind', kind, 'legalEntityId', legal_entity_id,
          'marketId', market_id, 'currency', currency, 'currencies', currencies, 'locale', locale,
          'timeZone', zone, 'taxIncluded', tax_included, 'taxIncludedExcept', tax_included_except,
          'taxRounding', tax_rounding,
          'trusted', trusted, 'cartTtlS', cart_ttl_s, 'quoteTtlS', quote_ttl_s,
          'claimsAt', claims_at, 'paymentTtlS', payment_ttl_s, 'paymentCapS', payment_cap_s,
          'active', active, 'version', version) order by code), '[]')
        from merchant.channel),
      'zone', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'country', country, 'regions', regions,
          'postalPrefixes', postal_prefixes, 'version', version) order by code), '[]')
        from merchant.zone),
      'calendar', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', id, 'code', code, 'name', name, 'workingDays', working_days,
          'closedDates', closed_dates, 'version', version) order by code), '[]')
        from merchant.calendar)) as configuration`,
  })
  return must(row, 'the one row of a select without from').configuration
}

// The room's writers wait for each other on its revision row and have just read the row they replace: each `put…`
// writes the whole row, new or not.

export async function putLegalEntity(tx: Tx, entity: LegalEntity): Promise<void> {
  await tx.execute({
    name: 'merchant.put_legal_entity',
    text: `insert into merchant.legal_entity (id, code, name, country, currency, zone, version)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (id) do update set name = excluded.name, zone = excluded.zone, version = excluded.version`,
    values: [entity.id, entity.code, entity.name, entity.country, entity.currency, entity.timeZone, entity.version],
  })
}

export async function putMarket(tx: Tx, market: Market): Promise<void> {
  await tx.execute({
    name: 'merchant.put_market',
    text: `insert into merchant.market (id, code, name, countries, version) values ($1, $2, $3, $4, $5)
           on conflict (id) do update
              set name = excluded.name, countries = excluded.countries, version = excluded.version`,
    values: [market.id, market.code, market.name, market.countries, market.version],
  })
}

export async function putChannel(tx: Tx, channel: Channel): Promise<void> {
  await tx.execute({
    name: 'merchant.put_channel',
    text: `insert into merchant.channel (
             id, code, name, kind, legal_entity_id, market_id, currency, currencies, locale, zone, tax_included,
             tax_included_except, tax_rounding, trusted, cart_ttl_s, quote_ttl_s, claims_at, payment_ttl_s,
             payment_cap_s, active, version)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
           on conflict (id) do update
              set name = excluded.name, market_id = excluded.market_id, currency = excluded.currency,
                  currencies = excluded.currencies, locale = excluded.locale, zone = excluded.zone,
                  tax_included = excluded.tax_included, tax_included_except = excluded.tax_included_except,
                  tax_rounding = excluded.tax_rounding, cart_ttl_s = excluded.cart_ttl_s,
                  quote_ttl_s = excluded.quote_ttl_s, claims_at = excluded.claims_at,
                  payment_ttl_s = excluded.payment_ttl_s, payment_cap_s = excluded.payment_cap_s,
                  active = excluded.active, version = excluded.version`,
    values: [
      channel.id,
      channel.code,
      channel.name,
      channel.kind,
      channel.legalEntityId,
      channel.marketId,
      channel.currency,
      channel.currencies,
      channel.locale,
      channel.timeZone,
      channel.taxIncluded,
      channel.taxIncludedExcept,
      channel.taxRounding,
      channel.trusted,
      channel.cartTtlS,
      channel.quoteTtlS,
      channel.claimsAt,
      channel.paymentTtlS,
      channel.paymentCapS,
      channel.active,
      channel.version,
    ],
  })
}

export async function putZone(tx: Tx, zone: Zone): Promise<void> {
  await tx.execute({
    name: 'merchant.put_zone',
    text: `insert into merchant.zone (id, code, name, country, regions, postal_prefixes, version)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (id) do update
              set name = excluded.name, regions = excluded.regions, postal_prefixes = excluded.postal_prefixes,
                  version = excluded.version`,
    values: [zone.id, zone.code, zone.name, zone.country, zone.regions, zone.postalPrefixes, zone.version],
  })
}

export async function putCalendar(tx: Tx, calendar: Calendar): Promise<void> {
  await tx.execute({
    name: 'merchant.put_calendar',
    text: `insert into merchant.calendar (id, code, name, working_days, closed_dates, version)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do update
              set name = excluded.name, working_days = excluded.working_days,
                  closed_dates = excluded.closed_dates, version = excluded.version`,
    values: [calendar.id, calendar.code, calendar.name, calendar.workingDays, calendar.closedDates, calendar.version],
  })
}

export async function openNumberSeries(
  tx: Tx,
  legalEntityId: Id<'legalEntity'>,
  series: readonly { readonly kind: string; readonly prefix: string }[],
): Promise<void> {
  await tx.execute({
    name: 'merchant.open_number_series',
    text: `insert into merchant.number_series (legal_entity_id, kind, prefix)
           select $1, kind, prefix from unnest($2::text[], $3::text[]) as series (kind, prefix)`,
    values: [legalEntityId, series.map(({ kind }) => kind), series.map(({ prefix }) => prefix)],
  })
}

/**
 * Moves a series on by `count` and keeps its row locked until the transaction ends: whoever comes next waits, and
 * finds the numbers untaken if this one rolls back. That is what makes the series gapless.
 */
export async function advanceNumberSeries(
  tx: Tx,
  legalEntityId: Id<'legalEntity'>,
  kind: string,
  count: number,
): Promise<{ readonly prefix: string; readonly next_number: bigint } | undefined> {
  const [row] = await tx.rows<{ prefix: string; next_number: bigint }>({
    name: 'merchant.advance_number_series',
    text: `update merchant.number_series set next_number = next_number + $3
            where legal_entity_id = $1 and kind = $2 returning prefix, next_number`,
    values: [legalEntityId, kind, count],
  })
  return row
}
