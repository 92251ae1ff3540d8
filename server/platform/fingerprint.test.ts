import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprintOfContent } from './fingerprint.ts'

const order = {
  reference: 'm-1',
  lines: [
    { sku: 'A', quantity: 1 },
    { sku: 'B', quantity: 2 },
  ],
  charges: undefined,
}

// oxfmt-ignore
const contents = [
  // what                                        it is                                                              the same
  ['properties in another order',                { lines: order.lines, reference: 'm-1' },                           true],
  ['properties of a line in another order',      { ...order, lines: [{ quantity: 1, sku: 'A' }, order.lines[1]] },   true],
  ['lines in another order',                     { ...order, lines: order.lines.toReversed() },                      false],
  ['another quantity',                           { ...order, lines: [{ sku: 'A', quantity: 2 }, order.lines[1]] },   false],
  ['a property more',                            { ...order, charges: [] },                                          false],
  ['a property that says null',                  { ...order, charges: null },                                        false],
  ['a number as a text',                         { ...order, lines: [{ sku: 'A', quantity: '1' }, order.lines[1]] }, false],
] as const
for (const [what, content, isSame] of contents) {
  test(`${what}: ${isSame ? 'the same' : 'another'} content`, () => {
    assert.equal(fingerprintOfContent(content) === fingerprintOfContent(order), isSame)
  })
}
