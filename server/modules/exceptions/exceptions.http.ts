import { Type, type Static } from 'typebox'
import { formatId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import { formatInstant, parseInstant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Db } from '../../platform/db.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  idJson,
  InstantJson,
  once,
  page,
  pageQuery,
  readId,
  refusePlatform,
  strict,
  text,
  type App,
} from '../../platform/http/index.ts'
import { closeException } from './close-exceptions.ts'
import type { Exception } from './exception.ts'
import { refusals } from './exceptions.refusals.ts'
import { readException, type ExceptionFilter } from './exceptions.sql.ts'
import { listExceptions } from './list-exceptions.ts'

const Reason = Type.String({ pattern: '^[a-z][a-z0-9_]{0,59}$', examples: ['payment_unknown'] })
const TextOrNull = Type.Union([Type.String(), Type.Null()])
const InstantOrNull = Type.Union([InstantJson, Type.Null()])

const ExceptionJson = strict(
  {
    id: idJson('exception'),
    status: Type.Union([Type.Literal('open'), Type.Literal('closed')]),
    reason: Reason,
    objectId: Type.String({ description: 'What it is about.', examples: ['ord_01h2xcejqtf2nbrexx3vqjhp41'] }),
    facts: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What a person needs to know; differs by reason.',
    }),
    owner: TextOrNull,
    nextAction: Type.String({ description: 'What to do, in one sentence.' }),
    raisedAt: InstantJson,
    dueAt: InstantOrNull,
    closedAt: InstantOrNull,
    closedBy: TextOrNull,
    resolution: TextOrNull,
  },
  { title: 'Exception' },
)

const tags = ['exceptions']
const params = strict({ id: idJson('exception') })

export function mountExceptions(app: App, { db }: { readonly db: Db }): void {
  app.get(
    '/v1/admin/exceptions',
    {
      schema: {
        summary: 'Lists exceptions: open ones by how long they wait, closed ones newest first',
        tags,
        querystring: strict({
          ...pageQuery,
          status: Type.Union([Type.Literal('open'), Type.Literal('closed')], { default: 'open' }),
          reason: Type.Optional(Reason),
        }),
        response: { 200: page(ExceptionJson) },
      },
      config: { scope: 'exceptions:read' },
    },
    async (request, reply) => {
      const { limit, cursor, status, reason = null } = request.query
      const after = cursor === undefined ? null : placeOf(cursor)
      if (after === undefined) {
        return refusePlatform(reply, 'invalid_request', {
          errors: [{ path: '/cursor', message: 'is not of this list' }],
        })
      }
      // One more than asked for tells whether there is a next page.
      const exceptions = await listExceptions(db, { status, reason, after, limit: limit + 1 })
      const last = exceptions.length > limit ? exceptions[limit - 1] : undefined
      const nextCursor = last === undefined ? null : encodeCursor([formatInstant(last.raisedAt), last.id])
      return reply.send({ items: exceptions.slice(0, limit).map(exceptionJson), nextCursor })
    },
  )

  app.get(
    '/v1/admin/exceptions/:id',
    {
      schema: { summary: 'Reads an exception', tags, params, response: { 200: ExceptionJson } },
      config: { scope: 'exceptions:read' },
    },
    async (request, reply) => {
      const exception = await readException(db, readId('exception', request.params.id))
      return exception === undefined ? refusePlatform(reply, 'not_found') : reply.send(exceptionJson(exception))
    },
  )

  app.post(
    '/v1/admin/exceptions/:id/close',
    {
      schema: {
        summary: 'Closes an exception that was settled',
        tags,
        params,
        body: strict({ resolution: text(2_000, { minLength: 1, description: 'How it was settled.' }) }),
        response: { 200: ExceptionJson },
      },
      config: { scope: 'exceptions:write', idempotent: 'key', refusals },
    },
    async (request, reply) => {
      const id = readId('exception', request.params.id)
      if ((await readException(db, id)) === undefined) return refusePlatform(reply, 'not_found')
      const command = { id, closedBy: actorOf(request.caller), resolution: request.body.resolution }
      return once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await closeException(tx, command)
          if (outcome.kind === 'refused') return { refuse: outcome.refusal }
          invariant(outcome.kind === 'closed', 'exceptions are never deleted, and this one was there')
          const { closedBy: actor, resolution } = command
          appendAudit(tx, { actor, action: 'exception.closed', object: request.params.id, detail: { resolution } })
          return { status: 200, stored: { id } }
        },
        render: async (stored) =>
          exceptionJson(must(await readException(db, stored.id), 'an exception that was closed')),
      })
    },
  )
}

/** Where a page begins; undefined when the cursor is not one of this list. */
function placeOf(cursor: string): ExceptionFilter['after'] | undefined {
  const [instant = '', id] = decodeCursor(cursor, ['text', 'uuid']) ?? []
  const raisedAt = parseInstant(instant)
  return raisedAt === null ? undefined : { raisedAt, id: id as Id<'exception'> }
}

function exceptionJson(exception: Exception): Static<typeof ExceptionJson> {
  const { id, reason, objectKind, objectId, facts, owner, nextAction, raisedAt, dueAt, closed } = exception
  return {
    id: formatId('exception', id),
    status: closed === null ? 'open' : 'closed',
    reason,
    objectId: formatId(objectKind, objectId),
    facts: { ...facts },
    owner,
    nextAction,
    raisedAt: formatInstant(raisedAt),
    dueAt: dueAt === null ? null : formatInstant(dueAt),
    closedAt: closed === null ? null : formatInstant(closed.at),
    closedBy: closed?.by ?? null,
    resolution: closed?.resolution ?? null,
  }
}
