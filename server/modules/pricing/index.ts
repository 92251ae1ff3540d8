export { addCodes, type AddCodesOutcome, type WantedCodes } from './add-codes.ts'
export { taxRatesIn, type PricingBook, type PricingRows, type TaxRate } from './book.ts'
export { promotionReasons, type PromotionReason } from './check-promotion.ts'
export {
  addDeliveries,
  deliveryAmount,
  priceCart,
  type AppliedOffer,
  type CartToPrice,
  type DeliveryToPrice,
  type LineToPrice,
  type PriceCartOutcome,
  type PriceCartRefusal,
  type PricedCart,
  type PricedLine,
  type Totals,
} from './price-cart.ts'
export {
  anonymousBuyer,
  choosePrice,
  listsFor,
  type Buyer,
  type ListedPrice,
  type PriceList,
  type PriceQuestion,
  type SellingTerms,
} from './price-choice.ts'
export {
  offeredTariffs,
  tariffAmount,
  type DeliveryMethod,
  type DeliveryPrice,
  type DeliveryTariff,
} from './price-delivery.ts'
export { noTaxRates, priceLine, taxOf, type LinePrice, type TaxRates, type TaxRule } from './price-line.ts'
export { openPricing, type Pricing, type PricingDeps } from './open-pricing.ts'
export { orphanedPriceLists } from './orphaned-price-lists.ts'
export type { MissedOffer, MissedReason } from './price-offers.ts'
export {
  buildPromotionBook,
  noOffers,
  plainCode,
  type OffersAtHand,
  type Promotion,
  type PromotionBook,
} from './promotion.ts'
export type { Named, PricingPorts, ReadNamed } from './ports.ts'
export { events } from './pricing.events.ts'
export { mountPricing } from './pricing.http.ts'
export { listPriceRows, variantsRepricedSince, type PriceRowPlace } from './pricing.sql.ts'
export { refusals, type PricingRefusal } from './pricing.refusals.ts'
export type {
  CreatePricingOutcome,
  EditPricingOutcome,
  NewPricing,
  PricingByKind,
  PricingChanges,
  PricingKind,
} from './save-pricing.ts'
export { recordRedemptions, releaseRedemptions, type OfferedOrder } from './redeem-offers.ts'
export { postRedemptions, readRedemptions } from './redemptions.sql.ts'
export {
  AppliedOfferJson,
  CodesBody,
  missedOfferJson,
  MissedOfferJson,
  promotionsJson,
  PromotionsJson,
  PromotionCodeText,
  redemptionJson,
} from './offers-json.ts'
export { lockUses, readUses, UsesPool, type OffersAsk } from './uses-pool.ts'
export { foreseePrices, type PriceEdit, type PriceResult, type SetPricesOutcome } from './set-prices.ts'
