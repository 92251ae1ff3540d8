import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Id } from '../../kernel/id.ts'
import { must } from '../../kernel/invariant.ts'
import { parseLocalTime, type WorkingCalendar } from '../../kernel/local-time.ts'
import { formatInstant, instantFromMs, parseInstant, type Instant } from '../../kernel/time.ts'
import { arrivalOf, legOf, type Route, type ShipRoute } from './decide-arrival.ts'
import { everyDay, type Node } from './network.ts'

const seed = 20_261_122
const ground = 'ground' as Id<'shippingService'>

const mondayToFriday: WorkingCalendar = {
  workingDays: [1, 2, 3, 4, 5],
  closedDates: ['2026-11-26', '2026-12-25', '2027-01-01'],
}
const mondayToSaturday: WorkingCalendar = { ...mondayToFriday, workingDays: [1, 2, 3, 4, 5, 6] }

const plainNode: Node = {
  locationId: 'reno' as Id<'location'>,
  code: 'reno',
  name: 'Reno',
  timeZone: 'America/Los_Angeles',
  country: 'US',
  region: 'NV',
  postalCode: '89506',
  point: { latitude: 39.7, longitude: -119.8 },
  ships: true,
  offersPickup: true,
  channelIds: [],
  countries: ['US'],
  calendar: everyDay,
  handlingDays: 0,
  handlingMinutes: 0,
  cutOffMinutes: 1_440,
  cutOffByService: new Map(),
  opening: [],
  pickupMinutes: 0,
}

const minutes = (text: string): number => must(parseLocalTime(text), text)
const at = (text: string): Instant => must(parseInstant(text), text)

function wayFrom(
  node: Node,
  [min, max]: readonly [number, number],
  timeZone: string,
  calendar = mondayToFriday,
): Route {
  const travel = { serviceId: ground, serviceCode: 'ground', days: { min, max }, calendar, journeys: new Map() }
  return {
    method: 'ship',
    zone: 'there',
    timeZone,
    ranking: { candidates: [node], refused: [] },
    travels: new Map([[node.locationId, travel]]),
  } satisfies ShipRoute
}

/** From Reno (Pacific time, Monday to Friday, cut-off 14:00, express 16:30) with a carrier that keeps the same days. */
const reno: Node = {
  ...plainNode,
  calendar: mondayToFriday,
  cutOffMinutes: minutes('14:00'),
}
const pacific = 'America/Los_Angeles'
const eastern = 'America/New_York'
const berlin = 'Europe/Berlin'

// oxfmt-ignore
const shipped = [
  // ordered (UTC)                 handling  transit  to        carrier takes   earliest                    latest
  // Monday 13:59:59 in Reno goes today; at 14:00:00 it goes on Tuesday.
  ['2026-11-23T21:59:59.999Z',     0,        [1, 2],  pacific,  '2026-11-23',   '2026-11-24T08:00:00.000Z', '2026-11-26T07:59:59.999Z'],
  ['2026-11-23T22:00:00.000Z',     0,        [1, 2],  pacific,  '2026-11-24',   '2026-11-25T08:00:00.000Z', '2026-11-28T07:59:59.999Z'],
  // Two days of handling are working days: Thanksgiving and the weekend do not count.
  ['2026-11-24T20:00:00.000Z',     2,        [1, 1],  pacific,  '2026-11-27',   '2026-11-30T08:00:00.000Z', '2026-12-01T07:59:59.999Z'],
  // Friday after the cut-off, and Saturday: both are Monday's work; on the road Thanksgiving does not count either.
  ['2026-11-20T23:00:00.000Z',     0,        [1, 3],  pacific,  '2026-11-23',   '2026-11-24T08:00:00.000Z', '2026-11-28T07:59:59.999Z'],
  ['2026-11-21T18:00:00.000Z',     0,        [1, 3],  pacific,  '2026-11-23',   '2026-11-24T08:00:00.000Z', '2026-11-28T07:59:59.999Z'],
  // It arrives on the days of where it goes: midnight in New York and in Berlin.
  ['2026-11-23T20:00:00.000Z',     0,        [1, 2],  eastern,  '2026-11-23',   '2026-11-24T05:00:00.000Z', '2026-11-26T04:59:59.999Z'],
  ['2026-11-23T20:00:00.000Z',     0,        [1, 2],  berlin,   '2026-11-23',   '2026-11-23T23:00:00.000Z', '2026-11-25T22:59:59.999Z'],
  // Year end: New Year's Day is closed, the second and third are a weekend.
  ['2026-12-31T21:00:00.000Z',     0,        [1, 2],  pacific,  '2026-12-31',   '2027-01-04T08:00:00.000Z', '2027-01-06T07:59:59.999Z'],
  ['2026-12-31T22:30:00.000Z',     0,        [1, 2],  pacific,  '2027-01-04',   '2027-01-05T08:00:00.000Z', '2027-01-07T07:59:59.999Z'],
  // The 29th of February is a day like others.
  ['2028-02-28T20:00:00.000Z',     0,        [1, 2],  pacific,  '2028-02-28',   '2028-02-29T08:00:00.000Z', '2028-03-02T07:59:59.999Z'],
  // Clocks go forward on Sunday 2026-03-08: the cut-off is at 14:00 there, which is an hour earlier in UTC.
  ['2026-03-06T21:59:59.000Z',     0,        [1, 1],  pacific,  '2026-03-06',   '2026-03-09T07:00:00.000Z', '2026-03-10T06:59:59.999Z'],
  ['2026-03-06T22:00:00.000Z',     0,        [1, 1],  pacific,  '2026-03-09',   '2026-03-10T07:00:00.000Z', '2026-03-11T06:59:59.999Z'],
  ['2026-03-09T20:59:59.000Z',     0,        [1, 1],  pacific,  '2026-03-09',   '2026-03-10T07:00:00.000Z', '2026-03-11T06:59:59.999Z'],
  ['2026-03-09T21:00:00.000Z',     0,        [1, 1],  pacific,  '2026-03-10',   '2026-03-11T07:00:00.000Z', '2026-03-12T06:59:59.999Z'],
  // And back on Sunday 2026-11-01: a day of 25 hours lies between.
  ['2026-10-30T20:59:59.000Z',     0,        [1, 1],  pacific,  '2026-10-30',   '2026-11-02T08:00:00.000Z', '2026-11-03T07:59:59.999Z'],
  ['2026-10-30T21:00:00.000Z',     0,        [1, 1],  pacific,  '2026-11-02',   '2026-11-03T08:00:00.000Z', '2026-11-04T07:59:59.999Z'],
  // The same day, by courier: not before it was ordered.
  ['2026-11-23T20:00:00.000Z',     0,        [0, 0],  pacific,  '2026-11-23',   '2026-11-23T20:00:00.000Z', '2026-11-24T07:59:59.999Z'],
] as const

for (const [ordered, handlingDays, days, timeZone, takes, earliest, latest] of shipped) {
  test(`ordered ${ordered}, ${handlingDays} days of handling, ${days.join('–')} on the road to ${timeZone}`, () => {
    const node = { ...reno, handlingDays }
    const route = wayFrom(node, days, timeZone)
    const window = arrivalOf(route, node, at(ordered))
    assert.deepEqual([formatInstant(window.earliest), formatInstant(window.latest)], [earliest, latest])
    assert.deepEqual(legOf(route, node, at(ordered)), ['reno', 'ground', takes, days[0], days[1], 840])
  })
}

test('a service that is collected later takes what comes until then', () => {
  const node = { ...reno, cutOffByService: new Map([[ground, minutes('16:30')]]) }
  const route = wayFrom(node, [1, 1], pacific)
  assert.equal(legOf(route, node, at('2026-11-24T00:29:59Z'))[2], '2026-11-23')
  assert.equal(legOf(route, node, at('2026-11-24T00:30:00Z'))[2], '2026-11-24')
})

test('parcels are handed over on a day on which both work', () => {
  // The store works on Saturdays, the carrier does not collect then but delivers what it has.
  const store = { ...reno, calendar: mondayToSaturday }
  assert.equal(legOf(wayFrom(store, [1, 1], pacific), store, at('2026-11-28T18:00:00Z'))[2], '2026-11-30')
  assert.equal(
    legOf(wayFrom(store, [1, 1], pacific, mondayToSaturday), store, at('2026-11-28T18:00:00Z'))[2],
    '2026-11-28',
  )
})

/** A store in Brooklyn: Monday to Saturday 10:00 to 19:00, Sunday 12:00 to 17:00, two hours to put an order aside. */
const store: Node = {
  ...plainNode,
  code: 'brooklyn',
  timeZone: eastern,
  calendar: { workingDays: [1, 2, 3, 4, 5, 6, 7], closedDates: ['2026-11-26', '2026-12-25'] },
  opening: [
    ...[1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, opens: minutes('10:00'), closes: minutes('19:00') })),
    { weekday: 7, opens: minutes('12:00'), closes: minutes('17:00') },
  ],
  pickupMinutes: 120,
}

// oxfmt-ignore
const fetched = [
  // ordered (UTC)               ready                         which is
  ['2026-11-23T16:00:00.000Z',   '2026-11-23T18:00:00.000Z'],  // Monday 11:00 → 13:00
  ['2026-11-23T12:00:00.000Z',   '2026-11-23T17:00:00.000Z'],  // before opening → 12:00
  ['2026-11-23T22:00:00.000Z',   '2026-11-24T00:00:00.000Z'],  // 17:00 → just by closing
  ['2026-11-23T22:00:00.001Z',   '2026-11-24T15:05:00.000Z'],  // a moment later → Tuesday after ten, told in steps of five minutes
  ['2026-11-23T23:30:00.000Z',   '2026-11-24T16:30:00.000Z'],  // 18:30 → half an hour today, the rest tomorrow
  ['2026-11-25T23:30:00.000Z',   '2026-11-27T16:30:00.000Z'],  // the day before Thanksgiving → Friday
  ['2026-11-22T21:00:00.000Z',   '2026-11-23T16:00:00.000Z'],  // Sunday 16:00 → one hour, one hour on Monday
  ['2026-12-24T23:00:00.000Z',   '2026-12-26T16:00:00.000Z'],  // Christmas
  // Sundays on which the clocks change while the store sleeps: noon is noon there.
  ['2026-03-08T05:30:00.000Z',   '2026-03-08T18:00:00.000Z'],
  ['2026-11-01T05:30:00.000Z',   '2026-11-01T19:00:00.000Z'],
] as const

for (const [ordered, ready] of fetched) {
  test(`ordered ${ordered}, to be fetched from ${ready}`, () => {
    const route: Route = { method: 'pickup', zone: 'brooklyn', ranking: { candidates: [store], refused: [] } }
    const window = arrivalOf(route, store, at(ordered))
    assert.deepEqual([formatInstant(window.earliest), formatInstant(window.latest)], [ready, ready])
  })
}

test('handling in hours counts opening hours, and what is ready after the cut-off leaves on the next day', () => {
  const node = { ...store, handlingMinutes: 240, cutOffMinutes: minutes('16:00') }
  const leaves = (ordered: string) => legOf(wayFrom(node, [1, 1], eastern, everyDay), node, at(ordered))[2]
  assert.equal(leaves('2026-11-23T16:59:59Z'), '2026-11-23') // 11:59 + 4 h
  assert.equal(leaves('2026-11-23T17:00:00Z'), '2026-11-24') // 12:00 + 4 h = the cut-off
  assert.equal(leaves('2026-11-23T23:00:00Z'), '2026-11-24') // 18:00: one hour, three more until 13:00
  // A day of handling first: hours are counted from the opening of the day after.
  assert.equal(
    legOf(wayFrom(node, [1, 1], eastern, everyDay), { ...node, handlingDays: 1 }, at('2026-11-23T16:00:00Z'))[2],
    '2026-11-24',
  )
})

const calendars = fc.record({
  workingDays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }).map((days) => [1, ...days]),
  closedDates: fc.array(
    fc.integer({ min: 0, max: 500 }).map((day) => new Date(Date.UTC(2026, 1, 20 + day)).toISOString().slice(0, 10)),
    { maxLength: 20 },
  ),
})
const timeZones = fc.constantFrom(
  'UTC',
  pacific,
  eastern,
  berlin,
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Kiritimati',
  'Asia/Beirut',
)
const nodes: fc.Arbitrary<Node> = fc
  .record({
    timeZone: timeZones,
    calendar: calendars,
    handlingDays: fc.integer({ min: 0, max: 4 }),
    handlingMinutes: fc.constantFrom(0, 0, 30, 600),
    cutOffMinutes: fc.integer({ min: 1, max: 1_440 }),
    opening: fc.constantFrom([], store.opening, [{ weekday: 7, opens: 90, closes: 180 }]),
    pickupMinutes: fc.integer({ min: 0, max: 600 }),
  })
  .map((work) => ({ ...plainNode, ...work }))
const ways = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), timeZones, calendars)
/** From before one change of the clocks to after the next, in every zone. */
const times = fc.integer({ min: Date.UTC(2026, 2, 1), max: Date.UTC(2027, 3, 15) })

test(`ordered later never arrives earlier, and no window ends before it begins (seed ${seed})`, () => {
  let waited = 0
  fc.assert(
    fc.property(
      nodes,
      ways,
      times,
      fc.integer({ min: 0, max: 9 * 86_400_000 }),
      (node, [min, more, zone, days], from, later) => {
        const pickup: Route = { method: 'pickup', zone: '', ranking: { candidates: [node], refused: [] } }
        for (const route of [wayFrom(node, [min, min + more], zone, days), pickup]) {
          const first = arrivalOf(route, node, instantFromMs(from))
          const second = arrivalOf(route, node, instantFromMs(from + later))
          assert.ok(first.earliest >= from && first.latest >= first.earliest)
          assert.ok(second.earliest >= first.earliest, 'the earliest')
          assert.ok(second.latest >= first.latest, 'the latest')
          if (first.latest > from) waited++
        }
      },
    ),
    { seed, numRuns: 3_000 },
  )
  assert.ok(waited > 3_000, String(waited))
})

test("neither the node's time zone nor its clock has a say", () => {
  const script = `
    import { arrivalOf } from '${fileURLToPath(new URL('./decide-arrival.ts', import.meta.url))}'
    const { node, days, calendar, ats } = JSON.parse(process.argv[1])
    Date.now = () => 0
    const travel = { serviceId: 's', serviceCode: 's', days, calendar, journeys: new Map() }
    const route = { method: 'ship', zone: '', timeZone: 'Europe/Berlin', ranking: { candidates: [], refused: [] },
      travels: new Map([[node.locationId, travel]]) }
    const whole = { ...node, cutOffByService: new Map() }
    console.log(JSON.stringify(ats.map((at) => arrivalOf(route, whole, at))))`
  const ats = shipped.map(([ordered]) => at(ordered))
  const input = JSON.stringify({ node: reno, days: { min: 1, max: 2 }, calendar: mondayToFriday, ats })
  const told = ['UTC', 'Pacific/Kiritimati', 'America/St_Johns'].map((TZ) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script, input], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    }),
  )
  const expected = ats.map((ordered) => arrivalOf(wayFrom(reno, [1, 2], berlin), reno, ordered))
  for (const text of told) assert.deepEqual(JSON.parse(text), expected)
})
