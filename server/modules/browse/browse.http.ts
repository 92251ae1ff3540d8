import { Type } from 'typebox'
import type { Id } from '../../kernel/id.ts'
import { invariant, unreachable } from '../../kernel/invariant.ts'
import { MONEY_MINOR_MAX } from '../../kernel/money.ts'
import {
  CountryCode,
  CurrencyCodeJson,
  line,
  Locale,
  machineCode,
  pageQuery,
  PostalCode,
  Sku,
  refuse,
  refusePlatform,
  strict,
  type App,
  type Caller,
  type ProblemReply,
} from '../../platform/http/index.ts'
import type { Answer, Answering } from './answer.ts'
import type { Audience } from './audience.ts'
import {
  AvailabilityListJson,
  CategoryTreeJson,
  ProductListJson,
  ShownProductJson,
  SkuDatesJson,
} from './browse-json.ts'
import { refusals } from './browse.refusals.ts'
import { PICKUPS_TOLD_MAX } from './delivery-options.ts'
import { mountFeed } from './feed.http.ts'
import type { Browse } from './open-browse.ts'

/** Some 100 kB of answer. */
const SKUS_MAX = 50
const SKU_CHARACTERS_MAX = 64
/** A title of 300 characters of any script fits; the usual limit would cut a walk through a Chinese catalog short. */
const CURSOR_CHARACTERS_MAX = 2_048

const tags = ['browse']
const config = { scope: 'store', refusals } as const

const currency = Type.Optional(CurrencyCodeJson)
const locale = Type.Optional(Locale)

const whereabouts = {
  country: Type.Optional(CountryCode),
  location: Type.Optional(
    line(40, {
      description:
        'Code or id of a store or a till: prices and assortment are those of its place, and what is sold only there is shown.',
      examples: ['l1'],
    }),
  ),
  region: Type.Optional(
    Type.String({ pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$', description: 'ISO 3166-2', examples: ['US-CA'] }),
  ),
}
const MinorUnits = Type.Integer({ minimum: 1, maximum: Number(MONEY_MINOR_MAX), description: 'Minor units.' })

const listQuery = strict({
  ...pageQuery,
  currency,
  locale,
  ...whereabouts,
  cursor: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]+$',
      maxLength: CURSOR_CHARACTERS_MAX,
      description: '`nextCursor` of the page before, with the same other parameters.',
    }),
  ),
  query: Type.Optional(
    line(200, {
      description: 'Words, their beginnings, or a SKU; typing errors are forgiven. The list is by relevance.',
    }),
  ),
  category: Type.Optional(line(120, { description: 'Code or handle; with all below it.' })),
  brand: Type.Optional(line(500, { description: 'One of these, separated by commas.' })),
  attributes: Type.Optional(
    line(1_000, {
      description: 'Values of filterable attributes: one of several by commas, ranges of numbers by two dots.',
      examples: ['colour:moss,sand;capacity:20..60;waterproof:true'],
    }),
  ),
  priceFrom: Type.Optional(MinorUnits),
  priceTo: Type.Optional(MinorUnits),
  available: Type.Optional(Type.Boolean({ description: 'Only what can be had now.' })),
  facets: Type.Optional(Type.Boolean({ description: 'Whether to count what the list could be narrowed by.' })),
})

const availabilityQuery = strict({
  currency,
  skus: machineCode(SKUS_MAX * (SKU_CHARACTERS_MAX + 1), {
    description: `Up to ${SKUS_MAX} SKUs, separated by commas.`,
    examples: ['TEE-RED-M,TEE-RED-L'],
  }),
  ...whereabouts,
  postalCode: Type.Optional(PostalCode),
})

export function mountBrowse(app: App, { browse }: { readonly browse: Browse }): void {
  mountAvailabilityOfSku(app, browse)
  mountFeed(app, { browse })
  app.get(
    '/v1/store/products',
    {
      schema: {
        summary: 'Lists or searches what the channel sells, with prices and availability',
        description:
          'By title; with `query` by relevance, what can be had before what cannot. Prices and availability are judged ' +
          'page by page: what changes between two pages may be told twice or not at all.',
        tags,
        querystring: listQuery,
        response: { 200: ProductListJson },
      },
      config,
    },
    (request, reply) => {
      return tell(browse, request.caller, reply, (who) => browse.listProducts({ ...who, ...request.query }))
    },
  )

  app.get(
    '/v1/store/products/:idOrHandle',
    {
      schema: {
        summary: 'Reads a product with prices and availability',
        tags,
        params: strict({ idOrHandle: Type.String({ pattern: '^[a-z0-9_-]{1,200}$' }) }),
        querystring: strict({ currency, locale, ...whereabouts }),
        response: { 200: ShownProductJson },
      },
      config,
    },
    (request, reply) => {
      const { idOrHandle } = request.params
      return tell(browse, request.caller, reply, (who) => browse.readProduct({ ...who, idOrHandle, ...request.query }))
    },
  )

  app.get(
    '/v1/store/categories',
    {
      schema: {
        summary: 'Lists the tree of categories',
        tags,
        querystring: strict({ locale }),
        response: { 200: CategoryTreeJson },
      },
      config,
    },
    (request, reply) => {
      return send(browse.listCategories({ channelId: channelOf(request.caller), ...request.query }), reply)
    },
  )

  app.get(
    '/v1/store/availability',
    {
      schema: {
        summary: 'Says what can be had now, and how it could be delivered where',
        description:
          'Without `country` it is that of the channel’s legal entity, without `postalCode` somewhere in the ' +
          `country. Of the places to pick goods up the ${PICKUPS_TOLD_MAX} nearest that have them are told.`,
        tags,
        querystring: availabilityQuery,
        response: { 200: AvailabilityListJson },
      },
      config,
    },
    (request, reply) => {
      const { skus: text, ...where } = request.query
      const skus = readSkus(text)
      if (skus === null) {
        const message = `is not a list of up to ${SKUS_MAX} SKUs of up to ${SKU_CHARACTERS_MAX} characters`
        return void refusePlatform(reply, 'invalid_request', { errors: [{ path: '/skus', message }] })
      }
      return tell(browse, request.caller, reply, (who) => browse.checkAvailability({ ...who, skus, ...where }))
    },
  )
}

function mountAvailabilityOfSku(app: App, browse: Browse): void {
  const { skus: _list, ...query } = availabilityQuery.properties
  app.get(
    '/v1/store/availability/:sku',
    {
      schema: {
        summary: 'Says what can be had of one SKU by which date, and where it can be fetched',
        description:
          '`dates` are cumulative: units that can be promised from then on, what is on shelves first. `pickups` are ' +
          `the ${PICKUPS_TOLD_MAX} nearest places that have a unit on the shelf now.`,
        tags,
        params: strict({ sku: Sku }),
        querystring: strict(query),
        response: { 200: SkuDatesJson },
      },
      config,
    },
    (request, reply) => {
      const { sku } = request.params
      return tell(browse, request.caller, reply, (who) => browse.checkSku({ ...who, sku, ...request.query }))
    },
  )
}

function channelOf(caller: Caller): Id<'channel'> {
  invariant(caller.kind === 'publishable', 'the scope store lets publishable keys in and nobody else')
  return caller.channelId
}

/** The SKUs of a list, each once, in the order of their first mention. */
function readSkus(text: string): string[] | null {
  const skus = [...new Set(text.split(','))].filter((sku) => sku !== '')
  const isList = skus.length > 0 && skus.length <= SKUS_MAX && skus.every(({ length }) => length <= SKU_CHARACTERS_MAX)
  return isList ? skus : null
}

interface BrowseReply extends ProblemReply {
  readonly request: { readonly id: string; readonly headers: { readonly 'if-none-match'?: string | undefined } }
}

/** Who asks, as far as answers depend on it. */
interface Asker {
  readonly channelId: Id<'channel'>
  readonly audience?: Audience
}

/** Answers whoever is not signed in at once, and a customer as one of their segments. */
function tell(
  browse: Browse,
  caller: Caller,
  reply: BrowseReply,
  ask: (who: Asker) => Answering,
): void | Promise<void> {
  const channelId = channelOf(caller)
  const customer = caller.kind === 'publishable' ? caller.customer : undefined
  if (customer === undefined) return send(ask({ channelId }), reply)
  return browse.audienceOf(customer.personId).then(async (audience) => {
    const answer = await ask({ channelId, audience })
    sendAnswer(answer.kind === 'found' ? { ...answer, shared: false } : answer, reply)
  })
}

/** Without a promise where there is none: handing one through the framework takes longer than writing the answer. */
function send(answering: Answering, reply: BrowseReply): void | Promise<void> {
  if (answering instanceof Promise) return answering.then((answer) => sendAnswer(answer, reply))
  return sendAnswer(answering, reply)
}

function sendAnswer(answer: Answer, reply: BrowseReply): void {
  switch (answer.kind) {
    case 'found':
      return sendFound(answer, reply)
    case 'not_found':
      return void refusePlatform(reply, 'not_found')
    case 'cursor_unknown':
      return void refusePlatform(reply, 'invalid_request', { errors: [foreignCursor] })
    case 'refused':
      return void refuse(reply, refusals, answer.refusal)
    default:
      return unreachable(answer)
  }
}

/**
 * Availability may be two seconds old at the edge, and three more while the edge asks again: what is older than five
 * says `degraded`. Shoppers' own caches ask each time. Publishable keys are public, so the answer is no secret.
 */
const SHARED_CACHING = 'public, max-age=0, s-maxage=2, stale-while-revalidate=3'

const foreignCursor = { path: '/cursor', message: 'is not of this list' }

/** The text is JSON already: with its type set, it is sent as it is. */
function sendFound({ json, tag, shared = false }: Extract<Answer, { kind: 'found' }>, reply: BrowseReply): void {
  if (tag !== null) {
    reply.header('etag', tag)
    if (shared) {
      reply.header('cache-control', SHARED_CACHING)
      // The channel is that of the key; customers are told their own.
      reply.header('vary', 'Authorization, Waybill-Customer-Token')
    } else {
      // To be asked about each time, by the one who was answered: it depends on the key.
      reply.header('cache-control', 'private, no-cache')
    }
    if (reply.request.headers['if-none-match']?.includes(tag)) {
      reply.code(304)
      return void reply.send(undefined)
    }
  }
  reply.header('content-type', 'application/json; charset=utf-8')
  reply.send(json)
}
