export { readCart, type Cart } from './cart.ts'
export { mountCarts, type CartsDeps } from './carts.http.ts'
export { refusals } from './carts.refusals.ts'
export {
  assignCarts,
  lockCarts,
  markCartsOrdered,
  readCartLines,
  reopenCartRows,
  type CartRow,
  type CartStatus,
} from './carts.sql.ts'
export {
  buyerQuestion,
  isDelivered,
  shippingRoutes,
  soldOffers,
  type DeliveryDecision,
  type DeliveryRefusal,
  type Destination,
} from './decide-delivery.ts'
export {
  FIRST_GROUP,
  groupChoices,
  priceSale,
  type GroupChoice,
  type GroupDelivery,
  type PricedSale,
  type Sale,
  type SaleGroup,
  type SaleRefusal,
  type WantedLine,
} from './price-sale.ts'
export { GroupNumberJson, GroupsBody, repeatedGroup } from './group-json.ts'
export { CartJson, renderCart, type RenderDeps } from './cart-json.ts'
export {
  isHolding,
  quotedChoices,
  quoteOf,
  QUOTES_PER_CART_MAX,
  writeTerms,
  type Quote,
  type QuotedGroup,
} from './quote.ts'
export { deleteExpiredQuotes, lockCartsOfExpiredQuotes, putQuotes, readQuoteRows, type QuoteRow } from './quotes.sql.ts'
export type { GuestTokens, ReleaseGoods } from './ports.ts'
export { expireCarts } from './expire-carts.ts'
export {
  readSellingWorld,
  stockedVariants,
  type SellingRooms,
  type SellingWorld,
  type Standing,
} from './selling-world.ts'
