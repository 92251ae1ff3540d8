/**
 * In which regions the addresses of a postal code may lie, the one of most of them first. Taxes and assortments go by
 * the region, and people leave it out or mistype it; the postal code is what a parcel is delivered to.
 *
 * @returns null where codes do not tell, or for what is not a code of the country; none for a code of no region
 */
export function regionsOfPostalCode(country: string, postalCode: string): readonly string[] | null {
  const code = postalCode.toUpperCase().replace(/[^A-Z0-9]/g, '')
  if (country === 'US') return /^\d{5}(\d{4})?$/.test(code) ? usRegions(code.slice(0, 5)) : null
  if (country === 'CA') return /^[A-Z]\d[A-Z]\d[A-Z]\d$/.test(code) ? canadianRegions(code) : null
  if (country === 'AU') return /^\d{4}$/.test(code) ? australianRegions(code) : null
  return null
}

/**
 * The state of the first three digits of ZIP codes (USPS Domestic Mail Manual, labeling list L002): the first area with
 * which each begins. Areas not in use count to the state before them.
 */
// oxfmt-ignore
const usAreas: readonly (readonly [number, string])[] = [
  [5, 'NY'], [6, 'PR'], [8, 'VI'], [9, 'PR'], [10, 'MA'], [28, 'RI'], [30, 'NH'], [39, 'ME'], [50, 'VT'], [55, 'MA'],
  [56, 'VT'], [60, 'CT'], [70, 'NJ'], [90, 'AE'], [100, 'NY'], [150, 'PA'], [197, 'DE'], [200, 'DC'], [201, 'VA'],
  [202, 'DC'], [206, 'MD'], [220, 'VA'], [247, 'WV'], [270, 'NC'], [290, 'SC'], [300, 'GA'], [320, 'FL'], [340, 'AA'],
  [341, 'FL'], [350, 'AL'], [370, 'TN'], [386, 'MS'], [398, 'GA'], [400, 'KY'], [430, 'OH'], [460, 'IN'], [480, 'MI'],
  [500, 'IA'], [530, 'WI'], [550, 'MN'], [569, 'DC'], [570, 'SD'], [580, 'ND'], [590, 'MT'], [600, 'IL'], [630, 'MO'],
  [660, 'KS'], [680, 'NE'], [700, 'LA'], [716, 'AR'], [730, 'OK'], [733, 'TX'], [734, 'OK'], [750, 'TX'], [800, 'CO'],
  [820, 'WY'], [832, 'ID'], [840, 'UT'], [850, 'AZ'], [870, 'NM'], [885, 'TX'], [889, 'NV'], [900, 'CA'], [962, 'AP'],
  [967, 'HI'], [969, 'GU'], [970, 'OR'], [980, 'WA'], [995, 'AK'],
]

/** ZIP codes of another state than their area's, and those that cross a border. */
// oxfmt-ignore
const usExceptions: Readonly<Record<string, readonly string[]>> = {
  '02861': ['RI', 'MA'], '03579': ['NH', 'ME'], '06390': ['NY'], '20588': ['MD'], '20598': ['VA'],
  '42223': ['KY', 'TN'], '59221': ['MT', 'ND'], '63673': ['MO', 'IL'], '71749': ['AR', 'LA'], '73949': ['OK', 'TX'],
  '73960': ['TX'], '81137': ['CO', 'NM'], '83414': ['WY'], '84536': ['UT', 'AZ'], '86044': ['AZ', 'UT'],
  '86515': ['AZ', 'NM'], '88063': ['NM', 'TX'], '89439': ['NV', 'CA'], '96799': ['AS'], '96939': ['PW'],
  '96940': ['PW'], '96941': ['FM'], '96942': ['FM'], '96943': ['FM'], '96944': ['FM'], '96950': ['MP'],
  '96951': ['MP'], '96952': ['MP'], '96960': ['MH'], '96970': ['MH'], '97635': ['OR', 'CA'],
}

function usRegions(zip: string): readonly string[] {
  const area = Number(zip.slice(0, 3))
  const state = usAreas.findLast(([first]) => first <= area)?.[1]
  return usExceptions[zip] ?? (state === undefined ? [] : [state])
}

/** The province of the first letter (Canada Post, Addressing Guidelines); X is shared by two territories. */
// oxfmt-ignore
const provinceByLetter: Readonly<Record<string, string>> = {
  A: 'NL', B: 'NS', C: 'PE', E: 'NB', G: 'QC', H: 'QC', J: 'QC', K: 'ON', L: 'ON', M: 'ON', N: 'ON', P: 'ON',
  R: 'MB', S: 'SK', T: 'AB', V: 'BC', X: 'NT', Y: 'YT',
}

function canadianRegions(code: string): readonly string[] {
  // Ministries on both banks of the Ottawa have one area.
  if (code.startsWith('K1A')) return ['ON', 'QC']
  if (/^X0[ABC]/.test(code)) return ['NU']
  const province = provinceByLetter[code.slice(0, 1)]
  return province === undefined ? [] : [province]
}

/** Ranges of Australian postcodes as Australia Post allots them to states, post boxes and large receivers included. */
// oxfmt-ignore
const australianRanges: readonly (readonly [number, number, string])[] = [
  [200, 299, 'ACT'], [800, 999, 'NT'], [1000, 2599, 'NSW'], [2600, 2618, 'ACT'], [2619, 2899, 'NSW'],
  [2900, 2920, 'ACT'], [2921, 2999, 'NSW'], [3000, 3999, 'VIC'], [4000, 4999, 'QLD'], [5000, 5999, 'SA'],
  [6000, 6999, 'WA'], [7000, 7999, 'TAS'], [8000, 8999, 'VIC'], [9000, 9999, 'QLD'],
]

/** Postcodes that are delivered across a border. */
// oxfmt-ignore
const australianExceptions: Readonly<Record<string, readonly string[]>> = {
  '0872': ['NT', 'SA', 'WA', 'QLD'], '2406': ['NSW', 'QLD'], '2540': ['NSW', 'JBT', 'ACT'], '2611': ['ACT', 'NSW'],
  '2618': ['NSW', 'ACT'], '2619': ['NSW', 'ACT'], '2620': ['NSW', 'ACT'], '3500': ['VIC', 'NSW'],
  '3585': ['VIC', 'NSW'], '3586': ['VIC', 'NSW'], '3644': ['VIC', 'NSW'], '3691': ['VIC', 'NSW'],
  '3707': ['VIC', 'NSW'], '4375': ['QLD', 'NSW'], '4377': ['QLD', 'NSW'], '4380': ['QLD', 'NSW'],
  '4383': ['QLD', 'NSW'], '4385': ['QLD', 'NSW'], '4825': ['QLD', 'NT'],
}

function australianRegions(code: string): readonly string[] {
  const number = Number(code)
  const state = australianRanges.find(([first, last]) => first <= number && number <= last)?.[2]
  return australianExceptions[code] ?? (state === undefined ? [] : [state])
}
