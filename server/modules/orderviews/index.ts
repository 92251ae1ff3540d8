export { mountOrderviews } from './orderviews.http.ts'
export { projectOrders } from './project-orders.ts'
