import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TypeID } from 'typeid-js'
import { formatId, newId, parseId, type Id } from './id.ts'
import { formatMoney, multiplyRatio, parseDecimal, sumMinor, type CurrencyCode } from './money.ts'
import { prorate, unitPart } from './prorate.ts'
import { formatInstant, parseInstant } from './time.ts'

const seed = 20261122
const currency = (code: string) => code as CurrencyCode

describe('ids', () => {
  test('sort in the order they were made, also within a millisecond', () => {
    const ids = Array.from({ length: 10_000 }, () => newId())
    assert.deepEqual(ids, ids.toSorted())
    assert.equal(new Set(ids).size, ids.length)
  })

  test('go to their public form and back', () => {
    for (let made = 0; made < 1_000; made++) {
      const id = newId<'order'>()
      assert.equal(parseId('order', formatId('order', id)), id)
    }
  })

  test('read as typeid-js, the reference implementation, writes them', () => {
    const ends = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'] as Id<'order'>[]
    for (const id of [...ends, ...Array.from({ length: 1_000 }, () => newId<'order'>())]) {
      assert.equal(formatId('order', id), TypeID.fromUUID('ord', id).toString())
    }
  })

  const wrong = [
    ['another prefix', 'cart_01h2xcejqtf2nbrexx3vqjhp41'],
    ['no prefix', '01h2xcejqtf2nbrexx3vqjhp41'],
    ['a letter that is not in the alphabet', 'ord_01h2xcejqtf2nbrexx3vqjhpu1'],
    ['too short', 'ord_01h2xcejqtf2nbrexx3vqjhp4'],
    ['more than 128 bits', 'ord_81h2xcejqtf2nbrexx3vqjhp41'],
    ['upper case', 'ord_01H2XCEJQTF2NBREXX3VQJHP41'],
    ['a line break at the end', 'ord_01h2xcejqtf2nbrexx3vqjhp41\n'],
    ['nothing', ''],
  ] as const
  for (const [what, text] of wrong) test(`are not read from ${what}`, () => assert.equal(parseId('order', text), null))
})

describe('proration', () => {
  const rows = [
    // total  weights          parts
    [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    [1n, [1n, 1n, 1n], [1n, 0n, 0n]],
    [0n, [5n, 5n], [0n, 0n]],
    [10n, [0n, 0n], [5n, 5n]],
    [10n, [1n, 2n, 7n], [1n, 2n, 7n]],
    [5n, [1n, 3n], [1n, 4n]],
    [3n, [3n, 0n, 3n], [2n, 0n, 1n]],
  ] as const
  for (const [total, weights, parts] of rows) {
    test(`${total} over ${weights.join(' : ')} is ${parts.join(' + ')}`, () =>
      assert.deepEqual(prorate(total, weights), parts))
  }

  test('loses no cent, is never below zero, and no part is a cent off its exact share', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 50 }),
        (total, weights) => {
          const parts = prorate(total, weights)
          assert.equal(sumMinor(parts), total)
          const weightSum = sumMinor(weights)
          for (const [index, part] of parts.entries()) {
            assert.ok(part >= 0n)
            if (weightSum === 0n) continue
            const exactTimesSum = total * (weights[index] ?? 0n)
            const off = part * weightSum - exactTimesSum
            assert.ok(off < weightSum && -off < weightSum)
          }
        },
      ),
      { seed },
    )
  })

  test('by unit is the same as proration over equal weights', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.integer({ min: 1, max: 60 }), (total, units) => {
        const parts = prorate(
          total,
          Array.from({ length: units }, () => 1n),
        )
        assert.deepEqual(
          Array.from({ length: units }, (_, index) => unitPart(total, units, index + 1)),
          parts,
        )
      }),
      { seed },
    )
  })
})

describe('money', () => {
  const written = [
    [1999n, 'USD', '19.99 USD'],
    [1999n, 'JPY', '1999 JPY'],
    [1999n, 'KWD', '1.999 KWD'],
    [-5n, 'EUR', '-0.05 EUR'],
    [0n, 'KWD', '0.000 KWD'],
  ] as const
  for (const [minor, code, text] of written) {
    test(`${minor} ${code} reads ${text}`, () => assert.equal(formatMoney({ minor, currency: currency(code) }), text))
  }

  const decimals = [
    ['2.55', 2, 255n],
    ['0.001', 3, 1n],
    ['-11062.06', 2, -1106206n],
    ['2.550', 2, 255n],
    ['7', 2, 700n],
    ['0.001', 2, null],
    ['1e3', 2, null],
    ['1,5', 2, null],
    ['', 2, null],
  ] as const
  for (const [text, digits, minor] of decimals) {
    test(`"${text}" with ${digits} digits is ${minor}`, () => assert.equal(parseDecimal(text, digits), minor))
  }

  const ratios = [
    // minor × numerator ÷ denominator, half away from zero
    [5n, 1n, 2n, 3n],
    [-5n, 1n, 2n, -3n],
    [4n, 1n, 3n, 1n],
    [34_900n, 40_000n, 1_000_000n, 1_396n],
  ] as const
  for (const [minor, numerator, denominator, result] of ratios) {
    test(`${minor} × ${numerator}/${denominator} is ${result}`, () =>
      assert.equal(multiplyRatio(minor, numerator, denominator), result))
  }
})

describe('instants', () => {
  const rows = [
    ['2026-11-22T13:00:00Z', '2026-11-22T13:00:00.000Z'],
    ['2026-11-22T14:00:00+01:00', '2026-11-22T13:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2026-02-29T00:00:00Z', null],
    ['2026-11-31T00:00:00Z', null],
    ['2026-11-22T24:00:00Z', null],
    ['2026-11-22T13:00:00', null],
    ['2026-11-22', null],
    ['1969-12-31T23:59:59Z', null],
    ['now', null],
  ] as const
  for (const [text, read] of rows) {
    test(`${text} is ${read}`, () => {
      const instant = parseInstant(text)
      assert.equal(instant === null ? null : formatInstant(instant), read)
    })
  }
})
