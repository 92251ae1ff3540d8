import type { ScenarioContext } from '../scenarios.ts'
import { atLeast, exactly } from '../support/bar.ts'
import { buildShop, measureDoor, measureHttp, measureLastUnits, measureLimit } from '../support/intake.ts'
import { median, round } from '../support/measure.ts'
import type { ShopSize } from '../support/shop.ts'

const size: ShopSize = { skus: 5_000, locations: 4, unitsEach: 100_000 }
const SECONDS = 8
const LIMIT_ORDERS = 20_000
/** What the bars are set for. */
const JUDGED_AT = 128
const DOOR_OF_LIMIT_LEAST = 0.6
const HTTP_OF_LIMIT_LEAST = 0.4
const HOT_OF_ALL_LEAST = 0.8
const HOT_AT_FOUR_OF_ONE_LEAST = 0.5

/** Orders of two lines: bare SQL, the door in process, and HTTP with all processes, in one run. */
export async function intake({ cluster, log, seconds = SECONDS, concurrencies = [32, 128, 512] }: ScenarioContext) {
  const publishableKey = await buildShop(cluster, 'shop', size)
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    log(`intake at ${concurrency}: limit`)
    const limit = await measureLimit(cluster, { shop: 'shop', concurrency, orders: LIMIT_ORDERS })
    log(`intake at ${concurrency}: door`)
    const door = await measureDoor(cluster, { shop: 'shop', concurrency, seconds })
    log(`intake at ${concurrency}: http`)
    const http = await measureHttp(cluster, { shop: 'shop', concurrency, seconds, publishableKey })
    const doorOfLimit = round(door.perSecond / limit.perSecond)
    const httpOfLimit = round(http.perSecond / limit.perSecond)
    const isJudged = concurrency === JUDGED_AT
    runs.push({
      concurrency,
      doorOfLimit: isJudged ? atLeast(doorOfLimit, DOOR_OF_LIMIT_LEAST) : doorOfLimit,
      httpOfLimit: isJudged ? atLeast(httpOfLimit, HTTP_OF_LIMIT_LEAST) : httpOfLimit,
      limit,
      door,
      http,
    })
  }
  return { ...size, runs }
}

/** The same on one SKU, against all of them, alternating; and 1,000 buyers at once for 100 units. */
export async function hot({ cluster, log, seconds = SECONDS, concurrencies = [128] }: ScenarioContext) {
  const lastUnits = await sellLastUnits({ cluster, log, servers: [1] })
  await buildShop(cluster, 'shop', { ...size, unitsEach: 10_000_000 })
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    const pairs: { hot: number; all: number }[] = []
    for (let pair = 1; pair <= 3; pair++) {
      log(`hot at ${concurrency}: pair ${pair}`)
      const oneSku = await measureDoor(cluster, { shop: 'shop', concurrency, seconds, skusUsed: 1 })
      const all = await measureDoor(cluster, { shop: 'shop', concurrency, seconds })
      pairs.push({ hot: oneSku.perSecond, all: all.perSecond })
    }
    const hotOfAll = atLeast(round(median(pairs.map((pair) => pair.hot / pair.all))), HOT_OF_ALL_LEAST)
    runs.push({ concurrency, hotOfAll, pairs })
  }
  return { lastUnits, runs }
}

const LAST_UNITS = 100
const BUYERS = 1_000

/** @returns how many of the buyers got one of the last units; what the others were told */
async function sellLastUnits({
  cluster,
  log,
  servers,
}: Pick<ScenarioContext, 'cluster' | 'log'> & { readonly servers: readonly number[] }) {
  const few: ShopSize = { skus: 1, locations: 4, unitsEach: LAST_UNITS / 4 }
  const publishableKey = await buildShop(cluster, 'few', few)
  const runs: object[] = []
  for (const each of servers) {
    log(`${BUYERS} buyers for ${LAST_UNITS} units through ${each} servers`)
    const load = { shop: 'few', publishableKey, buyers: BUYERS, servers: each }
    const { statuses, seconds } = await measureLastUnits(cluster, load)
    runs.push({ servers: each, sold: exactly(statuses['201'] ?? 0, LAST_UNITS), statuses, seconds })
  }
  await cluster.drop('few')
  return { buyers: BUYERS, runs }
}

/** All SKUs and one SKU through 1, 2 and 4 serving processes; and the last units through as many. */
export async function nodes({ cluster, log, seconds = SECONDS, concurrencies = [128] }: ScenarioContext) {
  const lastUnits = await sellLastUnits({ cluster, log, servers: [1, 2, 4] })
  const publishableKey = await buildShop(cluster, 'shop', { ...size, unitsEach: 10_000_000 })
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    const hotPerSecond: number[] = []
    for (const servers of [1, 2, 4]) {
      log(`nodes at ${concurrency}: ${servers} servers`)
      const load = { shop: 'shop', concurrency, seconds, publishableKey, servers }
      const all = await measureHttp(cluster, load)
      const oneSku = await measureHttp(cluster, { ...load, skusUsed: 1 })
      hotPerSecond.push(oneSku.perSecond)
      runs.push({ concurrency, servers, all, hot: oneSku })
    }
    const [ofOne = Number.NaN, , ofFour = Number.NaN] = hotPerSecond
    runs.push({ concurrency, hotAtFourOfOne: atLeast(round(ofFour / ofOne), HOT_AT_FOUR_OF_ONE_LEAST) })
  }
  return { lastUnits, runs }
}

/** Intake with 4, 50 and 500 locations a SKU. */
export async function locations({ cluster, log, seconds = SECONDS, concurrencies = [128] }: ScenarioContext) {
  const runs: object[] = []
  for (const count of [4, 50, 500]) {
    log(`locations: a shop with ${count}`)
    const shop = `shop${count}`
    await buildShop(cluster, shop, { skus: count === 500 ? 2_000 : 5_000, locations: count, unitsEach: 100_000 })
    for (const concurrency of concurrencies) {
      runs.push({ locations: count, concurrency, door: await measureDoor(cluster, { shop, concurrency, seconds }) })
    }
    await cluster.drop(shop)
  }
  return { runs }
}

/** Intake with few and with a million supply rows. */
export async function supply({ cluster, log, seconds = SECONDS, concurrencies = [128] }: ScenarioContext) {
  log('supply: shops with 20,000 and 1,000,000 rows')
  await buildShop(cluster, 'small', size)
  await buildShop(cluster, 'large', { skus: 250_000, locations: 4, unitsEach: 100_000 })
  const runs: object[] = []
  for (const concurrency of concurrencies) {
    for (let pair = 1; pair <= 2; pair++) {
      // As many SKUs are ordered in both: what differs is how many lie beside them.
      const small = await measureDoor(cluster, { shop: 'small', concurrency, seconds, skusUsed: size.skus })
      const large = await measureDoor(cluster, { shop: 'large', concurrency, seconds, skusUsed: size.skus })
      runs.push({ concurrency, largeOfSmall: round(large.perSecond / small.perSecond), small, large })
    }
  }
  return { runs }
}
