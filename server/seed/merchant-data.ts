import { euCountries } from './zones.ts'

/** Fernway Outfitters: tents, boots and things for the house, sold on both sides of the Atlantic. */
export const legalEntities = [
  { code: 'us', name: 'Fernway Outfitters, Inc.', country: 'US', currency: 'USD', timeZone: 'America/New_York' },
  { code: 'eu', name: 'Fernway Outfitters GmbH', country: 'DE', currency: 'EUR', timeZone: 'Europe/Berlin' },
] as const

export const markets = [
  { code: 'us', name: 'United States', countries: ['US'] },
  { code: 'eu', name: 'Euro area', countries: euCountries },
] as const

export const channels = [
  {
    code: 'web',
    name: 'Web shop',
    kind: 'web',
    legalEntity: 'us',
    market: null,
    currency: 'USD',
    currencies: ['USD', 'EUR'],
    locale: 'en-US',
    timeZone: 'America/New_York',
    taxIncluded: false,
    taxIncludedExcept: ['EUR'],
    trusted: false,
  },
  {
    code: 'store-pos',
    name: 'Store tills',
    kind: 'pos',
    legalEntity: 'us',
    market: 'us',
    currency: 'USD',
    currencies: ['USD'],
    locale: 'en-US',
    timeZone: 'America/New_York',
    taxIncluded: false,
    taxIncludedExcept: [],
    trusted: true,
  },
  {
    code: 'marketplace',
    name: 'European marketplace',
    kind: 'marketplace',
    legalEntity: 'eu',
    market: 'eu',
    currency: 'EUR',
    currencies: ['EUR'],
    locale: 'de-DE',
    timeZone: 'Europe/Berlin',
    taxIncluded: true,
    taxIncludedExcept: [],
    trusted: true,
  },
] as const

export const calendars = [
  {
    code: 'us-warehouse',
    name: 'US warehouses',
    workingDays: [1, 2, 3, 4, 5],
    closedDates: [
      '2026-11-26',
      '2026-12-25',
      '2027-01-01',
      '2027-05-31',
      '2027-07-05',
      '2027-09-06',
      '2027-11-25',
      '2027-12-24',
    ],
  },
  {
    code: 'us-store',
    name: 'US stores',
    workingDays: [1, 2, 3, 4, 5, 6, 7],
    closedDates: ['2026-11-26', '2026-12-25', '2027-01-01', '2027-11-25', '2027-12-25'],
  },
  {
    code: 'swiftline',
    name: 'Parcel carriers',
    workingDays: [1, 2, 3, 4, 5],
    closedDates: ['2026-11-26', '2026-12-25', '2027-01-01', '2027-05-31', '2027-07-05', '2027-09-06', '2027-11-25'],
  },
  {
    code: 'homepost',
    name: 'Home Post, Saturdays too',
    workingDays: [1, 2, 3, 4, 5, 6],
    closedDates: ['2026-11-26', '2026-12-25', '2027-01-01', '2027-05-31', '2027-07-05', '2027-09-06', '2027-11-25'],
  },
  {
    code: 'de-office',
    name: 'German office',
    workingDays: [1, 2, 3, 4, 5],
    closedDates: ['2026-12-25', '2027-01-01', '2027-03-26', '2027-03-29', '2027-05-06', '2027-05-17', '2027-10-03'],
  },
] as const
