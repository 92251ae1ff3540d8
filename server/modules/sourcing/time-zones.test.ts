import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTimeZone } from '../merchant/index.ts'
import { timeZoneOf } from './time-zones.ts'

// oxfmt-ignore
const places = [
  ['US', '10001',  'America/New_York'],    // Manhattan
  ['US', '00901',  'America/Puerto_Rico'], // San Juan
  ['US', '02108',  'America/New_York'],    // Boston
  ['US', '32501',  'America/Chicago'],     // Pensacola
  ['US', '33101',  'America/New_York'],    // Miami
  ['US', '35203',  'America/Chicago'],     // Birmingham
  ['US', '37402',  'America/New_York'],    // Chattanooga
  ['US', '37203',  'America/Chicago'],     // Nashville
  ['US', '37902',  'America/New_York'],    // Knoxville
  ['US', '40202',  'America/New_York'],    // Louisville
  ['US', '42001',  'America/Chicago'],     // Paducah
  ['US', '46402',  'America/Chicago'],     // Gary
  ['US', '46204',  'America/New_York'],    // Indianapolis
  ['US', '47708',  'America/Chicago'],     // Evansville
  ['US', '57701',  'America/Denver'],      // Rapid City
  ['US', '60601',  'America/Chicago'],
  ['US', '77001',  'America/Chicago'],
  ['US', '79901',  'America/Denver'],      // El Paso
  ['US', '80202',  'America/Denver'],
  ['US', '83501',  'America/Los_Angeles'], // Lewiston
  ['US', '83702',  'America/Denver'],      // Boise
  ['US', '84101',  'America/Denver'],
  ['US', '85001',  'America/Phoenix'],
  ['US', '89502',  'America/Los_Angeles'],
  ['US', '94105',  'America/Los_Angeles'],
  ['US', '96801',  'Pacific/Honolulu'],
  ['US', '97914',  'America/Denver'],      // Ontario in Oregon
  ['US', '98101',  'America/Los_Angeles'],
  ['US', '99501',  'America/Anchorage'],
  ['US', '',       'America/Chicago'],
  ['CA', 'V6B1A1', 'America/Vancouver'],
  ['CA', 'M5V2T6', 'America/Toronto'],
  ['CA', '',       'America/Toronto'],
  ['AU', '6000',   'Australia/Perth'],
  ['AU', '2000',   'Australia/Sydney'],
  ['DE', '10115',  'Europe/Berlin'],
  ['AQ', '',       'UTC'],
] as const
for (const [country, postalCode, timeZone] of places) {
  test(`${postalCode || 'somewhere'} in ${country} keeps the time of ${timeZone}`, () => {
    assert.equal(timeZoneOf(country, postalCode), timeZone)
    assert.ok(isTimeZone(timeZone))
  })
}

test('every ZIP code has a zone that there is', () => {
  for (let area = 0; area < 1_000; area++) {
    const timeZone = timeZoneOf('US', String(area).padStart(3, '0'))
    assert.ok(isTimeZone(timeZone), timeZone)
  }
})
