/**
 * States, provinces and territories by their postal code, where taxes and carriers go by them: Unicode CLDR 46,
 * subdivisions of US, CA and AU, with the military addresses of USPS Publication 28.
 */
const namesByCode: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  US: table(
    'AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|' +
      'DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|' +
      'KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|' +
      'MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|' +
      'NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|' +
      'SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|' +
      'WV West Virginia|WI Wisconsin|WY Wyoming|AS American Samoa|GU Guam|MP Northern Mariana Islands|PR Puerto Rico|' +
      'VI U.S. Virgin Islands|FM Micronesia|MH Marshall Islands|PW Palau|AA Armed Forces Americas|' +
      'AE Armed Forces Europe|AP Armed Forces Pacific',
  ),
  CA: table(
    'AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|' +
      'NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|' +
      'SK Saskatchewan|YT Yukon',
  ),
  AU: table(
    'ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|SA South Australia|' +
      'TAS Tasmania|VIC Victoria|WA Western Australia|JBT Jervis Bay Territory',
  ),
}

const codeByName: Readonly<Record<string, ReadonlyMap<string, string>>> = Object.fromEntries(
  Object.entries(namesByCode).map(([country, names]) => [
    country,
    new Map(Object.entries(names).map(([code, name]) => [name.toLowerCase(), code])),
  ]),
)

/**
 * Countries whose mail needs a region that nothing else in the address tells: those for which Chromium's libaddressinput
 * requires one, less those whose postal code names it.
 */
const needsRegion: ReadonlySet<string> = new Set(['AE', 'CO', 'HN', 'ID', 'SV'])

export function isRegionRequired(country: string): boolean {
  return needsRegion.has(country)
}

/** The code of a region however it was typed, `ny` or `New York`; elsewhere what was typed. */
export function tidyRegion(country: string, typed: string): string {
  const names = namesByCode[country]
  if (names === undefined) return typed
  const upper = typed.toUpperCase().replace(/^(US|CA|AU)-/, '')
  return Object.hasOwn(names, upper) ? upper : (codeByName[country]?.get(typed.toLowerCase()) ?? typed)
}

/** Whether a tidied region exists; true where we have no list. */
export function isRegion(country: string, region: string): boolean {
  const names = namesByCode[country]
  return names === undefined || Object.hasOwn(names, region)
}

function table(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('|').map((entry) => [entry.slice(0, entry.indexOf(' ')), entry.slice(entry.indexOf(' ') + 1)]),
  )
}
