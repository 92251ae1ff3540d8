/**
 * The time zone of a place, to tell on which day goods arrive there. By the postal code where a country has several
 * zones and its codes tell them apart; a code that crosses a border of zones counts to the one of most of its people.
 */
export function timeZoneOf(country: string, postalCode: string): string {
  if (country === 'US') return usTimeZone(postalCode)
  const byCode = zonesByFirstLetter[country]?.[postalCode.slice(0, 1)]
  return byCode ?? zoneByCountry[country] ?? 'UTC'
}

/** By the first three digits of the ZIP code (USPS Publication 65): the first area with which each zone begins. */
// oxfmt-ignore
const usAreas: readonly (readonly [number, string])[] = [
  [0, 'America/New_York'], [6, 'America/Puerto_Rico'], [10, 'America/New_York'],
  // The Florida panhandle; Alabama; Tennessee with its eastern cities; Mississippi.
  [324, 'America/Chicago'], [326, 'America/New_York'], [350, 'America/Chicago'], [373, 'America/New_York'],
  [375, 'America/Chicago'], [376, 'America/New_York'], [380, 'America/Chicago'],
  // Atlanta; Kentucky, whose west keeps Central time; Ohio; Indiana with Gary and Evansville; Michigan.
  [398, 'America/New_York'], [420, 'America/Chicago'], [425, 'America/New_York'], [463, 'America/Chicago'],
  [465, 'America/New_York'], [476, 'America/Chicago'], [478, 'America/New_York'],
  // Iowa to Texas, with the Black Hills, Dickinson and the west of Nebraska on Mountain time.
  [500, 'America/Chicago'], [577, 'America/Denver'], [578, 'America/Chicago'], [586, 'America/Denver'],
  [587, 'America/Chicago'], [590, 'America/Denver'], [600, 'America/Chicago'], [693, 'America/Denver'],
  [694, 'America/Chicago'], [798, 'America/Denver'],
  // The Rockies, Arizona without summer time, the coast.
  [835, 'America/Los_Angeles'], [836, 'America/Denver'], [838, 'America/Los_Angeles'], [840, 'America/Denver'],
  [850, 'America/Phoenix'], [870, 'America/Denver'], [889, 'America/Los_Angeles'], [967, 'Pacific/Honolulu'],
  [969, 'Pacific/Guam'], [970, 'America/Los_Angeles'], [979, 'America/Denver'], [980, 'America/Los_Angeles'],
  [995, 'America/Anchorage'],
]

/** The middle of the country, where somebody who only told the country most likely is. */
const US_MIDDLE = 'America/Chicago'

function usTimeZone(postalCode: string): string {
  if (!/^\d{3}/.test(postalCode)) return US_MIDDLE
  const area = Number(postalCode.slice(0, 3))
  return usAreas.findLast(([first]) => first <= area)?.[1] ?? US_MIDDLE
}

/** Canadian codes begin with a letter for the province, Australian with a digit for the state. */
const zonesByFirstLetter: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CA: {
    A: 'America/St_Johns',
    B: 'America/Halifax',
    C: 'America/Halifax',
    E: 'America/Halifax',
    R: 'America/Winnipeg',
    S: 'America/Regina',
    T: 'America/Edmonton',
    V: 'America/Vancouver',
    X: 'America/Edmonton',
    Y: 'America/Whitehorse',
  },
  AU: {
    0: 'Australia/Darwin',
    4: 'Australia/Brisbane',
    5: 'Australia/Adelaide',
    6: 'Australia/Perth',
  },
}

/** Of the countries that goods can be sent to, where most people live. */
const zoneByCountry: Readonly<Record<string, string>> = {
  CA: 'America/Toronto',
  MX: 'America/Mexico_City',
  GB: 'Europe/London',
  IE: 'Europe/Dublin',
  FR: 'Europe/Paris',
  DE: 'Europe/Berlin',
  NL: 'Europe/Amsterdam',
  BE: 'Europe/Brussels',
  LU: 'Europe/Luxembourg',
  AT: 'Europe/Vienna',
  CH: 'Europe/Zurich',
  IT: 'Europe/Rome',
  ES: 'Europe/Madrid',
  PT: 'Europe/Lisbon',
  DK: 'Europe/Copenhagen',
  SE: 'Europe/Stockholm',
  NO: 'Europe/Oslo',
  FI: 'Europe/Helsinki',
  PL: 'Europe/Warsaw',
  CZ: 'Europe/Prague',
  SK: 'Europe/Bratislava',
  HU: 'Europe/Budapest',
  RO: 'Europe/Bucharest',
  BG: 'Europe/Sofia',
  GR: 'Europe/Athens',
  HR: 'Europe/Zagreb',
  SI: 'Europe/Ljubljana',
  EE: 'Europe/Tallinn',
  LV: 'Europe/Riga',
  LT: 'Europe/Vilnius',
  JP: 'Asia/Tokyo',
  KR: 'Asia/Seoul',
  AU: 'Australia/Sydney',
  NZ: 'Pacific/Auckland',
  HK: 'Asia/Hong_Kong',
  MO: 'Asia/Macau',
  QA: 'Asia/Qatar',
  SG: 'Asia/Singapore',
  KW: 'Asia/Kuwait',
  AE: 'Asia/Dubai',
  BR: 'America/Sao_Paulo',
  IN: 'Asia/Kolkata',
}
