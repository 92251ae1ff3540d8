import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { formatId, newId } from '../../kernel/id.ts'
import {
  AddressJson,
  Email,
  idJson,
  InstantJson,
  line,
  MoneyJson,
  moneyJson,
  Phone,
  PositiveMoneyJson,
  Quantity,
  readId,
  readInstant,
  readMoney,
  SignedMoneyJson,
  Sku,
  text,
} from './schemas.ts'

const money = (amount: unknown, currency: unknown = 'EUR'): object => ({ amount, currency })

test('each schema takes what it is for and nothing near it', () => {
  const rows: readonly [name: string, schema: TSchema, taken: readonly unknown[], refused: readonly unknown[]][] = [
    [
      'money',
      MoneyJson,
      [money(0), money(1999), money(999_999_999_999)],
      [
        money(-1),
        money(0.5),
        money('5'),
        money(1e12),
        money(2 ** 53),
        money(Infinity),
        money(1, 'eur'),
        money(1, 'EURO'),
        { amount: 1 },
        { ...money(1), x: 1 },
      ],
    ],
    ['positive money', PositiveMoneyJson, [money(1)], [money(0), money(-1)]],
    ['signed money', SignedMoneyJson, [money(-1), money(0)], [money(-1e12)]],
    [
      'order id',
      idJson('order'),
      ['ord_01h2xcejqtf2nbrexx3vqjhp41'],
      [
        'prd_01h2xcejqtf2nbrexx3vqjhp41',
        'ord_81h2xcejqtf2nbrexx3vqjhp41',
        'ord_01H2XCEJQTF2NBREXX3VQJHP41',
        'ord_',
        '01h2xcejqtf2nbrexx3vqjhp41',
        'ord_01h2xcejqtf2nbrexx3vqjhp41\n',
      ],
    ],
    [
      'instant',
      InstantJson,
      ['2026-11-22T13:00:00Z', '2024-02-29T23:59:59.123+02:00'],
      [
        '2026-02-29T00:00:00Z',
        '2026-11-22',
        '2026-11-22T13:00:00',
        '2026-11-22T23:59:60Z',
        '1969-12-31T23:59:59Z',
        'now',
        0,
      ],
    ],
    ['sku', Sku, ['TEE-RED-M', 'a', 'BANK CHARGES', 'é/1'], ['', ' A', 'A ', 'a\nb', 'a\u0000b', 'x'.repeat(65), 5]],
    ['quantity', Quantity, [1, 1_000_000], [0, -1, 1.5, 1_000_001, '1', NaN]],
    [
      'e-mail',
      Email,
      ['ada@example.com', "o'neil+tag@mail.example.co.uk"],
      [
        'ada',
        'ada@',
        '@example.com',
        'a b@example.com',
        'ada@example.com\r\nBcc: x@y.zz',
        `${'x'.repeat(250)}@example.com`,
      ],
    ],
    ['phone', Phone, ['+493012345678'], ['030 1234', '+0301234567', '+4930123456789012']],
    ['line', line(5), ['Ada', 'Zoë', '<b>', '=1+1'], ['', 'a\nb', 'a\rb', 'a\tb', 'abcdef', 'a\u2028b', 'a\u0085b']],
    ['text', text(5), ['', 'a\nb', 'a\tb'], ['a\u0000b', 'a\u0007b', 'abcdef']],
    [
      'address',
      AddressJson,
      [{ name: 'Ada', line1: 'x', city: 'y', postalCode: '1', country: 'DE' }],
      [
        { name: 'Ada', line1: 'x', city: 'y', postalCode: '1', country: 'Germany' },
        { name: 'Ada', line1: 'x', city: 'y', postalCode: '1', country: 'DE', note: 'z' },
      ],
    ],
  ]
  for (const [name, schema, taken, refused] of rows) {
    const validator = Compile(schema)
    for (const value of taken) assert.ok(validator.Check(value), `${name} takes ${JSON.stringify(value)}`)
    for (const value of refused) assert.ok(!validator.Check(value), `${name} refuses ${JSON.stringify(value)}`)
  }
})

test('what was taken reads as the kernel has it, and back', () => {
  const json = { amount: 1999, currency: 'EUR' as never }
  assert.deepEqual(readMoney(json), { minor: 1999n, currency: 'EUR' })
  assert.deepEqual(moneyJson(readMoney(json)), json)
  const id = newId<'order'>()
  assert.equal(readId('order', formatId('order', id)), id)
  assert.equal(readInstant('2026-11-22T13:00:00.000Z'), Date.UTC(2026, 10, 22, 13))
})
