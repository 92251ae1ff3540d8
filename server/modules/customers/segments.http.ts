import { Type, type Static, type TSchema } from 'typebox'
import { formatId } from '../../kernel/id.ts'
import { commitIf } from '../../platform/commit-if.ts'
import {
  actorOf,
  CountryCode,
  expectedVersion,
  idJson,
  line,
  machineCode,
  MoneyJson,
  once,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { readFacts } from './buyers.ts'
import { consentChannels } from './consents.ts'
import type { CustomersHttpDeps } from './customers.http.ts'
import { refusals } from './customers.refusals.ts'
import { explainRule, type Explained, type Segment } from './decide-segments.ts'
import { editSegment } from './save-segment.ts'

const tags = ['customers']
const params = strict({ id: idJson('segment') })
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000 })
const range = { atLeast: Type.Optional(Count), atMost: Type.Optional(Count) }
const Words = Type.Array(machineCode(253), { maxItems: 250 })

const Condition = Type.Union(
  [
    strict({ fact: Type.Literal('kind'), is: Type.Enum(['guest', 'account']) }),
    strict({ fact: Type.Literal('country'), in: Type.Array(CountryCode, { maxItems: 250 }) }),
    strict({ fact: Type.Literal('tag'), in: Words }),
    strict({ fact: Type.Literal('emailDomain'), in: Words }),
    strict({
      fact: Type.Literal('consent'),
      purpose: machineCode(40),
      channel: Type.Enum([...consentChannels]),
    }),
    strict({ fact: Type.Literal('orderCount'), ...range }),
    strict({
      fact: Type.Literal('spent'),
      atLeast: Type.Optional(MoneyJson),
      atMost: Type.Optional(MoneyJson),
    }),
    strict({ fact: Type.Literal('daysSinceLastOrder'), ...range }),
    strict({ fact: Type.Literal('daysSinceSignUp'), ...range }),
  ],
  { title: 'SegmentCondition' },
)

/** Rules may nest; three levels say everything a person can still read. */
const Rule = composed(composed(composed(Condition, 'SegmentRuleInner'), 'SegmentRuleMiddle'), 'SegmentRule')

function composed<Part extends TSchema>(part: Part, title: string) {
  const parts = Type.Array(part, { maxItems: 20 })
  return Type.Union([Condition, strict({ all: parts }), strict({ any: parts }), strict({ not: part })], { title })
}

const editable = {
  name: line(200),
  rule: Rule,
  active: Type.Boolean({ description: 'Nobody is in a segment that is not.' }),
}
const SegmentJson = strict(
  { id: idJson('segment'), code: Type.String(), ...editable, version: Type.Integer() },
  { title: 'Segment' },
)
const NewSegmentJson = strict(
  { code: machineCode(40), name: editable.name, rule: Rule, active: Type.Optional(editable.active) },
  { title: 'NewSegment' },
)
const SegmentEdit = strict(Type.Partial(Type.Object(editable)).properties, { title: 'SegmentEdit' })

const MembershipJson = strict(
  {
    segment: idJson('segment'),
    code: Type.String(),
    isMember: Type.Boolean(),
    words: Type.Array(Type.String(), { description: 'The rule line by line, with what was found.' }),
  },
  { title: 'SegmentMembership' },
)

export function mountSegments(app: App, { db, customers }: CustomersHttpDeps): void {
  const { keys } = customers.inner

  app.get(
    '/v1/admin/segments',
    {
      schema: {
        summary: 'Lists segments by code',
        tags,
        response: { 200: strict({ items: Type.Array(SegmentJson), nextCursor: Type.Null() }) },
      },
      config: { scope: 'customers:read' },
    },
    async () => ({ items: (await customers.currentSegmentBook()).segments.map(segmentJson), nextCursor: null }),
  )

  app.get(
    '/v1/admin/segments/:id',
    {
      schema: { summary: 'Reads a segment', tags, params, response: { 200: SegmentJson } },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const { byId } = await customers.currentSegmentBook()
      const segment = byId.get(readId('segment', request.params.id))
      if (segment === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, segment.version).send(segmentJson(segment))
    },
  )

  app.post(
    '/v1/admin/segments',
    {
      schema: {
        summary: 'Adds a segment',
        description: 'Who is in it is decided by its rule whenever a cart is priced; nobody is put into it by hand.',
        tags,
        body: NewSegmentJson,
        response: { 201: SegmentJson },
      },
      config: { scope: 'customers:write', idempotent: 'key', refusals },
    },
    async (request, reply) =>
      once({ db }, request, reply, {
        refusals,
        work: async (tx) => {
          const command = { actor: actorOf(request.caller), fields: request.body }
          const outcome = await customers.createSegment(tx, command)
          return outcome.kind === 'refused'
            ? { refuse: outcome.refusal }
            : { status: 201, stored: segmentJson(outcome.segment) }
        },
        render: (stored) => {
          sendVersion(reply, 1)
          return stored
        },
      }),
  )

  app.patch(
    '/v1/admin/segments/:id',
    {
      schema: { summary: 'Edits a segment', tags, params, body: SegmentEdit, response: { 200: SegmentJson } },
      config: { scope: 'customers:write', idempotent: 'natural', ifMatch: 'required', refusals },
    },
    async (request, reply) => {
      const command = {
        actor: actorOf(request.caller),
        id: readId('segment', request.params.id),
        seenVersion: expectedVersion(request),
        changes: request.body,
      }
      const outcome = await commitIf(
        db,
        (tx) => editSegment(tx, command),
        ({ kind }) => kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited':
          return sendVersion(reply, outcome.segment.version).send(segmentJson(outcome.segment))
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
      }
    },
  )

  app.get(
    '/v1/admin/customers/:id/segments',
    {
      schema: {
        summary: 'Which segments a customer is in, and why',
        tags,
        params: strict({ id: idJson('person') }),
        querystring: strict({
          country: Type.Optional(Type.Unsafe<string>({ ...CountryCode, description: 'Where the order would go.' })),
        }),
        response: { 200: strict({ items: Type.Array(MembershipJson) }) },
      },
      config: { scope: 'customers:read' },
    },
    async (request, reply) => {
      const [{ segments }, { at }] = await Promise.all([customers.currentSegmentBook(), db.clock()])
      const question = {
        personId: readId('person', request.params.id),
        country: request.query.country ?? null,
        at,
      }
      const facts = await readFacts(db, keys, question)
      if (facts === null) return refusePlatform(reply, 'not_found')
      return reply.send({
        items: segments.map(({ id, code, rule, active }) => {
          const explained = explainRule(rule, facts, at)
          const words = active ? wordsOf(explained) : ['the segment is not active']
          return { segment: formatId('segment', id), code, isMember: active && explained.matched, words }
        }),
      })
    },
  )
}

/** `yes: has ordered at least 5 times (7 orders)`, parts indented below. */
function wordsOf({ matched, asked, found, parts }: Explained, depth = 0): string[] {
  const told = `${'  '.repeat(depth)}${matched ? 'yes' : 'no'}: ${asked}${found === null ? '' : ` (${found})`}`
  return [told, ...parts.flatMap((part) => wordsOf(part, depth + 1))]
}

function segmentJson({ id, code, name, rule, active, version }: Segment): Static<typeof SegmentJson> {
  return { id: formatId('segment', id), code, name, rule: rule as Static<typeof Rule>, active, version }
}
