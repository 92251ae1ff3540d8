import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAddress, tidyAddress, type Address } from './address.ts'

const home: Address = {
  name: 'Ada Lovelace',
  line1: '1 Main St',
  city: 'Springfield',
  postalCode: '62701',
  country: 'US',
}

// oxfmt-ignore
const postalCodes = [
  // country  typed          kept as        problem
  ['US',      '62701',       '62701',       ''],
  ['US',      '62701-1234',  '62701-1234',  ''],
  ['US',      '6270',        '6270',        'postalCode invalid'],
  ['US',      '',            undefined,     'postalCode missing'],
  ['US',      '00100',       '00100',       'postalCode invalid'],
  ['AU',      '0300',        '0300',        'postalCode invalid'],
  ['us',      ' 62701 ',     '62701',       ''],
  ['GB',      'sw1a  1aa',   'SW1A 1AA',    ''],
  ['GB',      'SW1A1AA',     'SW1A1AA',     ''],
  ['GB',      '12345',       '12345',       'postalCode invalid'],
  ['CA',      'k1a 0b1',     'K1A 0B1',     ''],
  ['CA',      'D1A 0B1',     'D1A 0B1',     'postalCode invalid'],
  ['DE',      '10115',       '10115',       ''],
  ['DE',      'D-10115',     'D-10115',     'postalCode invalid'],
  ['NL',      '1012 ab',     '1012 AB',     ''],
  ['JP',      '100-0001',    '100-0001',    ''],
  ['JP',      '1000001',     '1000001',     ''],
  ['HK',      '',            undefined,     ''],
  ['QA',      '',            undefined,     ''],
  ['HK',      '999077',      '999077',      ''],
  ['PY',      '1209',        '1209',        ''],
  ['PY',      '<1209>',      '<1209>',      'postalCode invalid'],
  ['PY',      '',            undefined,     'postalCode missing'],
  ['PH',      '1000',        '1000',        ''],
  ['PH',      '10000',       '10000',       'postalCode invalid'],
  ['VN',      '700000',      '700000',      ''],
  ['VN',      'ABC',         'ABC',         'postalCode invalid'],
  ['XX',      '12345',       '12345',       'country invalid'],
  ['',        '12345',       '12345',       'country missing'],
  ['USA',     '62701',       '62701',       'country too_long'],
] as const

for (const [country, typed, kept, problem] of postalCodes) {
  test(`postal code ${JSON.stringify(typed)} of ${JSON.stringify(country)}: ${problem || 'accepted'}`, () => {
    const address = { ...home, country, postalCode: typed }
    assert.equal(tidyAddress(address).postalCode, kept)
    assert.equal(told(address), problem)
  })
}

// oxfmt-ignore
const regions = [
  // country  postal code  typed             kept as    problem
  ['US',      '10001',     'NY',             'NY',      ''],
  ['US',      '10001',     'new york',       'NY',      ''],
  ['US',      '10001',     'US-NY',          'NY',      ''],
  ['US',      '96813',     'Hawaii',         'HI',      ''],
  ['US',      '96813',     '',               'HI',      ''],
  ['US',      '90001',     '',               'CA',      ''],
  ['US',      '90001-1234', '',              'CA',      ''],
  ['US',      '90001',     'NY',             'NY',      'region elsewhere'],
  ['US',      '90001',     'Bavaria',        'Bavaria', 'region invalid'],
  ['US',      '9000',      'NY',             'NY',      'postalCode invalid'],
  ['US',      '06390',     '',               'NY',      ''],
  ['US',      '06390',     'CT',             'CT',      'region elsewhere'],
  ['US',      '89439',     'CA',             'CA',      ''],
  ['US',      '09012',     'ae',             'AE',      ''],
  ['CA',      'H2Y 1C6',   'Quebec',         'QC',      ''],
  ['CA',      'h2y1c6',    '',               'QC',      ''],
  ['CA',      'H2Y 1C6',   'NY',             'NY',      'region invalid'],
  ['CA',      'H2Y 1C6',   'ON',             'ON',      'region elsewhere'],
  ['CA',      'X0A 0H0',   '',               'NU',      ''],
  ['CA',      'K1A 0H3',   'QC',             'QC',      ''],
  ['AU',      '2000',      'nsw',            'NSW',     ''],
  ['AU',      '0872',      'South Australia', 'SA',     ''],
  ['AU',      '3000',      'QLD',            'QLD',     'region elsewhere'],
  ['AU',      '3000',      '',               'VIC',     ''],
  ['DE',      '10115',     'Bayern',         'Bayern',  ''],
  ['DE',      '10115',     '',               undefined, ''],
  ['AE',      '',          'Dubai',          'Dubai',   ''],
  ['AE',      '',          '',               undefined, 'region missing'],
] as const

for (const [country, postalCode, typed, kept, problem] of regions) {
  test(`region ${JSON.stringify(typed)} of ${postalCode} in ${country}: ${problem || 'accepted'}`, () => {
    const address = { ...home, country, region: typed, postalCode }
    assert.equal(tidyAddress(address).region, kept)
    assert.equal(told(address), problem)
    assert.deepEqual(tidyAddress(tidyAddress(address)), tidyAddress(address), 'tidied twice is tidied once')
  })
}

// oxfmt-ignore
const changes = [
  // change                              problem
  [{ name: '   ' },                      'name missing'],
  [{ line1: '' },                        'line1 missing'],
  [{ city: '\t' },                       'city missing'],
  [{ line2: '' },                        ''],
  [{ line2: null, region: null },        ''],
  [{ name: 'a'.repeat(200) },            ''],
  [{ name: 'a'.repeat(201) },            'name too_long'],
  [{ city: 'a'.repeat(101) },            'city too_long'],
  [{ line1: '1 Main\u0000St' },          'line1 invalid'],
  [{ name: '', city: '' },               'name missing, city missing'],
  [{ name: '=HYPERLINK("http://x")' },   ''],
] as const

for (const [change, problem] of changes) {
  test(`an address with ${JSON.stringify(change).slice(0, 60)}: ${problem || 'accepted'}`, () => {
    assert.equal(told({ ...home, ...change }), problem)
  })
}

test('tidying keeps what is there and drops what is empty', () => {
  assert.deepEqual(tidyAddress({ ...home, name: '  Ada \n Lovelace ', line2: ' ', region: ' IL', phone: null }), {
    ...home,
    region: 'IL',
  })
})

function told(address: Address): string {
  return checkAddress(address)
    .map(({ field, problem }) => `${field} ${problem}`)
    .join(', ')
}
