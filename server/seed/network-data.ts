import { euCountries } from './zones.ts'

const all = ['US', ...euCountries]

type Hours = readonly [weekday: number, opens: string, closes: string]

function mondayToSaturday(opens: string, closes: string): Hours[] {
  return [1, 2, 3, 4, 5, 6].map((weekday) => [weekday, opens, closes])
}

/**
 * Six places on a real map; coordinates are the centroids of the postal codes. `node` is what the place does for the
 * network; no channel means every one. `work` is when: warehouses pick around the clock of their working days and hand
 * over until the cut-off, stores keep opening hours.
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
    node: {
      ships: true,
      offersPickup: false,
      channels: [],
      shipsTo: all,
      handlingDays: 0,
      handlingMinutes: 0,
      pickupMinutes: 240,
    },
    work: {
      calendar: 'us-warehouse',
      cutOff: '14:00',
      cutOffs: { 'swiftline-express': '16:30', 'atlas-express': '12:00' },
      hours: [],
    },
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
    node: {
      ships: true,
      offersPickup: false,
      channels: [],
      shipsTo: all,
      handlingDays: 0,
      handlingMinutes: 0,
      pickupMinutes: 240,
    },
    work: {
      calendar: 'us-warehouse',
      cutOff: '15:00',
      cutOffs: { 'swiftline-express': '17:00', 'atlas-express': '12:30' },
      hours: [],
    },
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
    node: {
      ships: true,
      offersPickup: true,
      channels: ['web', 'store-pos'],
      shipsTo: ['US'],
      handlingDays: 0,
      handlingMinutes: 240,
      pickupMinutes: 120,
    },
    work: {
      calendar: 'us-store',
      cutOff: '16:00',
      cutOffs: {},
      hours: [...mondayToSaturday('10:00', '20:00'), [7, '11:00', '18:00']],
    },
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
    node: {
      ships: true,
      offersPickup: true,
      channels: ['web', 'store-pos'],
      shipsTo: ['US'],
      handlingDays: 0,
      handlingMinutes: 240,
      pickupMinutes: 120,
    },
    work: {
      calendar: 'us-store',
      cutOff: '16:00',
      cutOffs: {},
      hours: [...mondayToSaturday('10:00', '19:00'), [7, '12:00', '17:00']],
    },
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
    node: {
      ships: true,
      offersPickup: false,
      channels: ['web', 'marketplace'],
      shipsTo: all,
      handlingDays: 1,
      handlingMinutes: 0,
      pickupMinutes: 240,
    },
    work: { calendar: 'us-warehouse', cutOff: '11:00', cutOffs: {}, hours: [] },
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
    node: {
      ships: true,
      offersPickup: false,
      channels: ['web'],
      shipsTo: ['US'],
      handlingDays: 4,
      handlingMinutes: 0,
      pickupMinutes: 240,
    },
    work: { calendar: 'us-warehouse', cutOff: '12:00', cutOffs: {}, hours: [] },
  },
] as const

export type LocationCode = (typeof locations)[number]['code']

export const carriers = [
  { code: 'swiftline', name: 'Swiftline Parcel' },
  { code: 'homepost', name: 'Home Post' },
  { code: 'atlas', name: 'Atlas Global' },
] as const

/** Working days from–to, between hand-over and the door: to a country, or between the postal codes that begin so. */
export const services = [
  {
    code: 'swiftline-ground',
    name: 'Swiftline Ground',
    carrier: 'swiftline',
    calendar: 'swiftline',
    to: ['US'],
    days: [3, 5],
    // Within the west, the middle and the east it is quicker; to Alaska, Hawaii and Puerto Rico it takes a boat.
    between: [
      ...betweenAreas(['89'], ['8', '9'], [1, 3]),
      ...betweenAreas(['43', '60', '75'], ['4', '5', '6', '7'], [1, 3]),
      ...betweenAreas(['43', '11', '04'], ['0', '1', '2', '3'], [1, 3]),
      ...betweenAreas([''], ['006', '007', '009', '967', '968', '995', '996', '997', '998', '999'], [6, 10]),
    ],
  },
  {
    code: 'swiftline-express',
    name: 'Swiftline Express',
    carrier: 'swiftline',
    calendar: 'swiftline',
    to: ['US'],
    days: [1, 2],
    between: [],
  },
  {
    code: 'homepost-saver',
    name: 'Home Post Saver',
    carrier: 'homepost',
    calendar: 'homepost',
    to: ['US'],
    days: [3, 7],
    between: [],
  },
  {
    code: 'atlas-standard',
    name: 'Atlas Standard',
    carrier: 'atlas',
    calendar: 'swiftline',
    to: euCountries,
    days: [5, 9],
    between: [],
  },
  {
    code: 'atlas-express',
    name: 'Atlas Express',
    carrier: 'atlas',
    calendar: 'swiftline',
    to: euCountries,
    days: [2, 4],
    between: [],
  },
] as const

function betweenAreas(
  from: readonly string[],
  to: readonly string[],
  [daysMin, daysMax]: readonly [number, number],
): { from: string; to: string; daysMin: number; daysMax: number }[] {
  return from.flatMap((origin) => to.map((destination) => ({ from: origin, to: destination, daysMin, daysMax })))
}

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
