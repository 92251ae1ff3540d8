export { readCart, type Cart } from './cart.ts'
export { mountCarts, type CartsDeps } from './carts.http.ts'
export { refusals } from './carts.refusals.ts'
export { lockCarts, markCartsOrdered, reopenCartRows, type CartRow, type CartStatus } from './carts.sql.ts'
export {
  decideDelivery,
  isDelivered,
  sellingTerms,
  shippingRoutes,
  soldOffers,
  taxedPlace,
  taxRatesAt,
  type DeliveryChoice,
  type DeliveryDecision,
  type DeliveryRefusal,
  type Destination,
} from './decide-delivery.ts'
export { cartToPrice, type WantedSale } from './decide-prices.ts'
export type { GuestTokens } from './ports.ts'
export { expireCarts } from './expire-carts.ts'
export { readSellingWorld, stockedVariants, type SellingRooms, type SellingWorld } from './selling-world.ts'
