import { fork, type ChildProcess } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import Fastify from 'fastify'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { newId } from '../server/kernel/id.ts'
import {
  AddressJson,
  createHttpServer,
  Email,
  idJson,
  MoneyJson,
  Quantity,
  Sku,
  strict,
  type Caller,
} from '../server/platform/http/index.ts'
import { createTelemetry } from '../server/platform/telemetry.ts'

/*
 * What the HTTP edge costs: a keyed POST of an order's size whose handler does nothing, through Node alone, through
 * Fastify with the same schema, and through our server with all its checks.
 *
 * Server and load are processes of their own. The figure is the server's CPU time per request, which a slow client or
 * a busy machine disturbs less than requests per second; of several rounds the least disturbed counts.
 */

const usage = `usage: node bench/http-floor.ts [--rounds N] [--requests N] [--concurrency N]

Prints one JSON object: for each server the least and the median CPU time of a request, µs, and requests per second.
`

const variants = ['node', 'fastify', 'waybill'] as const
type Variant = (typeof variants)[number]

const line = strict({ sku: Sku, quantity: Quantity })
const OrderBody = strict({
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  email: Email,
  lines: Type.Array(line, { minItems: 1, maxItems: 500 }),
  shippingAddress: AddressJson,
  billingAddress: AddressJson,
  payment: strict({ provider: Type.String(), token: Type.String() }),
  total: MoneyJson,
  deliveryOption: Type.String({ maxLength: 64 }),
})
const AcceptedJson = strict({ id: idJson('order'), number: Type.String(), status: Type.String() })

const address = {
  name: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  region: 'Greater London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
  phone: '+442071234567',
}
const body = JSON.stringify({
  currency: 'EUR',
  email: 'ada@example.com',
  lines: [
    { sku: 'TEE-RED-M', quantity: 2 },
    { sku: 'MUG-BLUE-1', quantity: 1 },
  ],
  shippingAddress: address,
  billingAddress: address,
  payment: { provider: 'sandbox', token: 'tok_ok' },
  total: { amount: 5997, currency: 'EUR' },
  deliveryOption: 'standard',
})
const accepted = { id: 'ord_01h2xcejqtf2nbrexx3vqjhp41', number: 'W-100234', status: 'open' }
const key = `wb_pk_${'a1B2c3D4'.repeat(5)}xyz`

/** Serves one variant on a free port and tells its CPU time whenever the parent asks. */
async function serve(variant: Variant): Promise<void> {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMicros: user + system })
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ port: await listen(variant) })
}

async function listen(variant: Variant): Promise<number> {
  switch (variant) {
    case 'node': {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          JSON.parse(Buffer.concat(chunks).toString())
          const text = JSON.stringify(accepted)
          response.writeHead(201, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }
    case 'fastify': {
      const app = Fastify({ logger: false })
      const validator = Compile(OrderBody)
      app.setValidatorCompiler(
        () => (value: unknown) => (validator.Check(value) ? { value } : { error: new Error('invalid') }),
      )
      app.setSerializerCompiler(() => JSON.stringify)
      app.post('/v1/store/orders', { schema: { body: OrderBody } }, async (_request, reply) =>
        reply.code(201).send(accepted),
      )
      await app.listen({ host: '127.0.0.1', port: 0 })
      return (app.server.address() as AddressInfo).port
    }
    case 'waybill': {
      const caller: Caller = { kind: 'publishable', keyId: newId(), channelId: newId() }
      const callerByHash = new Map([[hash('sha256', key, 'base64'), caller]])
      const app = createHttpServer({
        authenticate: (token) => callerByHash.get(hash('sha256', token, 'base64')) ?? null,
        rateLimitPerSecond: 1_000_000,
        telemetry: createTelemetry({ logLevel: 'info', processMetrics: true }),
      })
      app.post(
        '/v1/store/orders',
        {
          schema: { summary: 'Place an order', body: OrderBody, response: { 201: AcceptedJson } },
          config: { scope: 'store', idempotent: 'key' },
        },
        async (_request, reply) => reply.code(201).send(accepted),
      )
      await app.listen({ host: '127.0.0.1', port: 0 })
      return (app.server.address() as AddressInfo).port
    }
  }
}

const request = [
  'POST /v1/store/orders HTTP/1.1',
  'host: localhost',
  `authorization: Bearer ${key}`,
  'content-type: application/json',
  'idempotency-key: 0123456789abcdef0123456789abcdef',
  `content-length: ${Buffer.byteLength(body)}`,
  '',
  body,
].join('\r\n')

/**
 * Sends `requests` over `concurrency` connections, each its next when its last was answered. Bare sockets: an HTTP
 * client would take as much of the machine as the server.
 * @returns how long it took, ms
 */
function load(port: number, requests: number, concurrency: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    let sent = 0
    let answered = 0
    for (let i = 0; i < concurrency; i++) {
      const socket = connect(port, '127.0.0.1').setEncoding('latin1')
      let received = ''
      const sendNext = (): void => {
        if (sent < requests) {
          sent++
          socket.write(request)
        } else socket.end()
      }
      socket.on('connect', sendNext).on('error', reject)
      socket.on('data', (text: string) => {
        received += text
        const headEnd = received.indexOf('\r\n\r\n')
        if (headEnd < 0) return
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1])
        if (received.length < headEnd + 4 + length) return
        if (!received.startsWith('HTTP/1.1 201 ')) return reject(new Error(received))
        received = ''
        if (++answered === requests) resolve(performance.now() - began)
        sendNext()
      })
    }
  })
}

async function tell<Told>(child: ChildProcess): Promise<Told> {
  const [told] = (await once(child, 'message')) as [Told]
  return told
}

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      requests: { type: 'string', default: '30000' },
      concurrency: { type: 'string', default: '64' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(usage)
  const [rounds, requests, concurrency] = [Number(values.rounds), Number(values.requests), Number(values.concurrency)]
  const servers = await Promise.all(
    variants.map(async (variant) => {
      const child = fork(import.meta.filename, [`--serve=${variant}`])
      child.once('exit', (code) => {
        if (code !== 0) throw new Error(`the server ${variant} ended with ${String(code)}`)
      })
      const { port } = await tell<{ port: number }>(child)
      return { variant, child, port, rounds: [] as { cpuMicros: number; perSecond: number }[] }
    }),
  )
  const cpuMicros = async (child: ChildProcess): Promise<number> => {
    const told = tell<{ cpuMicros: number }>(child)
    child.send('cpu')
    return (await told).cpuMicros
  }
  for (const { port } of servers) await load(port, requests, concurrency)
  // By turns, so that a busy minute of the machine does not fall on one of them.
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const before = await cpuMicros(server.child)
      const tookMs = await load(server.port, requests, concurrency)
      const used = (await cpuMicros(server.child)) - before
      server.rounds.push({ cpuMicros: used / requests, perSecond: requests / (tookMs / 1_000) })
    }
  }
  const figures = servers.map((server) => {
    const micros = server.rounds.map((round) => round.cpuMicros).toSorted((a, b) => a - b)
    return [
      server.variant,
      {
        cpuMicrosLeast: rounded(micros[0] ?? 0),
        cpuMicrosMedian: rounded(micros[micros.length >> 1] ?? 0),
        perSecondMost: Math.round(Math.max(...server.rounds.map(({ perSecond }) => perSecond))),
      },
    ]
  })
  process.stdout.write(
    `${JSON.stringify({ bodyBytes: body.length, concurrency, ...Object.fromEntries(figures) }, null, 2)}\n`,
  )
  for (const { child } of servers) child.disconnect()
}

function rounded(micros: number): number {
  return Math.round(micros * 10) / 10
}

const served = variants.find((variant) => process.argv[2] === `--serve=${variant}`)
await (served === undefined ? measure() : serve(served))
