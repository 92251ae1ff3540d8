export {
  arrivalOf,
  decideSourcing,
  windowOf,
  type DeliveryWindow,
  type Route,
  type SourcingDecision,
  type StoredFacts,
  type TransitBetween,
  type TransitDays,
} from './decide-sourcing.ts'
export { estimateRoutes, type Estimate } from './estimate-delivery.ts'
export { distanceKm, locatePostalCode, type Point } from './geo.ts'
export { rankForPickup, rankForShipping, type Destination, type Network, type Node, type Ranking } from './network.ts'
export { openSourcing, type Sourcing, type SourcingBook } from './open-sourcing.ts'
export { planFast, type Allotment, type Demand, type FastPlan, type PlanSupply } from './plan-fast.ts'
export {
  insertDecisions,
  insertPromises,
  readDecisions,
  readPromises,
  upsertNodes,
  type DecisionRow,
  type NewDecision,
  type NewNode,
  type NewPromise,
  type PromiseRow,
} from './sourcing.sql.ts'
