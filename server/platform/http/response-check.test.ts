import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import { createTelemetry } from '../telemetry.ts'
import { createHttpServer, MoneyJson, page, strict } from './index.ts'

/** What a route answers whose handler sends this, with every answer checked or none. */
async function answer(
  responses: Record<number, TSchema>,
  status: number,
  body: unknown,
  checkResponses = true,
): Promise<number> {
  const app = createHttpServer({
    authenticate: () => null,
    checkResponses,
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  app.get('/x', { schema: { summary: 'x', response: responses }, config: { scope: 'public' } }, (_request, reply) => {
    reply.code(status).send(body)
  })
  const { statusCode } = await app.inject('/x')
  await app.close()
  return statusCode
}

const open = Type.Object({ id: Type.String(), nested: Type.Optional(Type.Object({ a: Type.Integer() })) })
const dictionary = Type.Record(Type.String(), Type.Integer())
const either = Type.Union([Type.Object({ a: Type.String() }), Type.Null()])
const money = { amount: 1, currency: 'EUR' }

test('an answer is what its schema says, with every object closed', async () => {
  const rows: readonly [responses: Record<number, TSchema>, status: number, body: unknown, isFine: boolean][] = [
    [{ 200: open }, 200, { id: 'x' }, true],
    [{ 200: open }, 200, { id: 'x', nested: undefined }, true],
    [{ 200: open }, 200, { id: 'x', margin: 5 }, false],
    [{ 200: open }, 200, { id: 'x', nested: { a: 1, b: 2 } }, false],
    [{ 200: open }, 200, { nested: { a: 1 } }, false],
    [{ 200: open }, 200, { id: 1 }, false],
    [{ 200: open }, 201, { id: 'x' }, false],
    [{ 200: dictionary }, 200, { any: 1, name: 2 }, true],
    [{ 200: dictionary }, 200, { any: 'x' }, false],
    [{ 200: either }, 200, { a: 'x', b: 'y' }, false],
    [{ 200: page(MoneyJson) }, 200, { items: [money], nextCursor: null }, true],
    [{ 200: page(MoneyJson) }, 200, { items: [{ ...money, secret: 1 }], nextCursor: null }, false],
    [{ 200: strict({ amount: Type.Integer() }) }, 200, { amount: 5n }, false],
  ]
  for (const [responses, status, body, isFine] of rows) {
    assert.equal(await answer(responses, status, body), isFine ? status : 500, String(Object.entries(body as object)))
  }
})

test('JSON that a handler wrote itself is looked at too; other text is not', async () => {
  const app = createHttpServer({
    authenticate: () => null,
    checkResponses: true,
    telemetry: createTelemetry({ logLevel: 'silent' }),
  })
  const response: Record<number, TSchema> = { 200: open }
  const schema = { summary: 'x', response }
  app.get('/json/:id', { schema, config: { scope: 'public' } }, (request, reply) => {
    const { id } = request.params as { id: string }
    reply.type('application/json; charset=utf-8').send(`{"${id}":"x"}`)
  })
  app.get('/text', { schema, config: { scope: 'public' } }, (_request, reply) => {
    reply.type('text/plain').send('{"margin":5}')
  })
  const rows = [
    ['/json/id', 200],
    ['/json/margin', 500],
    ['/text', 200],
  ] as const
  for (const [url, status] of rows) assert.equal((await app.inject(url)).statusCode, status, url)
  await app.close()
})

test('outside of tests nobody pays for it', async () => {
  assert.equal(await answer({ 200: open }, 200, { margin: 5 }, false), 200)
})
