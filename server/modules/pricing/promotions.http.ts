import { Type, type Static } from 'typebox'
import type { Id } from '../../kernel/id.ts'
import { unreachable } from '../../kernel/invariant.ts'
import { commitIf } from '../../platform/commit-if.ts'
import {
  actorOf,
  decodeCursor,
  encodeCursor,
  expectedVersion,
  idJson,
  once,
  page,
  pageQuery,
  readId,
  refuse,
  refusePlatform,
  sendVersion,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { findVariants, readSkus } from '../catalog/index.ts'
import { addCodes, setCodeActive, type WantedCodes } from './add-codes.ts'
import {
  create,
  createOnce,
  edit,
  foreignCursor,
  look,
  read,
  tags,
  whole,
  type PricingHttpDeps,
} from './answer-pricing.ts'
import {
  CodeEdit,
  codeJson,
  CodeJson,
  NewCodes,
  NewPromotion,
  PromotionEdit,
  promotionJson,
  PromotionJson,
  readPromotion,
  readPromotionEdit,
  skusIn,
  variantsIn,
  type PromotionNeighbours,
} from './promotion-json.ts'
import type { Promotion } from './promotion.ts'
import { refusals } from './pricing.refusals.ts'
import { listCodes } from './promotions.sql.ts'

export function mountPromotions(app: App, deps: PricingHttpDeps): void {
  const params = strict({ id: idJson('promotion') })
  app.get(
    '/v1/admin/promotions',
    {
      schema: { summary: 'Lists promotions, the oldest first', tags, response: { 200: whole(PromotionJson) } },
      config: read,
    },
    async (_request, reply) => {
      const { promotions } = await deps.pricing.currentBook()
      const neighbours = await lookFor(deps, promotions)
      return reply.send({ items: promotions.map((row) => promotionJson(row, neighbours)), nextCursor: null })
    },
  )

  app.get(
    '/v1/admin/promotions/:id',
    { schema: { summary: 'Reads a promotion', tags, params, response: { 200: PromotionJson } }, config: read },
    async (request, reply) => {
      const row = await findPromotion(deps, readId('promotion', request.params.id))
      if (row === undefined) return refusePlatform(reply, 'not_found')
      return sendVersion(reply, row.version).send(promotionJson(row, await lookFor(deps, [row])))
    },
  )

  app.post(
    '/v1/admin/promotions',
    {
      schema: { summary: 'Adds a promotion', tags, body: NewPromotion, response: { 201: PromotionJson } },
      config: create,
    },
    async (request, reply) => {
      const neighbours = await lookFor(deps, [], skusIn(request.body))
      const body = readPromotion(request.body, neighbours)
      return createOnce(
        deps,
        request,
        reply,
        'promotion',
        () => body,
        (row) => promotionJson(row, neighbours),
      )
    },
  )

  app.patch(
    '/v1/admin/promotions/:id',
    {
      schema: { summary: 'Edits a promotion', tags, params, body: PromotionEdit, response: { 200: PromotionJson } },
      config: edit,
    },
    async (request, reply) => {
      const id = readId('promotion', request.params.id)
      const current = await findPromotion(deps, id)
      if (current === undefined) return refusePlatform(reply, 'not_found')
      const neighbours = await lookFor(deps, [current], skusIn(request.body))
      const body = readPromotionEdit(request.body, current, neighbours)
      if (body.kind === 'refused') return refuse(reply, refusals, body.refusal)
      const command = {
        actor: actorOf(request.caller),
        kind: 'promotion',
        id,
        seenVersion: expectedVersion(request),
        changes: changesOf(current, body.fields),
      } as const
      const outcome = await commitIf(
        deps.db,
        (tx) => deps.pricing.editPricing(tx, command),
        (edited) => edited.kind === 'edited',
      )
      switch (outcome.kind) {
        case 'edited':
          return sendVersion(reply, outcome.row.version).send(promotionJson(outcome.row, neighbours))
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        case 'refused':
          return refuse(reply, refusals, outcome.refusal)
        default:
          return unreachable(outcome)
      }
    },
  )
  mountCodes(app, deps)
}

function mountCodes(app: App, deps: PricingHttpDeps): void {
  const params = strict({ id: idJson('promotion') })
  app.get(
    '/v1/admin/promotions/:id/codes',
    {
      schema: {
        summary: 'Lists the codes of a promotion, the oldest first',
        tags,
        params,
        querystring: strict(pageQuery),
        response: { 200: page(CodeJson) },
      },
      config: read,
    },
    async (request, reply) => {
      const { limit, cursor } = request.query
      const after = cursor === undefined ? ([null] as const) : decodeCursor(cursor, ['uuid'])
      if (after === null) return refusePlatform(reply, 'invalid_request', foreignCursor)
      const promotionId = readId('promotion', request.params.id)
      if ((await findPromotion(deps, promotionId)) === undefined) return refusePlatform(reply, 'not_found')
      const rows = await listCodes(deps.db, {
        promotionId,
        after: after[0] as Id<'promotionCode'> | null,
        limit: limit + 1,
      })
      const shown = rows.slice(0, limit)
      const last = rows.length > limit ? shown.at(-1) : undefined
      return reply.send({ items: shown.map(codeJson), nextCursor: last === undefined ? null : encodeCursor([last.id]) })
    },
  )

  app.post(
    '/v1/admin/promotions/:id/codes',
    {
      schema: {
        summary: 'Adds codes to a promotion: named ones, or up to 1,000 generated ones',
        description: 'All or none: where one of the named codes belongs to a promotion already, none is added.',
        tags,
        params,
        body: NewCodes,
        response: { 201: strict({ items: Type.Array(CodeJson) }) },
      },
      config: create,
    },
    async (request, reply) => {
      const wanted = wantedCodes(request.body)
      if (wanted === null) return refusePlatform(reply, 'invalid_request', eitherCodes)
      const promotionId = readId('promotion', request.params.id)
      if ((await findPromotion(deps, promotionId)) === undefined) return refusePlatform(reply, 'not_found')
      const usesMax = request.body.usesMax ?? null
      return once(deps, request, reply, {
        refusals,
        work: async (tx) => {
          const outcome = await addCodes(tx, { actor: actorOf(request.caller), promotionId, wanted, usesMax })
          return outcome.kind === 'taken'
            ? { refuse: { code: 'codes_taken', codes: outcome.codes } }
            : { status: 201, stored: { items: outcome.codes.map(codeJson) } }
        },
        render: (stored) => stored,
      })
    },
  )

  app.patch(
    '/v1/admin/promotions/:id/codes/:codeId',
    {
      schema: {
        summary: 'Switches a code on or off',
        tags,
        params: strict({ id: idJson('promotion'), codeId: idJson('promotionCode') }),
        body: CodeEdit,
        response: { 200: CodeJson },
      },
      config: edit,
    },
    async (request, reply) => {
      const { params: ids, body } = request
      const command = {
        actor: actorOf(request.caller),
        promotionId: readId('promotion', ids.id),
        codeId: readId('promotionCode', ids.codeId),
        seenVersion: expectedVersion(request),
        active: body.active,
      }
      const outcome = await commitIf(
        deps.db,
        (tx) => setCodeActive(tx, command),
        (edited) => edited.kind === 'switched',
      )
      switch (outcome.kind) {
        case 'switched':
          return sendVersion(reply, outcome.code.version).send(codeJson(outcome.code))
        case 'unknown':
          return refusePlatform(reply, 'not_found')
        case 'version_mismatch':
          return refusePlatform(reply, 'version_mismatch', { currentVersion: outcome.currentVersion })
        default:
          return unreachable(outcome)
      }
    },
  )
}

const eitherCodes = { errors: [{ path: '', message: 'has either codes or generate' }] }

function wantedCodes({ codes, generate }: Static<typeof NewCodes>): WantedCodes | null {
  if ((codes === undefined) === (generate === undefined)) return null
  if (codes !== undefined) return { kind: 'named', codes }
  return generate === undefined ? null : { kind: 'generated', prefix: '', ...generate }
}

async function findPromotion({ pricing }: PricingHttpDeps, id: Id<'promotion'>): Promise<Promotion | undefined> {
  return (await pricing.currentBook()).promotions.find((row) => row.id === id)
}

/** What the promotions and a body name, by the words that people use. */
async function lookFor(
  deps: PricingHttpDeps,
  promotions: readonly Promotion[],
  skus: readonly string[] = [],
): Promise<PromotionNeighbours> {
  const variantIds = [...new Set(promotions.flatMap(variantsIn))]
  const [neighbours, { tariffs }, variantBySku, skuByVariant] = await Promise.all([
    look(deps),
    deps.pricing.currentBook(),
    findVariants(deps.db, [...new Set(skus)]),
    readSkus(deps.db, variantIds),
  ])
  for (const [sku, { id }] of variantBySku) skuByVariant.set(id, sku)
  return { ...neighbours, tariffs, variantBySku, skuByVariant }
}

/** The fields that are other than before, for the record; the row is written whole. */
function changesOf(
  current: Promotion,
  fields: Omit<Promotion, 'id' | 'version'>,
): Partial<Omit<Promotion, 'id' | 'version'>> {
  const changed = Object.entries(fields).filter(([name, value]) => value !== current[name as keyof Promotion])
  return Object.fromEntries(changed)
}
