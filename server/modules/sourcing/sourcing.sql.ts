import type { Id } from '../../kernel/id.ts'
import type { Instant } from '../../kernel/time.ts'
import { instantArray, plainArray, type Queryable, type Tx } from '../../platform/db.ts'
import type { StoredFacts } from './decide-sourcing.ts'
import type { Node, Opening } from './network.ts'

/** A node as stored: its calendar by id. */
export type NodeRow = Omit<Node, 'calendar'> & { readonly calendarId: Id<'calendar'> | null }

/** Nodes of active locations; `inventory.place` is the view inventory publishes. */
export async function readNodes(source: Queryable): Promise<NodeRow[]> {
  const rows = await source.rows<{
    location_id: Id<'location'>
    code: string
    name: string
    zone: string
    country: string
    region: string | null
    postal_code: string
    latitude: number
    longitude: number
    ships: boolean
    offers_pickup: boolean
    channel_ids: Id<'channel'>[]
    countries: string[]
    calendar_id: Id<'calendar'> | null
    handling_days: number
    handling_minutes: number
    cut_off: number
    pickup_minutes: number
    cut_offs: { readonly service: Id<'shippingService'>; readonly minutes: number }[]
    opening: Opening[]
  }>({
    name: 'sourcing.read_nodes',
    text: `select node.location_id, place.code, place.name, place.zone, place.country, place.region,
                  place.postal_code, place.latitude, place.longitude, node.ships, node.offers_pickup,
                  node.channel_ids::text[], node.countries, node.calendar_id, node.handling_days,
                  node.handling_minutes, node.cut_off, node.pickup_minutes,
                  (select coalesce(jsonb_agg(jsonb_build_object('service', service_id, 'minutes', cut_off.cut_off)), '[]')
                     from sourcing.cut_off where cut_off.location_id = node.location_id) as cut_offs,
                  (select coalesce(jsonb_agg(jsonb_build_object('weekday', weekday, 'opens', opens, 'closes', closes)
                            order by weekday, opens), '[]')
                     from sourcing.opening where opening.location_id = node.location_id) as opening
             from sourcing.node join inventory.place on place.id = node.location_id
            where node.active
            order by place.code`,
  })
  return rows.map((row) => ({
    locationId: row.location_id,
    code: row.code,
    name: row.name,
    timeZone: row.zone,
    country: row.country,
    region: row.region,
    postalCode: row.postal_code,
    point: { latitude: row.latitude, longitude: row.longitude },
    ships: row.ships,
    offersPickup: row.offers_pickup,
    channelIds: row.channel_ids,
    countries: row.countries,
    calendarId: row.calendar_id,
    handlingDays: row.handling_days,
    handlingMinutes: row.handling_minutes,
    cutOffMinutes: row.cut_off,
    cutOffByService: new Map(row.cut_offs.map(({ service, minutes }) => [service, minutes])),
    opening: row.opening,
    pickupMinutes: row.pickup_minutes,
  }))
}

/** What somebody decides of a location's part in the network. */
export type NodeTerms = Pick<
  NodeRow,
  | 'ships'
  | 'offersPickup'
  | 'channelIds'
  | 'countries'
  | 'calendarId'
  | 'handlingDays'
  | 'handlingMinutes'
  | 'cutOffMinutes'
  | 'cutOffByService'
  | 'opening'
  | 'pickupMinutes'
>

/** The network's id of a location and the version of what was saved of it; null when nothing was. */
export async function readNodeVersion(
  source: Queryable,
  locationId: Id<'location'>,
): Promise<{ readonly id: Id<'networkNode'>; readonly version: number } | null> {
  const [row] = await source.rows<{ id: Id<'networkNode'>; version: number }>({
    name: 'sourcing.read_node_version',
    text: 'select id, version from sourcing.node where location_id = $1 and active',
    values: [locationId],
  })
  return row ?? null
}

/** Writes a node whole. The room's writers wait for each other on its revision and have read what they replace. */
export function putNode(
  tx: Tx,
  {
    id,
    locationId,
    version,
    terms,
  }: {
    readonly id: Id<'networkNode'>
    readonly locationId: Id<'location'>
    readonly version: number
    readonly terms: NodeTerms
  },
): void {
  tx.send({
    name: 'sourcing.put_node',
    text: `insert into sourcing.node
             (id, location_id, ships, offers_pickup, channel_ids, countries, calendar_id, handling_days,
              handling_minutes, cut_off, pickup_minutes, version)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict (location_id) do update
              set ships = excluded.ships, offers_pickup = excluded.offers_pickup, channel_ids = excluded.channel_ids,
                  countries = excluded.countries, calendar_id = excluded.calendar_id,
                  handling_days = excluded.handling_days, handling_minutes = excluded.handling_minutes,
                  cut_off = excluded.cut_off, pickup_minutes = excluded.pickup_minutes, version = excluded.version,
                  active = true`,
    values: [
      id,
      locationId,
      terms.ships,
      terms.offersPickup,
      [...terms.channelIds],
      [...terms.countries],
      terms.calendarId,
      terms.handlingDays,
      terms.handlingMinutes,
      terms.cutOffMinutes,
      terms.pickupMinutes,
      version,
    ],
  })
  const cutOffs = [...terms.cutOffByService]
  tx.send({
    name: 'sourcing.delete_cut_offs',
    text: 'delete from sourcing.cut_off where location_id = $1',
    values: [locationId],
  })
  tx.send({
    name: 'sourcing.insert_cut_offs',
    text: `insert into sourcing.cut_off (location_id, service_id, cut_off)
           select $1, cut_off.* from unnest($2::uuid[], $3::int[]) as cut_off`,
    values: [
      locationId,
      plainArray(cutOffs.map(([serviceId]) => serviceId)),
      plainArray(cutOffs.map(([, minutes]) => minutes)),
    ],
  })
  tx.send({
    name: 'sourcing.delete_opening',
    text: 'delete from sourcing.opening where location_id = $1',
    values: [locationId],
  })
  tx.send({
    name: 'sourcing.insert_opening',
    text: `insert into sourcing.opening (location_id, weekday, opens, closes)
           select $1, opening.* from unnest($2::int[], $3::int[], $4::int[]) as opening`,
    values: [
      locationId,
      plainArray(terms.opening.map(({ weekday }) => weekday)),
      plainArray(terms.opening.map(({ opens }) => opens)),
      plainArray(terms.opening.map(({ closes }) => closes)),
    ],
  })
}

/** The little that a program needs to say of a location it has just made; the rest is what the table has for everybody. */
export type NewNode = Pick<Node, 'locationId' | 'ships' | 'offersPickup' | 'channelIds' | 'countries' | 'handlingDays'>

export function upsertNodes(tx: Tx, nodes: readonly NewNode[]): void {
  for (const node of nodes) {
    tx.send({
      name: 'sourcing.upsert_node',
      text: `insert into sourcing.node (location_id, ships, offers_pickup, channel_ids, countries, handling_days)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (location_id) do update
                set ships = excluded.ships, offers_pickup = excluded.offers_pickup,
                    channel_ids = excluded.channel_ids, countries = excluded.countries,
                    handling_days = excluded.handling_days, active = true`,
      values: [
        node.locationId,
        node.ships,
        node.offersPickup,
        [...node.channelIds],
        [...node.countries],
        node.handlingDays,
      ],
    })
  }
}

export interface NewDecision {
  readonly id: Id<'decision'>
  readonly kind: 'placing' | 'reallocating'
  readonly orderId: Id<'order'>
  /** Number of the order's delivery group. */
  readonly group: number
  /** JSON text of `StoredFacts`, at most 1 kB at 50 locations. */
  readonly facts: string
}

/** Appends decisions in the order given; their sequence numbers are taken now, under the gates. */
export function insertDecisions(tx: Tx, decisions: readonly NewDecision[]): void {
  tx.send({
    name: 'sourcing.insert_decisions',
    text: `insert into sourcing.decision (id, kind, order_id, group_number, facts, decided_at)
           select id, kind, order_id, group_number, facts, $6::timestamptz
             from unnest($1::uuid[], $2::text[], $3::uuid[], $4::smallint[], $5::jsonb[]) with ordinality
                  as decision (id, kind, order_id, group_number, facts, place)
            order by place`,
    values: [
      plainArray(decisions.map((decision) => decision.id)),
      plainArray(decisions.map((decision) => decision.kind)),
      plainArray(decisions.map((decision) => decision.orderId)),
      plainArray(decisions.map((decision) => decision.group)),
      decisions.map((decision) => decision.facts),
      new Date(tx.at),
    ],
  })
}

export interface NewPromise {
  readonly orderId: Id<'order'>
  readonly group: number
  readonly version: number
  readonly decisionId: Id<'decision'>
  readonly method: 'ship' | 'pickup' | 'carried_out'
  readonly earliest: Instant
  readonly latest: Instant
  readonly reason: string
}

export function insertPromises(tx: Tx, promises: readonly NewPromise[]): void {
  tx.send({
    name: 'sourcing.insert_promises',
    text: `insert into sourcing.promise
             (order_id, group_number, version, decision_id, method, earliest, latest, reason, promised_at)
           select promise.*, $9::timestamptz
             from unnest($1::uuid[], $2::smallint[], $3::int[], $4::uuid[], $5::text[], $6::timestamptz[],
                         $7::timestamptz[], $8::text[]) as promise`,
    values: [
      plainArray(promises.map((promise) => promise.orderId)),
      plainArray(promises.map((promise) => promise.group)),
      plainArray(promises.map((promise) => promise.version)),
      plainArray(promises.map((promise) => promise.decisionId)),
      plainArray(promises.map((promise) => promise.method)),
      instantArray(promises.map((promise) => promise.earliest)),
      instantArray(promises.map((promise) => promise.latest)),
      promises.map((promise) => promise.reason),
      new Date(tx.at),
    ],
  })
}

export interface PromiseRow {
  readonly order_id: Id<'order'>
  readonly group_number: number
  readonly version: number
  readonly method: 'ship' | 'pickup' | 'carried_out'
  readonly earliest: Instant
  readonly latest: Instant
  readonly reason: string
  readonly promised_at: Instant
}

/** One promise of each delivery group of orders: the newest, or the version asked for. In the order of the groups. */
export function readPromises(
  source: Queryable,
  orderIds: readonly Id<'order'>[],
  { version = null }: { readonly version?: number | null } = {},
): Promise<PromiseRow[]> {
  return source.rows({
    name: 'sourcing.read_promises',
    text: `select distinct on (order_id, group_number) order_id, group_number, version, method, earliest, latest, reason,
                  promised_at
             from sourcing.promise where order_id = any($1::uuid[]) and version = coalesce($2::int, version)
            order by order_id, group_number, version desc`,
    values: [plainArray(orderIds), version],
  })
}

export interface DecisionRow {
  readonly id: Id<'decision'>
  readonly sequence: bigint
  readonly kind: 'placing' | 'reallocating'
  readonly order_id: Id<'order'>
  readonly group_number: number
  readonly facts: StoredFacts
  readonly decided_at: Instant
}

export function readDecisions(source: Queryable, orderId: Id<'order'>): Promise<DecisionRow[]> {
  return source.rows({
    name: 'sourcing.read_decisions',
    text: `select id, sequence, kind, order_id, group_number, facts, decided_at
             from sourcing.decision where order_id = $1 order by sequence`,
    values: [orderId],
  })
}
