export type { PricingBook, PricingRows, TaxRate } from './book.ts'
export {
  addDelivery,
  priceCart,
  type CartToPrice,
  type LineToPrice,
  type PriceCartOutcome,
  type PriceCartRefusal,
  type PricedCart,
  type PricedLine,
  type Totals,
} from './price-cart.ts'
export { choosePrice, type ListedPrice, type PriceList, type PriceQuestion, type SellingTerms } from './price-choice.ts'
export {
  offeredTariffs,
  priceDelivery,
  type DeliveryMethod,
  type DeliveryPrice,
  type DeliveryTariff,
} from './price-delivery.ts'
export { noTaxRates, priceLine, taxOf, type LinePrice, type TaxRates, type TaxRule } from './price-line.ts'
export { openPricing, type Pricing, type PricingDeps } from './open-pricing.ts'
export type { ReadShippingServices, ShippingService } from './ports.ts'
export { events } from './pricing.events.ts'
export { mountPricing } from './pricing.http.ts'
export { refusals, type PricingRefusal } from './pricing.refusals.ts'
export type {
  CreatePricingOutcome,
  EditPricingOutcome,
  NewPricing,
  PricingByKind,
  PricingChanges,
  PricingKind,
} from './save-pricing.ts'
export type { PriceEdit, PriceResult, SetPricesOutcome } from './set-prices.ts'
