import { formatId, type Id } from '../../kernel/id.ts'
import { invariant, must } from '../../kernel/invariant.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { announceInbound } from './announce-inbound.ts'
import { freeParts, unitsOf } from './free-claims.ts'
import { isAllReceived, lineKey, stillExpected, type Inbound } from './inbound.ts'
import { readInbound, readInboundSupply, updateInbound, updateInboundEta, type InboundSupply } from './inbound.sql.ts'
import { postStock, type StockEntry } from './inventory.sql.ts'
import { lockForTruth, partsOf, untilLocked, type Excess, type LockMore } from './lock-for-truth.ts'
import type { DemandOwner } from './ports.ts'
import { firstRepeated, resolveEntries, type EntryRefusal, type ResolveDeps } from './resolve-entries.ts'

export interface InboundDeps extends ResolveDeps {
  readonly demand: DemandOwner
}

export interface EditInbound {
  readonly actor: string
  readonly id: Id<'inbound'>
  readonly seenVersion: number
  readonly eta?: Instant | undefined
  /** Lines whose announced units change; the others stay. */
  readonly lines?:
    | readonly {
        readonly sku: string
        readonly channel?: string | undefined
        readonly expected: number
      }[]
    | undefined
}

export type ChangeInboundRefusal =
  | EntryRefusal
  | { readonly code: 'inbound_not_open'; readonly status: Inbound['status'] }
  | { readonly code: 'inbound_line_unknown'; readonly path: string }
  | { readonly code: 'entry_repeated'; readonly path: string }

export type ChangeInboundOutcome =
  | { readonly kind: 'changed'; readonly inbound: Inbound }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'version_mismatch'; readonly currentVersion: number }
  | { readonly kind: 'refused'; readonly refusal: ChangeInboundRefusal }

/** Changes when an inbound comes and how much it brings. Units that are claimed and will not come are freed. */
export async function editInbound(deps: InboundDeps, command: EditInbound): Promise<ChangeInboundOutcome> {
  const { actor, id, seenVersion, eta, lines = [] } = command
  const inbound = await readInbound(deps.db, id)
  if (inbound === undefined) return { kind: 'unknown' }
  const found = await findLines(deps, inbound, lines)
  if (found.kind === 'refused') return found
  const expectedByLine = new Map(lines.map(({ expected }, index) => [found.keys[index], expected]))

  return changeInbound(deps, { actor, inbound, done: 'edited' }, (current) => {
    if (current.version !== seenVersion) return { kind: 'version_mismatch', currentVersion: current.version }
    if (current.status !== 'open') return refuse({ code: 'inbound_not_open', status: current.status })
    const changed = current.lines.map((line) => ({
      ...line,
      expected: expectedByLine.get(lineKey(line)) ?? line.expected,
    }))
    const status = isAllReceived(changed) ? 'received' : 'open'
    return { kind: 'change', inbound: { ...current, eta: eta ?? current.eta, lines: changed, status } }
  })
}

/** Says that what has not come of an inbound will not come; what is claimed of it is freed. Again changes nothing. */
export async function cancelInbound(
  deps: InboundDeps,
  { actor, id }: { readonly actor: string; readonly id: Id<'inbound'> },
): Promise<ChangeInboundOutcome> {
  const inbound = await readInbound(deps.db, id)
  if (inbound === undefined) return { kind: 'unknown' }
  return changeInbound(deps, { actor, inbound, done: 'cancelled' }, (current) => {
    if (current.status === 'cancelled') return { kind: 'changed', inbound: current }
    if (current.status === 'received') return refuse({ code: 'inbound_not_open', status: current.status })
    return { kind: 'change', inbound: { ...current, status: 'cancelled' } }
  })
}

export type FoundLines =
  | { readonly kind: 'found'; readonly keys: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: ChangeInboundRefusal }

/** The lines of an inbound that a command names, by `lineKey`, in the command's order. */
export async function findLines(
  deps: ResolveDeps,
  inbound: Inbound,
  lines: readonly { readonly sku: string; readonly channel?: string | undefined }[],
): Promise<FoundLines> {
  const location = formatId('location', inbound.locationId)
  const pathOf = (index: number): string => `/lines/${index}`
  const resolved = await resolveEntries(
    deps,
    lines.map(({ sku, channel }) => ({ sku, channel, location })),
    { pathOf },
  )
  if (resolved.kind === 'refused') return resolved
  const keys = resolved.places.map(lineKey)
  const repeated = firstRepeated(keys)
  if (repeated !== null) return refuse({ code: 'entry_repeated', path: pathOf(repeated) })
  const known = new Set(inbound.lines.map(lineKey))
  const unknown = keys.findIndex((key) => !known.has(key))
  return unknown >= 0 ? refuse({ code: 'inbound_line_unknown', path: pathOf(unknown) }) : { kind: 'found', keys }
}

type Decision = { readonly kind: 'change'; readonly inbound: Inbound } | ChangeInboundOutcome

/**
 * Makes an inbound what `next` says, under the gates of all its SKUs: they are its lock, too.
 *
 *   one transaction:  lock what gives way and the gates, decide, free claims, post, announce
 */
function changeInbound(
  deps: InboundDeps,
  {
    actor,
    inbound,
    done,
  }: {
    readonly actor: string
    readonly inbound: Inbound
    readonly done: 'edited' | 'cancelled'
  },
  next: (current: Inbound) => Decision,
): Promise<ChangeInboundOutcome> {
  const variantIds = [...new Set(inbound.lines.map((line) => line.variantId))]
  return untilLocked(deps.db, async (tx, lockFirst): Promise<ChangeInboundOutcome | LockMore> => {
    const truth = await lockForTruth(tx, { demand: deps.demand, variantIds, lockFirst }, (source) =>
      decide(source, inbound.id, next),
    )
    if (truth.kind === 'lock_more') return truth
    const { gated, decided, freeings } = truth
    if (decided.decision.kind !== 'change') return decided.decision

    const changed: Inbound = { ...decided.decision.inbound, version: decided.decision.inbound.version + 1 }
    const parts = freeings.flatMap(partsOf)
    invariant(
      freeings.every((freeing) => freeing.kind === 'freed'),
      'nobody picks goods that have not come',
    )
    const lowered = decided.rows.map(({ supplyId, quantity, next: nextQuantity }): StockEntry => ({
      supplyId,
      reason: done === 'edited' ? 'expected' : 'short',
      quantityDelta: nextQuantity - quantity,
      claimedDelta: 0,
      claimId: null,
      cause: inbound.id,
      occurredAt: tx.at,
    }))
    const freed = await freeParts(gated, deps.demand, { parts, cause: inbound.id })
    const entries = [...freed, ...lowered.filter((entry) => entry.quantityDelta !== 0)]
    if (entries.length > 0) postStock(gated, entries)
    updateInbound(gated, changed)
    updateInboundEta(gated, inbound.id, changed.eta)
    await announceInbound(tx, deps, changed, {
      actor,
      done,
      freed: decided.rows.map(({ variantId }, row) => ({ variantId, freedUnits: unitsOf(freeings[row]) })),
    })
    return { kind: 'changed', inbound: changed }
  })
}

interface ChangedRow extends InboundSupply {
  /** The quantity it is to have. */
  readonly next: number
}

async function decide(
  source: Queryable,
  id: Id<'inbound'>,
  next: (current: Inbound) => Decision,
): Promise<{ decision: Decision; rows: ChangedRow[]; excesses: Excess[] }> {
  const [current, supply] = await Promise.all([readInbound(source, id), readInboundSupply(source, [id])])
  const decision = next(must(current, 'an inbound, which is never deleted'))
  if (decision.kind !== 'change') return { decision, rows: [], excesses: [] }
  const lineByKey = new Map(decision.inbound.lines.map((line) => [lineKey(line), line]))
  const rows = supply.map((row): ChangedRow => {
    const line = must(lineByKey.get(lineKey(row)), 'the line of an inbound row')
    return { ...row, next: stillExpected(decision.inbound, line) }
  })
  const excesses = rows.map((row) => ({ supplyIds: [row.supplyId], units: Math.max(0, row.claimed - row.next) }))
  return { decision, rows, excesses }
}

function refuse(refusal: ChangeInboundRefusal): { readonly kind: 'refused'; readonly refusal: ChangeInboundRefusal } {
  return { kind: 'refused', refusal }
}
