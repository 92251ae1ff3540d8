export { explainSourcing } from './explain-sourcing.ts'
export { mountOrderviews } from './orderviews.http.ts'
export { projectOrders } from './project-orders.ts'
export { adminOrderJson, AdminOrderJson, storeOrderJson, StoreOrderJson } from './read-order.ts'
