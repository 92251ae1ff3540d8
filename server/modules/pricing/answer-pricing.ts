import { Type, type TSchema } from 'typebox'
import { unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  expectedVersion,
  once,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type Json,
  type KeyedRequest,
  type ProblemReply,
} from '../../platform/http/index.ts'
import type { Merchant } from '../merchant/index.ts'
import type { Pricing } from './open-pricing.ts'
import type { PricingPorts } from './ports.ts'
import type { Neighbours, Read } from './pricing-json.ts'
import { refusals } from './pricing.refusals.ts'
import type { EditPricingOutcome, NewPricing, PricingByKind, PricingChanges, PricingKind } from './save-pricing.ts'

// What the routes of all kinds of this room do alike: read, call, and map what comes back.

export interface PricingHttpDeps extends PricingPorts {
  readonly db: Db
  readonly pricing: Pricing
  readonly merchant: Merchant
}

export const tags = ['pricing']
export const read = { scope: 'pricing:read' } as const
export const create = { scope: 'pricing:write', idempotent: 'key', refusals } as const
export const edit = { scope: 'pricing:write', idempotent: 'natural', ifMatch: 'required', refusals } as const
export const foreignCursor = { errors: [{ path: '/cursor', message: 'is not of this list' }] }

/** There are few of each kind: lists come whole. */
export const whole = <Item extends TSchema>(item: Item) => strict({ items: Type.Array(item), nextCursor: Type.Null() })

export type View<Row> = (row: Row, neighbours: Neighbours) => Json

export async function look({ db, merchant, ...ports }: PricingHttpDeps): Promise<Neighbours> {
  const [book, services, locations, segments] = await Promise.all([
    merchant.currentBook(),
    ports.shippingServices(db),
    ports.locations(db),
    ports.segments(db),
  ])
  return { merchant: book, services, locations, segments }
}

export async function answerOne<Row extends { readonly version: number }, Reply extends ProblemReply>(
  deps: PricingHttpDeps,
  reply: Reply,
  row: Row | undefined,
  view: View<Row>,
): Promise<Reply> {
  if (row === undefined) return refusePlatform(reply, 'not_found')
  sendVersion(reply, row.version).send(view(row, await look(deps)))
  return reply
}

export async function createOnce<Kind extends PricingKind, Reply extends ProblemReply>(
  deps: PricingHttpDeps,
  request: KeyedRequest,
  reply: Reply,
  kind: Kind,
  readBody: (neighbours: Neighbours) => Read<NewPricing<Kind>>,
  view: View<PricingByKind[Kind]>,
): Promise<Reply> {
  // Before the transaction: inside, a second connection would be asked for while the first is held.
  const neighbours = await look(deps)
  const body = readBody(neighbours)
  return once(deps, request, reply, {
    refusals,
    work: async (tx) => {
      if (body.kind === 'refused') return { refuse: body.refusal }
      const outcome = await deps.pricing.createPricing(tx, {
        actor: actorOf(request.caller),
        kind,
        fields: body.fields,
      })
      return outcome.kind === 'refused'
        ? { refuse: outcome.refusal }
        : { status: 201, stored: view(outcome.row, neighbours) }
    },
    render: (stored) => {
      sendVersion(reply, 1)
      return stored
    },
  })
}

export async function answerEdit<Kind extends PricingKind, Reply extends ProblemReply>(
  deps: PricingHttpDeps,
  request: KeyedRequest & { readonly ifMatch: number | null },
  reply: Reply,
  {
    kind,
    id,
    changes,
  }: {
    readonly kind: Kind
    readonly id: PricingByKind[Kind]['id']
    readonly changes: PricingChanges<Kind>
  },
  view: View<PricingByKind[Kind]>,
): Promise<Reply> {
  const command = { actor: actorOf(request.caller), kind, id, seenVersion: expectedVersion(request), changes }
  const outcome: EditPricingOutcome<Kind> = await commitIf(
    deps.db,
    (tx) => deps.pricing.editPricing(tx, command),
    (edited) => edited.kind === 'edited',
  )
  switch (outcome.kind) {
    case 'edited':
      return answerOne(deps, reply, outcome.row, view)
    case 'unknown':
      return refusePlatform(reply, 'not_found')
    case 'version_mismatch':
      return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
    case 'refused':
      return refuse(reply, refusals, outcome.refusal)
    default:
      return unreachable(outcome)
  }
}
