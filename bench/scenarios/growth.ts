import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Db } from '../../server/platform/db.ts'
import type { DoorOptions, DoorResult } from '../parts/door.ts'
import type { LookupLoadOptions } from '../parts/lookup-load.ts'
import type { ScenarioContext } from '../scenarios.ts'
import { atLeast, type Judged } from '../support/bar.ts'
import { runPart } from '../support/child.ts'
import type { Cluster } from '../support/cluster.ts'
import { buildSeed, countOrders, growHistory, historyShop, openUnlimited, SEED_ORDERS } from '../support/history.ts'
import { lookupKinds, writeLookups } from '../support/lookups.ts'
import { median, round, type LoadResult } from '../support/measure.ts'
import { serving } from '../support/serving.ts'

const SIZES = [100_000, 1_000_000]
const QUICK_SIZES = [20_000, 100_000]
const PAIRS = 3
const INTAKE = { concurrency: 128, seconds: 8, warmupSeconds: 3 } as const
const LOOKUP = { concurrency: 32, seconds: 2, warmupSeconds: 1 } as const
/** A larger history is measured where it lies: copying it takes longer than measuring, and a run adds a few percent. */
const ORDERS_COPIED_MAX = 200_000
/** Of what an empty database does. */
const SHARE_LEAST = 0.9

/**
 * Intake and looking orders up with 100,000 and 1,000,000 orders in the database, against none. By turns on the empty
 * database and the full one; what counts is the median of the pairs' ratios.
 *
 * Where nothing was sold there is nothing to look up: lookups are compared with the 5,000 orders of the seed.
 */
export async function growth({ cluster, log, seconds, quick }: ScenarioContext) {
  const seed = await buildSeed(cluster, { empty: 'empty', seed: 'seed' })
  const pairs = quick ? 1 : PAIRS
  const runs: object[] = []
  for (const orders of quick ? QUICK_SIZES : SIZES) {
    log(`growth: a history of ${orders} orders`)
    const fullUrl = await growHistory(cluster, seed, { name: 'history', orders, log })
    const lookup = await compareLookups(cluster, { seed: seed.database, fullUrl, pairs, log })
    const intake = await compareIntake(cluster, { fullUrl, orders, pairs, seconds: seconds ?? INTAKE.seconds, log })
    runs.push({ orders, intake, lookup })
    await cluster.drop('history')
  }
  return { ...historyShop, lookupsComparedWith: SEED_ORDERS, runs }
}

async function compareIntake(
  cluster: Cluster,
  {
    fullUrl,
    orders,
    pairs,
    seconds,
    log,
  }: {
    readonly fullUrl: string
    readonly orders: number
    readonly pairs: number
    readonly seconds: number
    readonly log: (message: string) => void
  },
) {
  const measure = (databaseUrl: string): Promise<DoorResult> =>
    runPart('door.ts', { ...INTAKE, seconds, databaseUrl } satisfies DoorOptions)
  const onCopy = async (of: string): Promise<DoorResult> => {
    const result = await measure(await cluster.copy(of, 'measured'))
    await cluster.drop('measured')
    return result
  }
  const onEmpty = () => onCopy('empty')
  const onFull = () => (orders <= ORDERS_COPIED_MAX ? onCopy('history') : measure(fullUrl))
  const measured: { empty: DoorResult; full: DoorResult }[] = []
  for (let pair = 1; pair <= pairs; pair++) {
    log(`growth at ${orders}: intake, pair ${pair}`)
    const [empty, full] = await byTurns(pair, onEmpty, onFull)
    measured.push({ empty, full })
  }
  return {
    concurrency: INTAKE.concurrency,
    ofEmpty: shareOf(measured.map(({ empty, full }) => full.perSecond / empty.perSecond)),
    ordersAtTheEnd: await withDb(fullUrl, countOrders),
    pairs: measured,
  }
}

async function compareLookups(
  cluster: Cluster,
  {
    seed,
    fullUrl,
    pairs,
    log,
  }: {
    readonly seed: string
    readonly fullUrl: string
    readonly pairs: number
    readonly log: (message: string) => void
  },
) {
  const fewUrl = await cluster.copy(seed, 'few')
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-lookups-'))
  try {
    const fewFiles = await withDb(fewUrl, (db) => writeLookups(db, join(directory, 'few')))
    const fullFiles = await withDb(fullUrl, (db) => writeLookups(db, join(directory, 'full')))
    return await serving(fewUrl, (few) =>
      serving(fullUrl, async (full) => {
        const results: object[] = []
        for (const kind of lookupKinds) {
          log(`growth: looking up, ${kind}`)
          const look = (url: string, lookupsFile: string): Promise<LoadResult> =>
            runPart('lookup-load.ts', { ...LOOKUP, url, lookupsFile } satisfies LookupLoadOptions)
          const measured: { few: LoadResult; full: LoadResult }[] = []
          for (let pair = 1; pair <= pairs; pair++) {
            const [ofFew, ofFull] = await byTurns(
              pair,
              () => look(few.url, fewFiles[kind]),
              () => look(full.url, fullFiles[kind]),
            )
            measured.push({ few: ofFew, full: ofFull })
          }
          const ofFew = shareOf(measured.map((each) => each.full.perSecond / each.few.perSecond))
          results.push({ kind, concurrency: LOOKUP.concurrency, ofFew, pairs: measured })
        }
        return results
      }),
    )
  } finally {
    await cluster.drop('few')
    rmSync(directory, { recursive: true, force: true })
  }
}

function shareOf(ratios: readonly number[]): Judged {
  return atLeast(round(median(ratios)), SHARE_LEAST)
}

/** Every other pair the other way round, so that a machine that gets busier does not favour the first. */
async function byTurns<First, Second>(
  pair: number,
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> {
  if (pair % 2 === 1) {
    const before = await first()
    return [before, await second()]
  }
  const before = await second()
  return [await first(), before]
}

async function withDb<Result>(databaseUrl: string, use: (db: Db) => Promise<Result>): Promise<Result> {
  const db = openUnlimited(databaseUrl)
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}
