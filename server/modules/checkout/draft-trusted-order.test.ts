import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatId, newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { instantFromMs } from '../../kernel/time.ts'
import type { Offer } from '../catalog/index.ts'
import type { Channel } from '../merchant/index.ts'
import type { AcceptedTrusted } from './decide-trusted.ts'
import type { DemandDraft } from './draft-demand.ts'
import { draftTrustedOrder } from './draft-trusted-order.ts'
import type { TrustedPlacement } from './placement.ts'
import type { CounterTake } from './supply-pool.ts'

const at = instantFromMs(Date.UTC(2026, 0, 1))
const none = { itemsMinor: 0n, discountMinor: 0n, deliveryMinor: 0n, taxMinor: 0n, totalMinor: 0n }
const free = { unitPriceMinor: 0n, discountMinor: 0n, taxMinor: 0n, totalMinor: 0n }

/** The exceptions of an order that wants `units[i]` of a SKU of its own each, none of which the books have. */
function exceptionsOf(method: 'ship' | 'carried_out', units: readonly number[], variantCount = units.length) {
  const variantIds = Array.from({ length: variantCount }, () => newId<'variant'>())
  const demand = units.map((each, index): DemandDraft => {
    const variantId = must(variantIds[index % variantCount], 'a variant')
    return {
      line: 0,
      group: 1,
      variantId,
      sku: `SKU-${index % variantCount}`,
      stocked: true,
      units: each,
      shareMinor: 0n,
    }
  })
  const request: Partial<TrustedPlacement> = {
    channel: { id: newId<'channel'>() } as Channel,
    lines: [{ sku: 'SET', quantity: 1, ...free }],
    charges: [],
    tenders: [],
    method,
    placedAt: null,
  }
  const carriedOut = demand.map(({ variantId, units: found }): CounterTake => {
    return { variantId, supplyId: 1n, units: found, leaving: found, found }
  })
  const decision: AcceptedTrusted = {
    kind: 'accepted',
    offers: [{ variantId: newId<'variant'>(), sku: 'SET', title: 'Set' } as Offer],
    money: [free],
    totals: none,
    demand,
    stocked: demand,
    locationId: null,
    allotments: [],
    carriedOut: method === 'carried_out' ? carriedOut : [],
    promise: null,
    facts: null,
  }
  const identity = { id: newId<'order'>(), number: 1n, personId: null, addressId: null }
  const { exceptions } = draftTrustedOrder(request as TrustedPlacement, decision, identity, at)
  return { exceptions, variantIds }
}

const TOLD_MAX = 100
const manyUnits = Array.from({ length: 2_000 }, (_, index) => index + 1)

for (const [method, reason, name] of [
  ['carried_out', 'count_wrong', 'variants'],
  ['ship', 'units_missing', 'lines'],
] as const) {
  test(`${reason}: of 2,000 SKUs a person is told the hundred that lack most, and how many more there are`, () => {
    const [exception, ...others] = exceptionsOf(method, manyUnits).exceptions
    assert.ok(exception !== undefined && others.length === 0)
    assert.equal(exception.reason, reason)
    const facts = exception.facts as { readonly more: number } & Record<string, { readonly units: number }[]>
    assert.deepEqual(
      facts[name]?.map(({ units }) => units),
      manyUnits.slice(-TOLD_MAX).toReversed(),
    )
    assert.equal(facts.more, 1_900)
    assert.ok(JSON.stringify(facts).length < 10_000, 'a page, not a megabyte')
  })
}

test('one SKU found wrong on many lines is told once, with the sum', () => {
  const { exceptions, variantIds } = exceptionsOf('carried_out', [1, 2, 3], 1)
  const variantId = formatId('variant', must(variantIds[0], 'a variant'))
  assert.deepEqual(exceptions[0]?.facts, { variants: [{ variantId, units: 6 }], more: 0 })
})
