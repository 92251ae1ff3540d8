import { euCountries } from './zones.ts'

const all = ['US', ...euCountries]

/**
 * Six places on a real map; coordinates are the centroids of the postal codes. `node` is what the place does for the
 * network; no channel means every one.
 */
export const locations = [
  {
    code: 'wh-reno',
    name: 'Reno warehouse',
    kind: 'warehouse',
    legalEntity: 'us',
    timeZone: 'America/Los_Angeles',
    country: 'US',
    region: 'NV',
    city: 'Reno',
    postalCode: '89506',
    latitude: 39.698837,
    longitude: -119.826268,
    node: { ships: true, offersPickup: false, channels: [], shipsTo: all, handlingDays: 1 },
  },
  {
    code: 'wh-columbus',
    name: 'Columbus warehouse',
    kind: 'warehouse',
    legalEntity: 'us',
    timeZone: 'America/New_York',
    country: 'US',
    region: 'OH',
    city: 'Columbus',
    postalCode: '43217',
    latitude: 39.816946,
    longitude: -82.934089,
    node: { ships: true, offersPickup: false, channels: [], shipsTo: all, handlingDays: 1 },
  },
  {
    code: 'store-chicago',
    name: 'Lincoln Park store',
    kind: 'store',
    legalEntity: 'us',
    timeZone: 'America/Chicago',
    country: 'US',
    region: 'IL',
    city: 'Chicago',
    postalCode: '60614',
    latitude: 41.922747,
    longitude: -87.647153,
    node: { ships: true, offersPickup: true, channels: ['web', 'store-pos'], shipsTo: ['US'], handlingDays: 2 },
  },
  {
    code: 'store-brooklyn',
    name: 'Williamsburg store',
    kind: 'store',
    legalEntity: 'us',
    timeZone: 'America/New_York',
    country: 'US',
    region: 'NY',
    city: 'Brooklyn',
    postalCode: '11211',
    latitude: 40.714084,
    longitude: -73.945168,
    node: { ships: true, offersPickup: true, channels: ['web', 'store-pos'], shipsTo: ['US'], handlingDays: 2 },
  },
  {
    code: '3pl-dallas',
    name: 'Trinity Logistics, Dallas',
    kind: '3pl',
    legalEntity: 'us',
    timeZone: 'America/Chicago',
    country: 'US',
    region: 'TX',
    city: 'Dallas',
    postalCode: '75212',
    latitude: 32.78225,
    longitude: -96.878833,
    node: { ships: true, offersPickup: false, channels: ['web', 'marketplace'], shipsTo: all, handlingDays: 1 },
  },
  {
    code: 'vendor-portland',
    name: 'Oakhollow workshop',
    kind: 'vendor',
    legalEntity: 'us',
    timeZone: 'America/New_York',
    country: 'US',
    region: 'ME',
    city: 'Portland',
    postalCode: '04101',
    latitude: 43.662607,
    longitude: -70.257949,
    node: { ships: true, offersPickup: false, channels: ['web'], shipsTo: ['US'], handlingDays: 5 },
  },
] as const

export type LocationCode = (typeof locations)[number]['code']

export const carriers = [
  { code: 'swiftline', name: 'Swiftline Parcel' },
  { code: 'homepost', name: 'Home Post' },
  { code: 'atlas', name: 'Atlas Global' },
] as const

/** Flat transit days, from–to, between hand-over and the door. */
export const services = [
  { code: 'swiftline-ground', name: 'Swiftline Ground', carrier: 'swiftline', to: ['US'], days: [2, 5] },
  { code: 'swiftline-express', name: 'Swiftline Express', carrier: 'swiftline', to: ['US'], days: [1, 2] },
  { code: 'homepost-saver', name: 'Home Post Saver', carrier: 'homepost', to: ['US'], days: [3, 7] },
  { code: 'atlas-standard', name: 'Atlas Standard', carrier: 'atlas', to: euCountries, days: [5, 9] },
  { code: 'atlas-express', name: 'Atlas Express', carrier: 'atlas', to: euCountries, days: [2, 4] },
] as const

/** What a buyer pays, in cents: before sales tax in dollars, with VAT in euros. */
export const tariffs = [
  // code               name                  method    service              to           currency  price  free from
  ['standard', 'Standard delivery', 'ship', 'swiftline-ground', ['US'], 'USD', 695, 7_500],
  ['saver', 'Saver delivery', 'ship', 'homepost-saver', ['US'], 'USD', 495, null],
  ['express', 'Express delivery', 'ship', 'swiftline-express', ['US'], 'USD', 1_995, null],
  ['pickup', 'Pick up in store', 'pickup', null, ['US'], 'USD', 0, null],
  ['standard-eu', 'Standard delivery', 'ship', 'atlas-standard', euCountries, 'EUR', 990, 15_000],
  ['express-eu', 'Express delivery', 'ship', 'atlas-express', euCountries, 'EUR', 2_900, null],
  ['standard-us-eur', 'Standard delivery', 'ship', 'swiftline-ground', ['US'], 'EUR', 690, 7_500],
  ['pickup-eur', 'Pick up in store', 'pickup', null, ['US'], 'EUR', 0, null],
] as const
