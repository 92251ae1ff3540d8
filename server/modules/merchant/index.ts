export { marketsOf, pricesIncludeTax } from './book.ts'
export { isRegion, isRegionRequired, tidyRegion } from './address-regions.ts'
export type {
  Calendar,
  Channel,
  ChannelKind,
  ConfigurationByKind,
  ConfigurationKind,
  LegalEntity,
  Market,
  MerchantBook,
  TaxRounding,
} from './book.ts'
export { decideZone, plainPostalCode, plainRegion, type Place, type Zone } from './decide-zone.ts'
export type { ConfigurationRefusal } from './check-configuration.ts'
export { events } from './merchant.events.ts'
export { mountMerchant } from './merchant.http.ts'
export { refusals, type MerchantRefusal } from './merchant.refusals.ts'
export { isCountry, isCurrency, isTimeZone } from './iso-codes.ts'
export { regionsOfPostalCode } from './postal-regions.ts'
export type { MerchantPorts } from './ports.ts'
export { openMerchant, type Merchant } from './open-merchant.ts'
export {
  createConfiguration,
  editConfiguration,
  type ConfigurationChanges,
  type CreateOutcome,
  type EditOutcome,
  type NewConfiguration,
} from './save-configuration.ts'
export { takeNumbers, type NumberedKind, type TakenNumber } from './take-numbers.ts'
