export { mountOrderviews } from './orderviews.http.ts'
export { ordersOfPeople } from './orders-of-people.ts'
export { projectOrders } from './project-orders.ts'
