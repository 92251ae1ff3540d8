import { intake } from './scenarios/intake.ts'
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
  intake: { about: 'orders per second: through HTTP, through the door in process, and the limit of bare SQL', run: intake },
}
