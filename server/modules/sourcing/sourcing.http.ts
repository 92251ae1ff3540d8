import { Type, type Static } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { must, unreachable } from '../../kernel/invariant.ts'
import { formatLocalTime, parseLocalTime } from '../../kernel/local-time.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  CountryCode,
  expectedVersion,
  idJson,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Shipping } from '../shipping/index.ts'
import { saveNode, type SaveNode } from './save-node.ts'
import { refusals } from './sourcing.refusals.ts'
import { readNodeVersion, readNodes, type NodeTerms } from './sourcing.sql.ts'

const COUNTRIES_MAX = 250
const CHANNELS_MAX = 200
const SERVICES_MAX = 500
/** Four shifts a day. */
const OPENINGS_MAX = 28

const WallClock = Type.String({
  pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
  description: "By the location's wall clock; `24:00` is the end of the day.",
  examples: ['14:00'],
})
/** A cut-off at midnight would leave no day to work on. */
const CutOff = Type.String({
  pattern: '^((?!00:00)([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
  description: 'What comes at this minute of the wall clock or later is work of the next working day.',
  examples: ['14:00'],
})
const Network = strict(
  {
    ships: Type.Boolean({ description: 'Whether it hands parcels to carriers.' }),
    offersPickup: Type.Boolean({ description: 'Whether buyers may fetch their goods there.' }),
    channelIds: Type.Array(idJson('channel'), { maxItems: CHANNELS_MAX, description: 'Empty: every channel.' }),
    countries: Type.Array(CountryCode, { maxItems: COUNTRIES_MAX, description: 'Those it ships to.' }),
    calendarId: Type.Union([idJson('calendar'), Type.Null()], {
      description: 'The days on which it works and hands parcels over; null: every day.',
    }),
    handlingDays: Type.Integer({
      minimum: 0,
      maximum: 60,
      description: 'Working days between taking an order up and handing it to the carrier.',
    }),
    handlingMinutes: Type.Integer({
      minimum: 0,
      maximum: 2_880,
      description: 'On top of the days, of its opening hours. The cut-off then is that of goods that are ready.',
    }),
    cutOff: CutOff,
    cutOffs: Type.Array(strict({ serviceId: idJson('shippingService'), at: CutOff }), {
      maxItems: SERVICES_MAX,
      description: 'Of services that are collected at another time.',
    }),
    openingHours: Type.Array(
      strict({
        weekday: Type.Integer({ minimum: 1, maximum: 7, description: 'ISO, Monday is 1.' }),
        opens: WallClock,
        closes: WallClock,
      }),
      {
        maxItems: OPENINGS_MAX,
        description: "Days closed by the calendar aside. Empty: around the clock on the calendar's working days.",
      },
    ),
    pickupMinutes: Type.Integer({
      minimum: 0,
      maximum: 20_160,
      description: 'Opening minutes between an order and its being ready for pickup.',
    }),
  },
  { title: 'LocationNetwork' },
)
const NetworkJson = strict(
  { locationId: idJson('location'), ...Network.properties, version: Type.Integer({ minimum: 0 }) },
  { title: 'LocationNetworkState' },
)

/** A location that the network does not know yet: it serves nobody. */
const unsaved: NodeTerms = {
  ships: false,
  offersPickup: false,
  channelIds: [],
  countries: [],
  calendarId: null,
  handlingDays: 0,
  handlingMinutes: 0,
  cutOffMinutes: 1_440,
  cutOffByService: new Map(),
  opening: [],
  pickupMinutes: 240,
}

export interface SourcingHttpDeps {
  readonly db: Db
  readonly inventory: Inventory
  readonly merchant: Merchant
  readonly shipping: Shipping
}

export function mountSourcing(app: App, { db, inventory, merchant, shipping }: SourcingHttpDeps): void {
  const tags = ['sourcing']
  const params = strict({ id: idJson('location') })
  app.get(
    '/v1/admin/locations/:id/network',
    {
      schema: {
        summary: 'Reads what a location does for the network, and when it works',
        tags,
        params,
        response: { 200: NetworkJson },
      },
      config: { scope: 'sourcing:read' },
    },
    async (request, reply) => {
      const locationId = readId('location', request.params.id)
      if (!(await inventory.currentLocations()).byId.has(locationId)) return refusePlatform(reply, 'not_found')
      const [nodes, saved] = await Promise.all([readNodes(db), readNodeVersion(db, locationId)])
      const terms = nodes.find((node) => node.locationId === locationId) ?? unsaved
      const version = saved?.version ?? 0
      return sendVersion(reply, version).send(networkJson(request.params.id, version, terms))
    },
  )

  app.put(
    '/v1/admin/locations/:id/network',
    {
      schema: {
        summary: 'Says what a location does for the network, and when it works',
        description: 'Replaces all of it. `If-Match: "0"` where nothing was saved before.',
        tags,
        params,
        body: Network,
        response: { 200: NetworkJson },
      },
      config: { scope: 'sourcing:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const locationId = readId('location', request.params.id)
      if (!(await inventory.currentLocations()).byId.has(locationId)) return refusePlatform(reply, 'not_found')
      const command = {
        actor: actorOf(request.caller),
        locationId,
        seenVersion: expectedVersion(request),
        terms: termsOf(request.body),
      }
      const outcome = await commitIf(
        db,
        (tx) => saveNode(tx, { merchant, shipping }, command),
        ({ kind }) => kind === 'saved',
      )
      switch (outcome.kind) {
        case 'saved':
          return sendVersion(reply, outcome.version).send(
            networkJson(request.params.id, outcome.version, outcome.terms),
          )
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
        default:
          return unreachable(outcome)
      }
    },
  )
}

function termsOf({ cutOff, cutOffs, openingHours, ...body }: Static<typeof Network>): SaveNode['terms'] {
  return {
    ...body,
    channelIds: body.channelIds.map((id) => readId('channel', id)),
    calendarId: body.calendarId === null ? null : readId('calendar', body.calendarId),
    cutOffMinutes: minutesOf(cutOff),
    cutOffs: cutOffs.map(({ serviceId, at }) => ({
      serviceId: readId('shippingService', serviceId),
      minutes: minutesOf(at),
    })),
    opening: openingHours.map(({ weekday, opens, closes }) => ({
      weekday,
      opens: minutesOf(opens),
      closes: minutesOf(closes),
    })),
  }
}

function minutesOf(text: string): number {
  return must(parseLocalTime(text), 'a time of the wall clock, which the schema asked for')
}

function networkJson(locationId: string, version: number, terms: NodeTerms): Static<typeof NetworkJson> {
  return {
    locationId,
    ships: terms.ships,
    offersPickup: terms.offersPickup,
    channelIds: terms.channelIds.map((id) => formatId('channel', id)),
    countries: [...terms.countries],
    calendarId: terms.calendarId === null ? null : formatId('calendar', terms.calendarId),
    handlingDays: terms.handlingDays,
    handlingMinutes: terms.handlingMinutes,
    cutOff: formatLocalTime(terms.cutOffMinutes),
    cutOffs: [...terms.cutOffByService].map(([serviceId, minutes]) => ({
      serviceId: formatId('shippingService', serviceId),
      at: formatLocalTime(minutes),
    })),
    openingHours: terms.opening.map(({ weekday, opens, closes }) => ({
      weekday,
      opens: formatLocalTime(opens),
      closes: formatLocalTime(closes),
    })),
    pickupMinutes: terms.pickupMinutes,
    version,
  }
}
