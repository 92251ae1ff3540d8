import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId } from '../../kernel/id.ts'
import { InvariantError } from '../../kernel/invariant.ts'
import { decideZone, indexZones, plainPostalCode, plainRegion, type Place, type Zone } from './decide-zone.ts'

const zone = (code: string, country: string, regions: string[] = [], postalPrefixes: string[] = []): Zone => ({
  id: newId(),
  code,
  name: code,
  country,
  regions,
  postalPrefixes,
  version: 1,
})

const zones = [
  zone('us', 'US'),
  zone('us-ca', 'US', ['CA'], ['90', '91', '96']),
  zone('la-county', 'US', [], ['900']),
  zone('one-building', 'US', [], ['90001']),
  zone('mainland', 'ES'),
  zone('canary', 'ES', ['GC', 'TF'], ['35', '38']),
  zone('scotland', 'GB', ['SCT'], ['EH', 'G']),
  zone('tokyo', 'JP', ['13']),
]
const index = indexZones(zones)

type Row = readonly [country: string, region: string, postalCode: string, expected: string, why: string]
const rows: readonly Row[] = [
  ['US', '', '', 'us', 'nothing but the country is known'],
  ['US', 'TX', '75212', 'us', 'a state without a zone of its own'],
  ['US', 'CA', '', 'us-ca', 'the region alone'],
  ['US', ' ca ', '', 'us-ca', 'as people type it'],
  ['US', 'US-CA', '', 'us-ca', 'as ISO 3166-2 writes it'],
  ['US', '', '91101', 'us-ca', 'the postal code alone'],
  ['US', '', '90210', 'us-ca', 'inside 90, not inside 900'],
  ['US', '', '90045', 'la-county', 'the longer prefix'],
  ['US', '', '90001', 'one-building', 'the whole code is the longest prefix'],
  ['US', '', '90001-1234', 'one-building', 'ZIP+4'],
  ['US', '', '9', 'us', 'shorter than every prefix'],
  ['US', 'NV', '90045', 'la-county', 'the postal code speaks before the region'],
  ['US', 'CA', '75212', 'us-ca', 'a postal code without a zone leaves it to the region'],
  ['ES', '', '38001', 'canary', 'outside the VAT area'],
  ['ES', 'M', '28001', 'mainland', ''],
  ['GB', '', 'eh1 1yz', 'scotland', 'spaces and case do not matter'],
  ['GB', 'ENG', 'SW1A 1AA', 'none', 'no zone for the rest of the country'],
  ['JP', '13', '100-0001', 'tokyo', 'regions may be digits'],
  ['JP', '', '100-0001', 'none', ''],
  ['DE', 'BE', '10115', 'none', 'a country without any zone'],
]

for (const [country, region, postalCode, expected, why] of rows) {
  test(`${country} ${region || '–'} ${postalCode || '–'} → ${expected} ${why && `(${why})`}`, () => {
    assert.equal(decideZone(index, { country, region, postalCode })?.code ?? 'none', expected)
  })
}

test('region and postal code may be absent or null', () => {
  assert.equal(decideZone(index, { country: 'US' })?.code, 'us')
  assert.equal(decideZone(index, { country: 'US', region: null, postalCode: null })?.code, 'us')
})

test('two zones for one whole country cannot be indexed', () => {
  assert.throws(() => indexZones([zone('a', 'US'), zone('b', 'US')]), InvariantError)
})

test('the index answers what a search through all zones answers', () => {
  // The rule in words, without the index: every matching part, ranked.
  const search = (place: Place): string | null => {
    const code = plainPostalCode(place.postalCode ?? '')
    const region = plainRegion(place.country, place.region ?? '')
    let best: { rank: number; code: string } | null = null
    for (const each of zones.filter(({ country }) => country === place.country)) {
      const prefixes = each.postalPrefixes.filter((prefix) => code.startsWith(prefix)).map(({ length }) => length)
      const rank =
        prefixes.length > 0
          ? 1 + Math.max(...prefixes)
          : each.regions.includes(region)
            ? 1
            : each.regions.length + each.postalPrefixes.length === 0
              ? 0
              : -1
      if (rank >= 0 && (best === null || rank > best.rank)) best = { rank, code: each.code }
    }
    return best?.code ?? null
  }
  const place = fc.record({
    country: fc.constantFrom('US', 'ES', 'GB', 'JP', 'DE'),
    region: fc.constantFrom('', 'CA', 'TX', 'GC', 'SCT', '13', 'us-ca'),
    postalCode: fc.oneof(
      fc.stringMatching(/^9[01][01][0-9]{0,2}$/),
      fc.stringMatching(/^3[58]\d{3}$/),
      fc.constantFrom('', 'EH1 1YZ', 'G1 1AA'),
    ),
  })
  const seed = 20261122
  console.log(`seed ${seed}`)
  fc.assert(
    fc.property(place, (each) => (decideZone(index, each)?.code ?? null) === search(each)),
    { seed, numRuns: 2_000 },
  )
})
