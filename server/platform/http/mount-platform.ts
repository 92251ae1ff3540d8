import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { Type } from 'typebox'
import type { App } from './app.ts'
import { describeOpenApi, type OpenApiDocument } from './openapi.ts'
import { refusePlatform } from './problem.ts'
import { refusals } from './refusals.ts'
import { strict } from './schemas.ts'

export interface PlatformRoutes {
  /** The product's version, for the API description. */
  readonly version: string
  /** Null when orders can be taken, else what is missing, for the operator: "the database cannot be reached". */
  readonly ready: () => string | null | Promise<string | null>
  /** The text of `Telemetry.metrics`. */
  readonly metrics: () => Promise<string>
}

/** Mounts what every server answers besides its rooms: health, metrics, and the description of its own API. */
export function mountPlatform(app: App, { version, ready, metrics }: PlatformRoutes): void {
  const config = { scope: 'public' } as const
  const tags = ['operations']

  app.get(
    '/healthz',
    {
      schema: {
        summary: 'Whether the process lives',
        tags,
        response: { 200: strict({ status: Type.Literal('alive') }) },
      },
      config,
    },
    (_request, reply) => void reply.send({ status: 'alive' }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Whether orders can be taken',
        tags,
        response: { 200: strict({ status: Type.Literal('ready') }) },
      },
      config: { ...config, refusals: { not_ready: refusals.not_ready } },
    },
    async (_request, reply) => {
      const reason = await ready()
      return reason === null ? reply.send({ status: 'ready' }) : refusePlatform(reply, 'not_ready', { reason }, 1)
    },
  )

  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Metrics for Prometheus',
        tags,
        response: { 200: Type.String({ description: 'Text exposition format.', 'x-media-type': 'text/plain' }) },
      },
      config,
    },
    async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()),
  )

  mountDescription(app, version)
}

/** A page of ours may load from us and talk to us, and from nobody else. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'"

const SCRIPT_PATH = '/docs/reference.js'

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waybill API</title>
</head>
<body>
<script id="api-reference" data-url="/openapi.json" data-configuration="${attribute({
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
})}"></script>
<script src="${SCRIPT_PATH}"></script>
</body>
</html>
`

function mountDescription(app: App, version: string): void {
  const config = { scope: 'public' } as const
  let document: OpenApiDocument | undefined
  app.get(
    '/openapi.json',
    {
      schema: {
        summary: 'This description',
        tags: ['operations'],
        response: { 200: Type.Record(Type.String(), Type.Unknown()) },
      },
      config,
    },
    (_request, reply) => {
      document ??= describeOpenApi(app, version)
      reply.header('access-control-allow-origin', '*').send(document)
    },
  )

  app.get('/docs', { schema: { hide: true }, config }, (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(page)
  })

  let script: Promise<{ gzipped: Buffer; tag: string }> | undefined
  app.get(SCRIPT_PATH, { schema: { hide: true }, config }, async (request, reply) => {
    script ??= readScript().catch((error: unknown) => {
      script = undefined
      throw error
    })
    const { gzipped, tag } = await script
    reply.header('etag', tag).header('cache-control', 'no-cache').header('vary', 'accept-encoding')
    if (request.headers['if-none-match'] === tag) return reply.code(304).send()
    // Every browser has taken gzip for twenty years, and five megabytes are too many without.
    return reply.type('text/javascript; charset=utf-8').header('content-encoding', 'gzip').send(gzipped)
  })
}

/**
 * Scalar's page script as its Fastify plugin serves it. The package is a text of five megabytes: it is loaded by the
 * first reader of the page, not by every start, and asked for the script on a server of its own that nobody can reach.
 */
async function readScript(): Promise<{ gzipped: Buffer; tag: string }> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const server = Fastify()
  await server.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } })
  const { statusCode, body } = await server.inject('/docs/js/scalar.js')
  await server.close()
  if (statusCode !== 200) throw new Error(`the API reference answered ${statusCode} for its script`)
  return { gzipped: gzipSync(body), tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

function attribute(configuration: object): string {
  return JSON.stringify(configuration).replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}
