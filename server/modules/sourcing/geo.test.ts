import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distanceKm, locatePostalCode } from './geo.ts'

// oxfmt-ignore
const places = [
  ['US', '10001',      'US-10001', 40.75, -74.00],
  ['US', '94103-1234', 'US-94103', 37.77, -122.41],
  ['US', '10000',      'US-100',   40.75, -73.98],
  ['DE', '10115',      'DE',       52.52, 13.40],
] as const
for (const [country, postalCode, zone, latitude, longitude] of places) {
  test(`${postalCode} in ${country} is in ${zone}`, () => {
    const place = locatePostalCode(country, postalCode)
    assert.equal(place?.zone, zone)
    assert.ok(Math.abs((place?.point.latitude ?? 0) - latitude) < 0.1)
    assert.ok(Math.abs((place?.point.longitude ?? 0) - longitude) < 0.1)
  })
}

test('an American code of no area falls back to the middle of the country, an unknown country to nothing', () => {
  assert.equal(locatePostalCode('US', 'ABC')?.zone, 'US')
  assert.equal(locatePostalCode('AQ', '1'), null)
})

test('New York to Los Angeles is some 3,936 km', () => {
  const km = distanceKm({ latitude: 40.7128, longitude: -74.006 }, { latitude: 34.0522, longitude: -118.2437 })
  assert.ok(Math.abs(km - 3_936) < 5, String(km))
})
