import { audit } from './scenarios/audit.ts'
import { availability, availabilityOfMillion, catalog, product } from './scenarios/browse.ts'
import { checkout } from './scenarios/checkout.ts'
import { growth } from './scenarios/growth.ts'
import { importOrders } from './scenarios/import.ts'
import { hot, intake, locations, nodes, supply } from './scenarios/intake.ts'
import { lanes } from './scenarios/lanes.ts'
import { loadCatalog } from './scenarios/load-catalog.ts'
import { planFastScenario } from './scenarios/plan-fast.ts'
import { price } from './scenarios/price.ts'
import { search } from './scenarios/search.ts'
import { start } from './scenarios/start.ts'
import { trusted } from './scenarios/trusted.ts'
import type { Cluster } from './support/cluster.ts'

export interface ScenarioContext {
  readonly cluster: Cluster
  readonly log: (message: string) => void
  /** How long each load is measured, when the person said so. */
  readonly seconds: number | undefined
  readonly concurrencies: readonly number[] | undefined
  /** Smaller sizes and fewer pairs: to see that a scenario works, not what it comes to. */
  readonly quick: boolean
  /** What `import` takes in; a generated file when nothing was said. */
  readonly file: string | undefined
}

export interface Scenario {
  readonly about: string
  readonly run: (context: ScenarioContext) => Promise<object>
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  intake: { about: 'orders per second: bare SQL, the door in process, HTTP with all processes', run: intake },
  checkout: { about: "a guest's walk from cart to order in six requests: walks per second and p99", run: checkout },
  trusted: { about: 'orders per second in batches of 500: the door in process, HTTP', run: trusted },
  hot: { about: 'the door on one SKU against all SKUs', run: hot },
  nodes: { about: 'HTTP through 1, 2 and 4 serving processes', run: nodes },
  locations: { about: 'the door at 4, 50 and 500 locations a SKU', run: locations },
  supply: { about: 'the door with a million supply rows', run: supply },
  growth: { about: 'the door and looking orders up with 0, 100,000 and 1,000,000 orders', run: growth },
  lanes: { about: "shoppers' p50 and p99 alone and while bulk runs", run: lanes },
  catalog: { about: 'requests per CPU second and p99: 20 products with prices and availability', run: catalog },
  product: { about: 'the same of one product', run: product },
  availability: { about: 'the same of ten SKUs with ways to get them to a postal code', run: availability },
  'availability-million': { about: 'the same over a million supply rows', run: availabilityOfMillion },
  search: { about: 'searches per second and p99 over 100,000 products, no two alike', run: search },
  'load-catalog': { about: 'seconds to load 100,000 variants with prices over HTTP', run: loadCatalog },
  import: { about: 'rows per second of `waybill import orders`, on --file or on a generated one', run: importOrders },
  audit: { about: 'seconds to check every invariant over a million orders', run: audit },
  'plan-fast': { about: 'microseconds of one sourcing decision', run: planFastScenario },
  price: { about: 'carts per second of one core, with and without fifty live promotions', run: price },
  start: { about: 'cold and warm start, idle memory', run: start },
}
