import { invariant } from '../kernel/invariant.ts'
import { addMs, DAY_MS } from '../kernel/time.ts'
import { products } from './products.ts'
import { expectSound, SEED_ACTOR as actor, type SeedDeps } from './seed-deps.ts'
import { stockOf } from './stock-table.ts'

/** Short transactions: an adjustment locks the gates of all its SKUs. */
const ENTRIES_PER_COMMAND = 250

/** What lies where, what is on its way, and how far it may be sold. */
export async function seedStock({ db, rooms: { inventory } }: SeedDeps): Promise<void> {
  const { lines, inbound, backorders } = stockOf(
    products
      .filter(({ kind }) => kind === 'physical')
      .flatMap(({ variants, spread }) => variants.map(({ sku }) => ({ sku, spread }))),
  )

  const found = lines.filter(({ onHand }) => onHand > 0)
  for (const [index, part] of inParts(found).entries()) {
    const entries = part.map(({ sku, location, onHand }) => ({ sku, location, delta: onHand, reason: 'opening stock' }))
    const outcome = await inventory.adjustStock({ actor, commandKey: `demo-opening-stock-${index + 1}`, entries })
    expectSound(outcome.kind === 'adjusted', 'stock', outcome)
  }

  const limits = [
    ...lines
      .filter(({ safetyStock }) => safetyStock > 0)
      .map(({ sku, location, safetyStock }) => ({ sku, location, safetyStock })),
    ...backorders.map(({ sku, location, limit, leadDays }) => ({
      sku,
      location,
      backorderLimit: limit,
      backorderLeadDays: leadDays,
    })),
  ]
  for (const entries of inParts(limits)) {
    const outcome = await inventory.setLimits({ actor, entries })
    expectSound(outcome.kind === 'set', 'limits', outcome)
  }

  const { at } = await db.clock()
  for (const [arrival, arriving] of Map.groupBy(inbound, ({ location, inDays }) => `${location} ${inDays}`)) {
    const [first] = arriving
    invariant(first !== undefined, 'a group has a member')
    const outcome = await inventory.createInbound({
      actor,
      reference: `PO-${arrival.toUpperCase().replace(' ', '-')}`,
      location: first.location,
      eta: addMs(at, first.inDays * DAY_MS),
      lines: arriving.map(({ sku, units }) => ({ sku, quantity: units })),
    })
    // Announced by an earlier seeding, for another day.
    const isThere = outcome.kind === 'created' || outcome.refusal.code === 'inbound_reference_reused'
    expectSound(isThere, 'inbound', outcome)
  }
}

function inParts<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / ENTRIES_PER_COMMAND) }, (_, part) =>
    items.slice(part * ENTRIES_PER_COMMAND, (part + 1) * ENTRIES_PER_COMMAND),
  )
}
