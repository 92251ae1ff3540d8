import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { GatedTx } from './gates.ts'
import type { Inbound, InboundLine, InboundStatus } from './inbound.ts'

interface InboundRow {
  readonly id: Id<'inbound'>
  readonly reference: string
  readonly location_id: Id<'location'>
  readonly eta: Instant
  readonly status: InboundStatus
  readonly version: number
  readonly created_at: Instant
  readonly lines: readonly InboundLine[]
}

const inboundColumns = `inbound.id, inbound.reference, inbound.location_id, inbound.eta, inbound.status,
  inbound.version, inbound.created_at,
  (select jsonb_agg(jsonb_build_object('variantId', line.variant_id, 'channelId', line.channel_id,
                                       'expected', line.expected, 'received', line.received)
                    order by line.variant_id, line.channel_id)
     from inventory.inbound_line as line where line.inbound_id = inbound.id) as lines`

export async function readInbound(source: Queryable, id: Id<'inbound'>): Promise<Inbound | undefined> {
  const rows = await source.rows<InboundRow>({
    name: 'inventory.read_inbound',
    text: `select ${inboundColumns} from inventory.inbound where id = $1`,
    values: [id],
  })
  return rows.map(inboundOf)[0]
}

/** Newest first. @param before  the last id of the page before, null for the first page */
export async function listInbounds(
  source: Queryable,
  {
    before,
    limit,
    locationId,
    status,
  }: {
    readonly before: Id<'inbound'> | null
    readonly limit: number
    readonly locationId: Id<'location'> | null
    readonly status: InboundStatus | null
  },
): Promise<Inbound[]> {
  const rows = await source.rows<InboundRow>({
    name: 'inventory.list_inbounds',
    text: `select ${inboundColumns} from inventory.inbound
            where ($1::uuid is null or id < $1) and ($3::uuid is null or location_id = $3)
              and ($4::text is null or status = $4)
            order by id desc limit $2`,
    values: [before, limit, locationId, status],
  })
  return rows.map(inboundOf)
}

function inboundOf({ location_id, created_at, ...same }: InboundRow): Inbound {
  return { ...same, locationId: location_id, createdAt: created_at }
}

/** The inbound, its lines, and an empty supply row for each. */
export function insertInbound(tx: Tx, inbound: Inbound): void {
  const { id, reference, locationId, eta, status, version, createdAt, lines } = inbound
  tx.send({
    name: 'inventory.insert_inbound',
    text: `insert into inventory.inbound (id, reference, location_id, eta, status, version, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [id, reference, locationId, new Date(eta), status, version, new Date(createdAt)],
  })
  tx.send({
    name: 'inventory.insert_inbound_lines',
    text: `insert into inventory.inbound_line (inbound_id, variant_id, channel_id, expected)
           select $1, * from unnest($2::uuid[], $3::uuid[], $4::int[])`,
    values: [id, ...lineArrays(lines), plainArray(lines.map((line) => line.expected))],
  })
  tx.send({
    name: 'inventory.insert_inbound_supply',
    text: `insert into inventory.supply (source_ref, location_id, eta, kind, quantity, variant_id, channel_id)
           select $1, $2, $3::timestamptz, 'inbound', 0, * from unnest($4::uuid[], $5::uuid[])`,
    values: [id, locationId, new Date(eta), ...lineArrays(lines)],
  })
}

/** The supply row of an inbound's line. */
export interface InboundSupply {
  readonly supplyId: bigint
  readonly inboundId: Id<'inbound'>
  readonly variantId: Id<'variant'>
  readonly channelId: Id<'channel'> | null
  /** Units still to come. */
  readonly quantity: number
  readonly claimed: number
}

/** In no particular order; `lineKey` tells which line each belongs to. */
export async function readInboundSupply(source: Queryable, ids: readonly Id<'inbound'>[]): Promise<InboundSupply[]> {
  const rows = await source.rows<{
    id: bigint
    source_ref: Id<'inbound'>
    variant_id: Id<'variant'>
    channel_id: Id<'channel'> | null
    quantity: number
    claimed: number
  }>({
    name: 'inventory.read_inbound_supply',
    text: `select id, source_ref, variant_id, channel_id, quantity, claimed
             from inventory.supply where kind = 'inbound' and source_ref = any($1::uuid[])`,
    values: [plainArray(ids)],
  })
  return rows.map((row) => ({
    supplyId: row.id,
    inboundId: row.source_ref,
    variantId: row.variant_id,
    channelId: row.channel_id,
    quantity: row.quantity,
    claimed: row.claimed,
  }))
}

/** Writes what may change of an inbound, under the gates of all its SKUs. */
export function updateInbound(tx: GatedTx, { id, eta, status, version, lines }: Inbound): void {
  tx.send({
    name: 'inventory.update_inbound',
    text: 'update inventory.inbound set eta = $2, status = $3, version = $4 where id = $1',
    values: [id, new Date(eta), status, version],
  })
  tx.send({
    name: 'inventory.update_inbound_lines',
    text: `update inventory.inbound_line as line set expected = told.expected, received = told.received
             from unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[])
                    as told (variant_id, channel_id, expected, received)
            where line.inbound_id = $1 and line.variant_id = told.variant_id
              and line.channel_id is not distinct from told.channel_id`,
    values: [
      id,
      ...lineArrays(lines),
      plainArray(lines.map((line) => line.expected)),
      plainArray(lines.map((line) => line.received)),
    ],
  })
}

export function updateInboundEta(tx: GatedTx, id: Id<'inbound'>, eta: Instant): void {
  tx.send({
    name: 'inventory.update_inbound_eta',
    text: `update inventory.supply set eta = $2 where kind = 'inbound' and source_ref = $1`,
    values: [id, new Date(eta)],
  })
}

function lineArrays(lines: readonly Pick<InboundLine, 'variantId' | 'channelId'>[]): string[] {
  return [plainArray(lines.map((line) => line.variantId)), plainArray(lines.map((line) => line.channelId))]
}
