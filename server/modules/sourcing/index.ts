export {
  arrivalOf,
  type DeliveryWindow,
  type Leg,
  type Route,
  type ShipRoute,
  type TransitDays,
  type Travel,
} from './decide-arrival.ts'
export { decideAllowances } from './decide-allowances.ts'
export { decideSourcing, inHandAt, windowOf, type SourcingDecision, type StoredFacts } from './decide-sourcing.ts'
export { estimateRoutes, type Estimate } from './estimate-delivery.ts'
export { distanceKm, locatePostalCode, type Destination, type Point } from './geo.ts'
export {
  rankForPickup,
  rankForShipping,
  sells,
  type Network,
  type Node,
  type Opening,
  type Ranking,
} from './network.ts'
export { openSourcing, type EstimateSupply, type Sourcing, type SourcingBook } from './open-sourcing.ts'
export { planFast, type Allotment, type Demand, type FastPlan, type PlanSupply } from './plan-fast.ts'
export { saveNode, type SaveNode, type SaveNodeOutcome } from './save-node.ts'
export { reachKey, routeToNowhere, shipRoute } from './ship-route.ts'
export { events } from './sourcing.events.ts'
export { mountSourcing } from './sourcing.http.ts'
export { refusals } from './sourcing.refusals.ts'
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
