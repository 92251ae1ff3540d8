import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRegion } from './address-regions.ts'
import { regionsOfPostalCode } from './postal-regions.ts'

// One of each state, by its capital or largest city.
const capitals =
  'AL 36104|AK 99801|AZ 85001|AR 72201|CA 95814|CO 80202|CT 06103|DE 19901|DC 20001|FL 32301|GA 30303|HI 96813|' +
  'ID 83702|IL 62701|IN 46225|IA 50309|KS 66603|KY 40601|LA 70802|ME 04330|MD 21401|MA 02201|MI 48933|MN 55102|' +
  'MS 39205|MO 65101|MT 59623|NE 68502|NV 89701|NH 03301|NJ 08608|NM 87501|NY 12207|NC 27601|ND 58501|OH 43215|' +
  'OK 73102|OR 97301|PA 17101|RI 02903|SC 29217|SD 57501|TN 37219|TX 78701|UT 84111|VT 05602|VA 23219|WA 98507|' +
  'WV 25301|WI 53703|WY 82001|PR 00901|VI 00802|GU 96910|AS 96799|MP 96950|AE 09012|AA 34001|AP 96201|TX 73301'

for (const entry of capitals.split('|')) {
  const [state, zip = ''] = entry.split(' ')
  test(`${zip} lies in ${state}`, () => assert.deepEqual(regionsOfPostalCode('US', zip), [state]))
}

test('every region that a code tells is one of the country', () => {
  const letters = Array.from('ABCEGHJKLMNPRSTVXY')
  const told = [
    ...Array.from({ length: 100_000 }, (_, code) => ['US', String(code).padStart(5, '0')] as const),
    ...letters.flatMap((first) => letters.map((third) => ['CA', `${first}0${third} 1A1`] as const)),
    ...Array.from({ length: 10_000 }, (_, code) => ['AU', String(code).padStart(4, '0')] as const),
  ].map(([country, code]) => ({ country, code, regions: regionsOfPostalCode(country, code) ?? [] }))
  for (const { country, code, regions } of told) {
    assert.ok(
      regions.every((region) => isRegion(country, region)),
      code,
    )
    if (country === 'CA' || (country === 'US' && code >= '00500')) assert.ok(regions.length > 0, code)
  }
})

test('a code that is none of the country, or of a country whose codes tell nothing, tells nothing', () => {
  for (const [country, code] of [
    ['US', '1000'],
    ['US', 'ABCDE'],
    ['CA', '10001'],
    ['AU', '20000'],
    ['DE', '10115'],
    ['HK', ''],
  ] as const) {
    assert.equal(regionsOfPostalCode(country, code), null, `${country} ${code}`)
  }
})
