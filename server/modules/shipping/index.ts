export {
  buildBook as buildShippingBook,
  transitDays,
  type Carrier,
  type Service,
  type ShippingBook,
  type PostalPlace,
  type Transit,
  type TransitDays,
} from './book.ts'
export type { ShippingRefusal } from './check-shipping.ts'
export { openShipping, type Shipping } from './open-shipping.ts'
export { saveCarrier, type SaveCarrierOutcome } from './save-carrier.ts'
export {
  createService,
  editService,
  type CreateServiceOutcome,
  type EditServiceOutcome,
  type NewService,
  type ServiceChanges,
} from './save-service.ts'
export { events } from './shipping.events.ts'
export { mountShipping } from './shipping.http.ts'
export { refusals } from './shipping.refusals.ts'
