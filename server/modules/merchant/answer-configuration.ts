import { unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  once,
  refuse,
  refusePlatform,
  sendVersion,
  type Json,
  type KeyedRequest,
  type ProblemReply,
} from '../../platform/http/index.ts'
import type { ConfigurationByKind, ConfigurationKind } from './book.ts'
import { refusals } from './merchant.refusals.ts'
import type { Merchant } from './open-merchant.ts'
import type { MerchantPorts } from './ports.ts'
import {
  createConfiguration,
  editConfiguration,
  type ConfigurationChanges,
  type NewConfiguration,
} from './save-configuration.ts'

// What the routes of all kinds of configuration do alike: call, and map what comes back.

export interface ConfigurationDeps extends MerchantPorts {
  readonly db: Db
  readonly merchant: Merchant
}

/** A kind of configuration and how its rows are shown. */
export interface Edge<Kind extends ConfigurationKind> {
  readonly kind: Kind
  readonly view: (row: ConfigurationByKind[Kind]) => Json
}

export async function answerList<Kind extends ConfigurationKind, Reply extends ProblemReply>(
  { merchant }: ConfigurationDeps,
  reply: Reply,
  { kind, view }: Edge<Kind>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Reply> {
  const after = cursor === undefined ? ([''] as const) : decodeCursor(cursor, ['text'])
  if (after === null) {
    return refusePlatform(reply, 'invalid_request', { errors: [{ path: '/cursor', message: 'is not of this list' }] })
  }
  const rows = (await merchant.currentBook()).rows[kind]
    .filter(({ code }) => code > after[0])
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const nextCursor = last === undefined ? null : encodeCursor([last.code])
  reply.send({ items: rows.slice(0, limit).map(view), nextCursor })
  return reply
}

export async function answerOne<Kind extends ConfigurationKind, Reply extends ProblemReply>(
  { merchant }: ConfigurationDeps,
  reply: Reply,
  { kind, view }: Edge<Kind>,
  id: ConfigurationByKind[Kind]['id'],
): Promise<Reply> {
  const row = (await merchant.currentBook()).rows[kind].find((each) => each.id === id)
  if (row === undefined) return refusePlatform(reply, 'not_found')
  sendVersion(reply, row.version).send(view(row))
  return reply
}

export function createOnce<Kind extends ConfigurationKind, Reply extends ProblemReply>(
  { db }: ConfigurationDeps,
  request: KeyedRequest,
  reply: Reply,
  { kind, view }: Edge<Kind>,
  fields: NewConfiguration<Kind>,
): Promise<Reply> {
  return once({ db }, request, reply, {
    refusals,
    work: async (tx) => {
      const outcome = await createConfiguration(tx, { actor: actorOf(request.caller), kind, fields })
      return outcome.kind === 'refused' ? { refuse: outcome.refusal } : { status: 201, stored: view(outcome.row) }
    },
    render: (stored) => {
      sendVersion(reply, 1)
      return stored
    },
  })
}

export async function answerEdit<Kind extends ConfigurationKind, Reply extends ProblemReply>(
  { db, ...ports }: ConfigurationDeps,
  request: KeyedRequest & { readonly ifMatch: number | null },
  reply: Reply,
  { kind, view }: Edge<Kind>,
  id: ConfigurationByKind[Kind]['id'],
  changes: ConfigurationChanges<Kind>,
): Promise<Reply> {
  const command = { actor: actorOf(request.caller), kind, id, seenVersion: expectedVersion(request), changes }
  const outcome = await commitIf(
    db,
    (tx) => editConfiguration(tx, ports, command),
    (edit) => edit.kind === 'edited',
  )
  switch (outcome.kind) {
    case 'edited':
      sendVersion(reply, outcome.row.version).send(view(outcome.row))
      return reply
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
