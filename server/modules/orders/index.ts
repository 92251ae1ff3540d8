export { events } from './orders.events.ts'
export { endOrders, openOrders, type AllocatedUnits } from './move-orders.ts'
export {
  groupJson,
  OrderGroupJson,
  PlacedLineJson,
  placedLineJson,
  PromiseJson,
  promiseJson,
  TotalsJson,
  totalsJson,
  type LineMoney,
  type PromisedGroup,
  type PromisedWindow,
} from './order-json.ts'
export { lineMoneyOf, promisedGroupsOf, totalsOf } from './stored-order.ts'
export {
  buckets,
  nextStatuses,
  type Bucket,
  type FulfillmentMethod,
  type NewCharge,
  type NewDeliveryGroup,
  type NewDemandLine,
  type NewOrder,
  type NewOrderLine,
  type OrderStatus,
  type PaymentTerms,
  type ShipTo,
  type Totals,
} from './order.ts'
export {
  deliverPendingUnits,
  extendPayBy,
  isReferenceTaken,
  lockOrderRows,
  readChargeRows,
  readDeliveryGroupRows,
  readDemandLineRows,
  readOrderLineRows,
  readOrderRows,
  readOrdersByReference,
  readOrdersOfCarts,
  postponeExpiry,
  readOrdersOfPeople,
  readOverdueOrders,
  readUndeliveredRows,
  takeOrderNumbers,
  type ChargeRow,
  type DeliveryGroupRow,
  type DemandLineRow,
  type OrderLineRow,
  type OrderRow,
} from './orders.sql.ts'
export { orderNumber, recordOrders } from './record-orders.ts'
export { demandOwner, missingUnits, worst, type FreedUnits } from './return-units.ts'
export { readGuestOrder, type VerifyOrderToken } from './store-access.ts'
