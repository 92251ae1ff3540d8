import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import { readBody } from './body.ts'
import { machineCode, pageQuery, Quantity, Sku, strict } from './schemas.ts'
import { compileValidator, InvalidRequestError, noBody, UnknownPathError, type RequestPart } from './validate.ts'

/** `path message; …` or the value. */
function judge(schema: TSchema, part: RequestPart, value: unknown): unknown {
  const validated = compileValidator(schema, part)(value)
  if ('value' in validated) return validated.value
  const { error } = validated
  return error instanceof InvalidRequestError
    ? error.violations.map(({ path, message }) => `${path} ${message}`).join('; ')
    : error
}

test('bodies are taken as they are: nothing is converted, nothing left out', () => {
  const schema = strict({
    quantity: Quantity,
    note: Type.Optional(Type.String({ maxLength: 3 })),
    gift: Type.Optional(Type.Boolean()),
  })
  const rows: readonly [body: unknown, judgement: unknown][] = [
    [{ quantity: 1 }, { quantity: 1 }],
    [{ quantity: '1' }, '/quantity must be integer'],
    [{ quantity: 1.5 }, '/quantity must be integer'],
    [{ quantity: 0 }, '/quantity must be >= 1'],
    [{ quantity: 1, gift: 'true' }, '/gift must be boolean'],
    [{ quantity: 1, note: null }, '/note must be string'],
    [{ quantity: 1, price: 3 }, '/price is not a property of this object'],
    [{}, ' must have required properties quantity'],
    [[], ' must be object'],
    [null, ' must be object'],
  ]
  for (const [body, judgement] of rows) assert.deepEqual(judge(schema, 'body', body), judgement, JSON.stringify(body))
})

const effect = Type.Union([
  strict({ type: Type.Literal('percent_off'), ratePpm: Type.Integer({ minimum: 1 }) }),
  strict({ type: Type.Literal('amount_off'), amount: strict({ minor: Type.Integer() }) }),
  strict({ type: Type.Literal('bundle_price'), skus: Type.Array(Sku), price: Type.Integer() }),
  strict({ type: Type.Literal('buy_x_get_y'), buyUnits: Type.Integer({ minimum: 1 }), getUnits: Quantity }),
  Type.Null(),
])

// oxfmt-ignore
const unions: readonly (readonly [body: object, judgement: string])[] = [
  [{ effect: { type: 'buy_x_get_y', buyUnits: 0, getUnits: 1 } },              '/effect/buyUnits must be >= 1'],
  [{ effect: { type: 'buy_x_get_y', buyUnits: 1, getUnits: 1, ratePpm: 1 } },  '/effect/ratePpm is not a property of this object'],
  [{ effect: { type: 'amount_off', amount: { minor: 'x' } } },                 '/effect/amount/minor must be integer'],
  [{ effect: { type: 'bundle_price', skus: ['A', 5], price: 1 } },             '/effect/skus/1 must be string'],
  [{ effect: { type: 'moon' } },
    ['percent_off', 'amount_off', 'bundle_price', 'buy_x_get_y'].map((type) => `/effect/type must be "${type}"`).join('; ') +
    '; /effect must match a schema in anyOf'],
  [{ effect: null, effects: [{ type: 'percent_off', ratePpm: 1 }, { type: 'percent_off', ratePpm: 0 }, { type: 'buy_x_get_y', buyUnits: 0, getUnits: 1 }] },
    '/effects/1/ratePpm must be >= 1; /effects/2/buyUnits must be >= 1'],
]

test('of a union the branch that the body names is told, and no other', () => {
  const schema = strict({ effect, effects: Type.Optional(Type.Array(effect)) })
  for (const [body, judgement] of unions) assert.equal(judge(schema, 'body', body), judgement, JSON.stringify(body))
  const fine = {
    effect: { type: 'buy_x_get_y', buyUnits: 1, getUnits: 1 },
    effects: [{ type: 'percent_off', ratePpm: 1 }],
  }
  assert.equal(judge(schema, 'body', fine), fine)
})

test('queries are text that becomes what the schema asks for', () => {
  const schema = strict({
    ...pageQuery,
    paid: Type.Optional(Type.Boolean()),
    sku: Type.Optional(Sku),
    note: Type.Optional(Type.String()),
  })
  const rows: readonly [query: Record<string, unknown>, judgement: unknown][] = [
    [{}, { limit: 50 }],
    [{ limit: '7' }, { limit: 7 }],
    [{ limit: '101' }, '/limit must be <= 100'],
    [{ limit: '07' }, '/limit must be integer'],
    [{ limit: '7.0' }, { limit: 7 }],
    [{ limit: '1e1' }, '/limit must be integer'],
    [{ limit: '' }, '/limit must be integer'],
    [{ limit: ['1', '2'] }, '/limit must be integer'],
    [{ paid: 'true' }, { paid: true, limit: 50 }],
    [{ paid: '1' }, '/paid must be boolean'],
    [{ offset: '1' }, '/offset is not a property of this object'],
    [{ cursor: 'a b' }, '/cursor must match pattern "^[A-Za-z0-9_-]+$"'],
    [{ note: 'a\0b' }, '/note holds the character NUL'],
    [{ sku: '4111111111111111' }, { sku: '4111111111111111', limit: 50 }],
    [{ note: '4111111111111111' }, '/note looks like the number of a payment card, which is not to be sent here'],
  ]
  for (const [query, judgement] of rows)
    assert.deepEqual(judge(schema, 'querystring', query), judgement, JSON.stringify(query))
})

test('a path parameter that can name nothing is an unknown path, not a wrong request', () => {
  const schema = strict({ id: Type.String({ pattern: '^ord_' }) })
  assert.deepEqual(judge(schema, 'params', { id: 'ord_1' }), { id: 'ord_1' })
  assert.ok(judge(schema, 'params', { id: 'prd_1' }) instanceof UnknownPathError)
  const any = strict({ code: Type.String() })
  assert.deepEqual(judge(any, 'params', { code: 'swift' }), { code: 'swift' })
  for (const code of ['4111111111111111', 'a\0b']) {
    assert.ok(judge(any, 'params', { code }) instanceof UnknownPathError, code)
  }
})

test('card-like digits are let through where the schema says that a code stands there', () => {
  const schema = strict({
    lines: Type.Array(
      strict({ sku: Sku, barcode: Type.Union([machineCode(20), Type.Null()]), note: Type.Optional(Type.String()) }),
    ),
    codes: Type.Optional(Type.Record(Type.String(), Sku)),
    free: Type.Optional(Type.Record(Type.String(), Type.String())),
  })
  const line = { sku: '4111111111111111', barcode: '4111111111111111' }
  const fine = [
    { lines: [line] },
    { lines: [{ ...line, barcode: null }] },
    { lines: [], codes: { main: '4111111111111111' } },
  ]
  for (const body of fine) assert.deepEqual(judge(schema, 'body', readBody(Buffer.from(JSON.stringify(body)))), body)
  const refused: readonly [body: object, path: string][] = [
    [{ lines: [line, { ...line, note: 'x 4111111111111111' }] }, '/lines/1/note'],
    [{ lines: [], free: { x: '4111 1111 1111 1111' } }, '/free/x'],
    [{ lines: [], free: { '4111111111111111': 'x' } }, '/free'],
    [{ lines: [], '4111111111111111': 'x' }, ''],
  ]
  for (const [body, path] of refused) {
    assert.equal(
      judge(schema, 'body', readBody(Buffer.from(JSON.stringify(body)))),
      `${path} looks like the number of a payment card, which is not to be sent here`,
    )
  }
})

test('a route without a body takes none, or an empty object', () => {
  assert.equal(judge(noBody, 'body', null), null)
  assert.deepEqual(judge(noBody, 'body', {}), {})
  assert.equal(judge(noBody, 'body', { a: 1 }), '/a is not a property of this object')
})

test('a complaint never repeats what it complains about', () => {
  const secret = 'hunter2'
  const schema = strict({
    a: Type.Integer(),
    b: Type.String({ format: 'email' }),
    c: Type.Union([Type.Literal('x'), Type.Literal('y')]),
  })
  assert.doesNotMatch(String(judge(schema, 'body', { a: secret, b: secret, c: secret })), /hunter2/)
})
