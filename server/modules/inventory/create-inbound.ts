import { newId } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db.ts'
import { announceInbound } from './announce-inbound.ts'
import { lockGates } from './gates.ts'
import { lineKey, type Inbound } from './inbound.ts'
import { insertInbound, readInbound, readInboundSupply } from './inbound.sql.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { onceByKey } from './once-by-key.ts'
import {
  firstRepeated,
  resolveEntries,
  type EntryRefusal,
  type ResolveDeps,
  type ResolvedPlace,
} from './resolve-entries.ts'

export interface CreateInbound {
  readonly actor: string
  readonly reference: string
  /** Code or id. */
  readonly location: string
  readonly eta: Instant
  /** At most 1,000; each SKU and channel once. */
  readonly lines: readonly {
    readonly sku: string
    readonly quantity: number
    /** Code or id; without one every channel may sell them. */
    readonly channel?: string | undefined
  }[]
}

export type CreateInboundRefusal =
  | EntryRefusal
  | { readonly code: 'entry_repeated'; readonly path: string }
  | { readonly code: 'inbound_reference_reused' }

export type CreateInboundOutcome =
  | { readonly kind: 'created'; readonly inbound: Inbound }
  | { readonly kind: 'refused'; readonly refusal: CreateInboundRefusal }

/**
 * Announces goods on their way: from now on they can be sold before they are there. Once for each reference; the same
 * again answers with the inbound as it is by then.
 */
export async function createInbound(deps: ResolveDeps, command: CreateInbound): Promise<CreateInboundOutcome> {
  const { location, reference, eta, lines } = command
  const resolved = await resolveEntries(
    deps,
    lines.map((line) => ({ ...line, location })),
    {
      pathOf: (index) => `/lines/${index}`,
    },
  )
  if (resolved.kind === 'refused') return { kind: 'refused', refusal: atTop(resolved.refusal) }
  const { places } = resolved
  const keys = places.map(lineKey)
  const repeated = firstRepeated(keys)
  if (repeated !== null) return { kind: 'refused', refusal: { code: 'entry_repeated', path: `/lines/${repeated}` } }

  const locationId = must(places[0], 'at least one line').location.id
  const units = lines.map((line) => line.quantity)
  const content = { inbound: [locationId, eta, ...keys.map((key, index) => [key, units[index]])] }
  return deps.db.inTransaction(async (tx): Promise<CreateInboundOutcome> => {
    const once = await onceByKey(tx, { source: 'inbound', key: reference, content }, async () => {
      const inbound = newInbound(tx, { reference, locationId, eta }, places, units)
      await record(tx, deps, inbound, command.actor)
      return { kind: 'keep', answer: { id: inbound.id } }
    })
    if (once.kind !== 'answered') return { kind: 'refused', refusal: { code: 'inbound_reference_reused' } }
    return { kind: 'created', inbound: must(await readInbound(tx, once.answer.id), 'the inbound of the reference') }
  })
}

function newInbound(
  tx: Tx,
  head: Pick<Inbound, 'reference' | 'locationId' | 'eta'>,
  places: readonly ResolvedPlace[],
  units: readonly number[],
): Inbound {
  const lines = places.map(({ variantId, channelId }, index) => ({
    variantId,
    channelId,
    expected: must(units[index], 'units of every line'),
    received: 0,
  }))
  return { ...head, id: newId<'inbound'>(), status: 'open', version: 1, createdAt: tx.at, lines }
}

async function record(tx: Tx, deps: ResolveDeps, inbound: Inbound, actor: string): Promise<void> {
  const variantIds = inbound.lines.map((line) => line.variantId)
  const gated = await lockGates(tx, variantIds)
  insertInbound(tx, inbound)
  const supplyByLine = new Map((await readInboundSupply(tx, [inbound.id])).map((row) => [lineKey(row), row.supplyId]))
  postStock(
    gated,
    inbound.lines.map((line): StockEntry => ({
      supplyId: must(supplyByLine.get(lineKey(line)), 'the row of a line'),
      reason: 'expected',
      quantityDelta: line.expected,
      claimedDelta: 0,
      claimId: null,
      cause: inbound.id,
      occurredAt: tx.at,
    })),
  )
  const freed = variantIds.map((variantId) => ({ variantId, freedUnits: 0 }))
  await announceInbound(tx, deps, inbound, { actor, done: 'created', freed })
}

/** The location stands once at the top of the body. */
function atTop(refusal: EntryRefusal): EntryRefusal {
  return refusal.code === 'location_unknown' ? { ...refusal, path: '/location' } : refusal
}
