/** Where the demo merchant collects taxes. Rates are those of November 2026 and no tax advice. */
export interface DemoZone {
  readonly code: string
  readonly name: string
  readonly country: string
  readonly regions: readonly string[]
  readonly postalPrefixes: readonly string[]
  /** Parts per million by tax class. */
  readonly rates: Readonly<Record<'standard' | 'clothing' | 'food' | 'exempt', number>>
}

/** State rates without what counties and cities add; `ZIP` are the first three digits, from–to. */
const states = [
  // code  state            standard  clothing  food     ZIP
  ['AZ', 'Arizona', 56_000, 56_000, 0, '850-865'],
  ['CA', 'California', 72_500, 72_500, 0, '900-961'],
  ['CO', 'Colorado', 29_000, 29_000, 0, '800-816'],
  ['FL', 'Florida', 60_000, 60_000, 0, '320-339 341-349'],
  ['GA', 'Georgia', 40_000, 40_000, 0, '300-319 398-399'],
  ['IL', 'Illinois', 62_500, 62_500, 0, '600-629'],
  ['MA', 'Massachusetts', 62_500, 62_500, 0, '010-027 055-055'],
  ['ME', 'Maine', 55_000, 55_000, 0, '039-049'],
  ['MI', 'Michigan', 60_000, 60_000, 0, '480-499'],
  ['MN', 'Minnesota', 68_750, 0, 0, '550-567'],
  ['NC', 'North Carolina', 47_500, 47_500, 0, '270-289'],
  ['NJ', 'New Jersey', 66_250, 0, 0, '070-089'],
  ['NV', 'Nevada', 68_500, 68_500, 0, '889-898'],
  ['NY', 'New York', 40_000, 40_000, 0, '005-005 100-149'],
  ['OH', 'Ohio', 57_500, 57_500, 0, '430-459'],
  ['PA', 'Pennsylvania', 60_000, 0, 0, '150-196'],
  ['TN', 'Tennessee', 70_000, 70_000, 40_000, '370-385'],
  ['TX', 'Texas', 62_500, 62_500, 0, '733-733 750-799 885-885'],
  ['VA', 'Virginia', 43_000, 43_000, 0, '201-201 220-246'],
  ['WA', 'Washington', 65_000, 65_000, 0, '980-994'],
] as const

/** Value added tax. Parts of a country that lie outside the VAT area have their own rows. */
const countries = [
  // country  name                              standard  food      postal prefixes
  ['AT', 'Austria', 200_000, 100_000, []],
  ['BE', 'Belgium', 210_000, 60_000, []],
  ['DE', 'Germany', 190_000, 70_000, []],
  ['DE', 'Büsingen and Heligoland', 0, 0, ['27498', '78266']],
  ['ES', 'Spain', 210_000, 100_000, []],
  ['ES', 'Canary Islands, Ceuta, Melilla', 0, 0, ['35', '38', '51', '52']],
  ['FI', 'Finland', 255_000, 135_000, []],
  ['FR', 'France', 200_000, 55_000, []],
  ['IE', 'Ireland', 230_000, 0, []],
  ['IT', 'Italy', 220_000, 100_000, []],
  ['LU', 'Luxembourg', 170_000, 30_000, []],
  ['NL', 'Netherlands', 210_000, 90_000, []],
  ['PT', 'Portugal', 230_000, 60_000, []],
] as const

/** The countries of the EU market, in order and once each. */
export const euCountries: readonly string[] = [...new Set(countries.map(([country]) => country))]

export const zones: readonly DemoZone[] = [
  // No registration, no tax: the rest of the country.
  {
    code: 'us',
    name: 'United States',
    country: 'US',
    regions: [],
    postalPrefixes: [],
    rates: { standard: 0, clothing: 0, food: 0, exempt: 0 },
  },
  ...states.map(([state, name, standard, clothing, food, zips]) => ({
    code: `us-${state.toLowerCase()}`,
    name,
    country: 'US',
    regions: [state],
    postalPrefixes: zipPrefixes(zips),
    rates: { standard, clothing, food, exempt: 0 },
  })),
  ...countries.map(([country, name, standard, food, postalPrefixes]) => ({
    code: country.toLowerCase() + (postalPrefixes.length > 0 ? '-outside-vat' : ''),
    name,
    country,
    regions: [],
    postalPrefixes,
    rates: { standard, clothing: standard, food, exempt: 0 },
  })),
]

/** `'889-891 898-898'` → 889, 890, 891, 898. A head that knows only the ZIP code still gets the state's tax. */
function zipPrefixes(ranges: string): string[] {
  return ranges.split(' ').flatMap((range) => {
    const [first, last] = range.split('-').map(Number) as [number, number]
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index).padStart(3, '0'))
  })
}
