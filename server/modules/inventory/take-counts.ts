import { newId, type Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { addMs, formatInstant, MINUTE_MS, type Instant } from '../../kernel/time.ts'
import { appendAudit } from '../../platform/audit.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { applyCounts, quarantineCounts, type CountedEntry, type JudgedCount } from './apply-counts.ts'
import { readPlacesAtCount, type PlaceAtCount } from './counts.sql.ts'
import { mergeCount, type Count, type CountMeaning, type MergedCount } from './decide-count.ts'
import { unitsOf } from './free-claims.ts'
import type { Disposition } from './inventory.sql.ts'
import { lockForTruth, untilLocked, type Excess, type Freeing, type LockMore } from './lock-for-truth.ts'
import { onceByKey, type Once, type Worked } from './once-by-key.ts'
import type { CountDesk, DemandOwner } from './ports.ts'
import {
  firstRepeated,
  resolveEntries,
  type EntryRefusal,
  type NamedPlace,
  type ResolveDeps,
} from './resolve-entries.ts'

/** Partners' clocks differ; a count from further ahead than this is a mistake. Up to it, it counts as of now. */
export const AHEAD_MAX_MS = 5 * MINUTE_MS

export interface CountEntry extends Omit<NamedPlace, 'channel'> {
  /** Units, ≥ 0. */
  readonly quantity: number
  readonly disposition?: Disposition | undefined
}

export interface TakeCounts {
  /** The API key that sends the message. */
  readonly actor: string
  /** The sender's own name for it; null when it has none, since the same counts twice change nothing anyway. */
  readonly messageId: string | null
  readonly asOf: Instant
  readonly meaning: CountMeaning
  /** At most 1,000: all of them in one short transaction. */
  readonly entries: readonly CountEntry[]
  /** The locations whose counts the sender may tell; null for all. */
  readonly only: ReadonlySet<Id<'location'>> | null
  /** Tells what would become of each entry, and leaves everything as it is. */
  readonly dryRun?: boolean | undefined
}

/** `path` is a JSON pointer into the request's body. */
export type TakeCountsRefusal =
  | EntryRefusal
  | { readonly code: 'message_id_reused' }
  | { readonly code: 'entry_repeated'; readonly path: string }
  | { readonly code: 'as_of_in_future'; readonly path: string; readonly now: string }

interface Named {
  readonly sku: string
  readonly location: string
  readonly disposition: Disposition
}

/** What became of one entry. */
export type CountResult = Named &
  (
    | { readonly outcome: 'applied'; readonly onHand: number; readonly difference: number; readonly freedUnits: number }
    | { readonly outcome: 'ignored'; readonly lastCountedAt: string }
    | { readonly outcome: 'quarantined'; readonly onHand: number; readonly inWork: number }
  )

export interface CountsTaken {
  readonly results: readonly CountResult[]
}

interface Refused {
  readonly kind: 'refused'
  readonly refusal: TakeCountsRefusal
}
export type TakeCountsOutcome = { readonly kind: 'taken'; readonly answer: CountsTaken } | Refused

export interface TakeCountsDeps extends ResolveDeps {
  readonly demand: DemandOwner
  readonly counts: CountDesk
}

/**
 * Takes what a location counted, merged by the moment of counting with everything that happened since.
 *
 *   one transaction:  take the key, lock what gives way and the gates, merge, free claims, post, announce
 *
 * Each entry stands alone: one older than the place's last count is acknowledged and ignored; one that the work in
 * hand contradicts is laid aside for a person (a count can be newer than a shipment whose message is late, and to
 * believe it would send the goods twice); the others become true, whoever had claimed what is missing.
 */
export async function takeCounts(deps: TakeCountsDeps, command: TakeCounts): Promise<TakeCountsOutcome> {
  const { actor, messageId, asOf, meaning, entries, dryRun = false } = command
  const resolved = await resolveEntries(deps, entries, { only: command.only })
  if (resolved.kind === 'refused') return resolved
  const counted = entries.map(({ quantity, disposition = 'sellable' }, index): CountedEntry => {
    const place = must(resolved.places[index], 'a place for every entry')
    return { ...place, locationId: place.location.id, disposition, units: quantity }
  })
  const repeated = firstRepeated(counted.map((each) => `${each.variantId} ${each.locationId} ${each.disposition}`))
  if (repeated !== null) return refuse({ code: 'entry_repeated', path: `/entries/${repeated}` })
  const content = {
    count: [asOf, meaning, ...counted.map((each) => [each.variantId, each.locationId, each.disposition, each.units])],
  }

  return untilLocked(deps.db, async (tx, lockFirst): Promise<TakeCountsOutcome | LockMore> => {
    const take = (cause: string) =>
      takeEntries(tx, deps, { actor, asOf, meaning, entries: counted, cause, lockFirst, dryRun })
    const once =
      messageId === null
        ? withoutKey(await take(newId()))
        : await onceByKey(tx, { source: actor, key: messageId, content }, take)
    switch (once.kind) {
      case 'answered':
        return { kind: 'taken', answer: once.answer }
      case 'dropped':
        return once.outcome
      case 'key_reused':
        return refuse({ code: 'message_id_reused' })
    }
  })
}

interface RunningCount {
  readonly actor: string
  readonly asOf: Instant
  readonly meaning: CountMeaning
  readonly entries: readonly CountedEntry[]
  /** What the ledger names as the cause. */
  readonly cause: string
  readonly lockFirst: ReadonlySet<string>
  readonly dryRun: boolean
}

type Taken = Extract<TakeCountsOutcome, { readonly kind: 'taken' }>

async function takeEntries(
  tx: Tx,
  { demand, counts }: TakeCountsDeps,
  { actor, asOf, meaning, entries, cause, lockFirst, dryRun }: RunningCount,
): Promise<Worked<CountsTaken, Taken | Refused | LockMore>> {
  if (asOf > addMs(tx.at, AHEAD_MAX_MS)) {
    return { kind: 'drop', outcome: refuse({ code: 'as_of_in_future', path: '/asOf', now: formatInstant(tx.at) }) }
  }
  const countedAt = asOf < tx.at ? asOf : tx.at
  const variantIds = [...new Set(entries.map((entry) => entry.variantId))]
  const truth = await lockForTruth(tx, { demand, variantIds, lockFirst }, (source) =>
    merge(source, entries, { countedAt, meaning }),
  )
  if (truth.kind === 'lock_more') return { kind: 'drop', outcome: truth }

  const { gated, decided, freeings } = truth
  const judged = entries.map((entry, index) =>
    judge(entry, must(decided.merges[index], 'a merge for every entry'), must(freeings[index], 'a freeing as well')),
  )
  const answer = { results: judged.map(resultOf) }
  if (dryRun) return { kind: 'drop', outcome: { kind: 'taken', answer } }

  // From here on the message is taken.
  const applied = judged.filter((each) => each.kind === 'applied')
  const quarantined = judged.filter((each) => each.kind === 'quarantined')
  if (quarantined.length > 0) await quarantineCounts(gated, counts, quarantined, { source: actor, countedAt })
  if (applied.length > 0) await applyCounts(gated, { demand, counts }, applied, { countedAt, meaning, cause })

  const detail = {
    asOf: formatInstant(asOf),
    meaning,
    entries: entries.length,
    applied: applied.length,
    quarantined: quarantined.length,
    freedUnits: applied.reduce((sum, { freeing }) => sum + unitsOf(freeing), 0),
  }
  appendAudit(tx, { actor, action: 'stock.counted', object: cause, detail })
  return { kind: 'keep', answer }
}

interface Merge {
  readonly place: PlaceAtCount
  readonly merged: MergedCount
}

async function merge(
  source: Queryable,
  entries: readonly CountedEntry[],
  count: Omit<Count, 'units'>,
): Promise<{ merges: Merge[]; excesses: Excess[] }> {
  const places = await readPlacesAtCount(source, entries, count)
  const merges = places.map((place, index): Merge => {
    const { units } = must(entries[index], 'an entry for every place')
    return { place, merged: mergeCount({ ...count, units }, place.last, place.rows) }
  })
  const excesses = merges.map(({ place, merged }): Excess => ({
    supplyIds: place.rows.map((row) => row.supplyId),
    units: merged.kind === 'merged' ? merged.excess : 0,
  }))
  return { merges, excesses }
}

function judge(entry: CountedEntry, { place, merged }: Merge, freeing: Freeing): JudgedCount {
  if (merged.kind === 'ignored') return { kind: 'ignored', entry, lastCountedAt: merged.lastCountedAt }
  const { onHand } = merged
  if (freeing.kind === 'freed') return { kind: 'applied', entry, rows: place.rows, onHand, freeing }
  const claimed = place.rows.reduce((sum, row) => sum + row.claimed, 0)
  return { kind: 'quarantined', entry, onHand, inWork: claimed - freeing.freeableUnits }
}

function resultOf(judged: JudgedCount): CountResult {
  const { sku, location, disposition } = judged.entry
  const named = { sku, location: location.code, disposition }
  switch (judged.kind) {
    case 'ignored':
      return { ...named, outcome: 'ignored', lastCountedAt: formatInstant(judged.lastCountedAt) }
    case 'quarantined':
      return { ...named, outcome: 'quarantined', onHand: judged.onHand, inWork: judged.inWork }
    case 'applied': {
      const { onHand, rows, freeing } = judged
      const difference = onHand - rows.reduce((sum, row) => sum + row.quantity, 0)
      return { ...named, outcome: 'applied', onHand, difference, freedUnits: unitsOf(freeing) }
    }
  }
}

function withoutKey<Answer, Dropped>(worked: Worked<Answer, Dropped>): Once<Answer, Dropped> {
  return worked.kind === 'keep'
    ? { kind: 'answered', answer: worked.answer }
    : { kind: 'dropped', outcome: worked.outcome }
}

function refuse(refusal: TakeCountsRefusal): Refused {
  return { kind: 'refused', refusal }
}
