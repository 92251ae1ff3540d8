import { Type } from 'typebox'
import { unreachable } from '../../kernel/invariant.ts'
import {
  InstantJson,
  line,
  MoneyJson,
  pageQuery,
  refusePlatform,
  Sku,
  strict,
  type App,
} from '../../platform/http/index.ts'
import { availabilityStatuses, UNITS_SHOWN_MAX } from './decide-availability.ts'
import type { Browse } from './open-browse.ts'

const CURSOR_CHARACTERS_MAX = 1_024

const FeedItem = strict(
  {
    sku: Sku,
    status: Type.Enum([...availabilityStatuses, 'not_sold'], {
      description: '`not_sold`: the channel ceased to sell it.',
    }),
    quantity: Type.Union([Type.Integer({ minimum: 0, maximum: UNITS_SHOWN_MAX }), Type.Null()], {
      description: `Units that can be had in this way; ${UNITS_SHOWN_MAX} may be more. null where nobody counts.`,
    }),
    price: Type.Union([MoneyJson, Type.Null()], { description: "In the channel's own currency." }),
  },
  { title: 'AvailabilityFeedItem' },
)
const FeedPage = strict(
  {
    items: Type.Array(FeedItem),
    nextCursor: Type.String({ description: 'Always there: send it as `since`, at once or when it is time to look.' }),
    hasMore: Type.Boolean({ description: 'Whether there is something to read now.' }),
    isFull: Type.Boolean({ description: 'Whether the page is of a walk through everything the channel sells.' }),
    asOf: InstantJson,
  },
  { title: 'AvailabilityFeed' },
)

export function mountFeed(app: App, { browse }: { readonly browse: Browse }): void {
  app.get(
    '/v1/admin/availability-feed',
    {
      schema: {
        summary: 'Tells everything a channel sells, then what changed since',
        description:
          'Without `since` a walk through every SKU begins; with the cursor of the page before it goes on, and tells ' +
          'afterwards what changed. Nothing is left out; a SKU may come again, as it is then. When something changed ' +
          'that touches every SKU a new walk begins by itself.',
        tags: ['browse'],
        querystring: strict({
          channel: line(40, { description: 'Code or id.', examples: ['web'] }),
          since: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z0-9_-]+$',
              maxLength: CURSOR_CHARACTERS_MAX,
              description: '`nextCursor`.',
            }),
          ),
          limit: pageQuery.limit,
        }),
        response: { 200: FeedPage },
      },
      config: { scope: 'browse:read' },
    },
    async (request, reply) => {
      const answer = await browse.readFeed(request.query)
      switch (answer.kind) {
        case 'page':
          reply.header('content-type', 'application/json; charset=utf-8')
          // Text that is JSON already: the framework sends it as it is.
          return reply.send(answer.json as never)
        case 'not_found':
          return refusePlatform(reply, 'not_found')
        case 'cursor_unknown':
          return refusePlatform(reply, 'invalid_request', {
            errors: [{ path: '/since', message: 'is not of this feed' }],
          })
        default:
          return unreachable(answer)
      }
    },
  )
}
