import { hot, intake, locations, nodes, supply } from './scenarios/intake.ts'
import { planFastScenario } from './scenarios/plan-fast.ts'
import { start } from './scenarios/start.ts'
import type { Cluster } from './support/cluster.ts'

export interface ScenarioContext {
  readonly cluster: Cluster
  readonly log: (message: string) => void
  /** How long each load is measured, when the person said so. */
  readonly seconds: number | undefined
  readonly concurrencies: readonly number[] | undefined
}

export interface Scenario {
  readonly about: string
  readonly run: (context: ScenarioContext) => Promise<object>
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  intake: { about: 'orders per second: bare SQL, the door in process, HTTP with all processes', run: intake },
  hot: { about: 'the door on one SKU against all SKUs', run: hot },
  nodes: { about: 'HTTP through 1, 2 and 4 serving processes', run: nodes },
  locations: { about: 'the door at 4, 50 and 500 locations a SKU', run: locations },
  supply: { about: 'the door with a million supply rows', run: supply },
  'plan-fast': { about: 'microseconds of one sourcing decision', run: planFastScenario },
  start: { about: 'cold and warm start, idle memory', run: start },
}
