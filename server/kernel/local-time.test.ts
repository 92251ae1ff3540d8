import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { must } from './invariant.ts'
import { formatInstant, HOUR_MS, instantFromMs, parseInstant, type Instant } from './time.ts'
import {
  addDays,
  addWorkingDays,
  dayOf,
  endOfDay,
  instantAt,
  isWorkingDay,
  parseLocalDate,
  parseLocalTime,
  startOfDay,
  weekdayOf,
  workingDayFor,
  type LocalDate,
  type WorkingCalendar,
} from './local-time.ts'

const day = (text: string): LocalDate => must(parseLocalDate(text), text)
const at = (text: string): Instant => must(parseInstant(text), text)
const clock = (text: string): number => must(parseLocalTime(text), text)

/** The day an instant falls on, from its first moment to the next day's. */
// oxfmt-ignore
const days = [
  // zone                  instant                  date          starts                  hours
  ['America/New_York',     '2026-11-22T04:59:59Z',  '2026-11-21', '2026-11-21T05:00:00Z', 24],
  ['America/New_York',     '2026-11-22T05:00:00Z',  '2026-11-22', '2026-11-22T05:00:00Z', 24],
  ['America/New_York',     '2026-03-08T12:00:00Z',  '2026-03-08', '2026-03-08T05:00:00Z', 23],
  ['America/New_York',     '2026-11-01T12:00:00Z',  '2026-11-01', '2026-11-01T04:00:00Z', 25],
  ['Europe/Berlin',        '2026-03-29T00:59:59Z',  '2026-03-29', '2026-03-28T23:00:00Z', 23],
  ['Europe/Berlin',        '2026-10-25T22:59:59Z',  '2026-10-25', '2026-10-24T22:00:00Z', 25],
  ['Europe/Berlin',        '2026-10-25T23:00:00Z',  '2026-10-26', '2026-10-25T23:00:00Z', 24],
  // Half an hour of summer time.
  ['Australia/Lord_Howe',  '2026-04-05T00:00:00Z',  '2026-04-05', '2026-04-04T13:00:00Z', 24.5],
  // Clocks go forward at midnight: the day begins at one.
  ['Asia/Beirut',          '2026-03-29T12:00:00Z',  '2026-03-29', '2026-03-28T22:00:00Z', 23],
  ['Asia/Kolkata',         '2026-11-22T18:30:00Z',  '2026-11-23', '2026-11-22T18:30:00Z', 24],
  ['Pacific/Kiritimati',   '2026-11-22T12:00:00Z',  '2026-11-23', '2026-11-22T10:00:00Z', 24],
  ['UTC',                  '2028-02-29T23:59:59Z',  '2028-02-29', '2028-02-29T00:00:00Z', 24],
] as const

for (const [timeZone, instant, date, startsAt, hours] of days) {
  test(`${instant} in ${timeZone} is on ${date}, a day of ${hours} hours`, () => {
    const start = at(startsAt)
    const expected = { date, startsAt: start, endsAt: instantFromMs(start + hours * HOUR_MS) }
    assert.deepEqual(dayOf(at(instant), timeZone), expected)
    // Asked again, and asked for its last and next moment, as the last answer is kept.
    assert.deepEqual(dayOf(at(instant), timeZone), expected)
    assert.equal(dayOf(instantFromMs(expected.endsAt - 1), timeZone).date, date)
    assert.equal(dayOf(expected.endsAt, timeZone).date, addDays(day(date), 1))
    assert.deepEqual(
      [startOfDay(day(date), timeZone), endOfDay(day(date), timeZone)],
      [expected.startsAt, expected.endsAt],
    )
  })
}

// oxfmt-ignore
const wallClocks = [
  // zone                date          shows    at
  ['America/New_York',   '2026-11-22', '14:00', '2026-11-22T19:00:00.000Z'],
  ['America/New_York',   '2026-07-01', '14:00', '2026-07-01T18:00:00.000Z'],
  // 02:30 is skipped: 03:30 it is. 01:30 comes twice: the first.
  ['America/New_York',   '2026-03-08', '02:30', '2026-03-08T07:30:00.000Z'],
  ['America/New_York',   '2026-11-01', '01:30', '2026-11-01T05:30:00.000Z'],
  ['Europe/Berlin',      '2026-03-29', '02:00', '2026-03-29T01:00:00.000Z'],
  ['Europe/Berlin',      '2026-10-25', '02:59', '2026-10-25T00:59:00.000Z'],
  ['UTC',                '2026-11-22', '00:00', '2026-11-22T00:00:00.000Z'],
  ['UTC',                '2026-11-22', '23:59', '2026-11-22T23:59:00.000Z'],
  ['America/New_York',   '2026-11-22', '24:00', '2026-11-23T05:00:00.000Z'],
] as const

for (const [timeZone, date, shows, instant] of wallClocks) {
  test(`on ${date} the clocks of ${timeZone} show ${shows} at ${instant}`, () => {
    assert.equal(formatInstant(instantAt(day(date), clock(shows), timeZone)), instant)
  })
}

/** Monday to Friday, closed on Thanksgiving and Christmas. 2026-11-22 is a Sunday. */
const warehouse: WorkingCalendar = {
  workingDays: [1, 2, 3, 4, 5],
  closedDates: ['2026-11-26', '2026-12-25'],
}

// oxfmt-ignore
const workingDays = [
  // from          days  is
  ['2026-11-20',   0,    '2026-11-20'],
  ['2026-11-20',   1,    '2026-11-23'],
  ['2026-11-21',   0,    '2026-11-23'],
  ['2026-11-21',   2,    '2026-11-25'],
  ['2026-11-25',   1,    '2026-11-27'],
  ['2026-11-26',   0,    '2026-11-27'],
  ['2026-11-24',   3,    '2026-11-30'],
  ['2026-12-24',   1,    '2026-12-28'],
  ['2026-12-31',   10,   '2027-01-14'],
  ['2028-02-28',   1,    '2028-02-29'],
] as const

for (const [from, count, expected] of workingDays) {
  test(`${count} working days from ${from} is ${expected}`, () => {
    assert.equal(addWorkingDays(day(from), count, warehouse), expected)
  })
}

// oxfmt-ignore
const cutOffs = [
  // arrives                    begins on
  ['2026-11-23T18:59:59.999Z',  '2026-11-23'],
  ['2026-11-23T19:00:00Z',      '2026-11-24'],
  ['2026-11-24T04:59:00Z',      '2026-11-24'],
  ['2026-11-25T20:00:00Z',      '2026-11-27'],
  ['2026-11-26T12:00:00Z',      '2026-11-27'],
  ['2026-11-27T20:00:00Z',      '2026-11-30'],
  // The same wall clock in summer is an hour earlier in UTC.
  ['2026-07-01T17:59:59Z',      '2026-07-01'],
  ['2026-07-01T18:00:00Z',      '2026-07-02'],
] as const

for (const [arrives, begins] of cutOffs) {
  test(`with a cut-off at 14:00 in New York what arrives at ${arrives} is begun on ${begins}`, () => {
    assert.equal(
      workingDayFor(at(arrives), { cutOffMinutes: clock('14:00'), calendar: warehouse, timeZone: 'America/New_York' }),
      begins,
    )
  })
}

const dates = [
  ['2026-11-22', true],
  ['2028-02-29', true],
  ['2026-02-29', false],
  ['2026-13-01', false],
  ['2026-11-31', false],
  ['2026-1-01', false],
  ['26-11-22', false],
  ['2026-11-22T00:00', false],
  ['', false],
] as const
for (const [text, isDate] of dates)
  test(`${text || 'nothing'} is ${isDate ? '' : 'not '}a date`, () =>
    assert.equal(parseLocalDate(text) !== null, isDate))

const times = [
  ['00:00', 0],
  ['09:05', 545],
  ['23:59', 1_439],
  ['24:00', 1_440],
  ['24:01', null],
  ['9:05', null],
  ['09:60', null],
  ['', null],
] as const
for (const [text, minutes] of times)
  test(`${text || 'nothing'} is ${minutes ?? 'no number of'} minutes`, () =>
    assert.equal(parseLocalTime(text), minutes))

test('weekdays', () => {
  assert.deepEqual(
    ['2026-11-22', '2026-11-23', '2026-11-28'].map((text) => weekdayOf(day(text))),
    [7, 1, 6],
  )
})

test('an unknown zone is an error of whoever did not check it', () => {
  assert.throws(() => dayOf(at('2026-11-22T00:00:00Z'), 'Mars/Olympus'), RangeError)
})

test('whatever the instant and zone: a day contains it, days follow each other without gap or overlap', () => {
  const instants = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) }).map(instantFromMs)
  const zones = fc.constantFrom(
    'UTC',
    'Europe/London',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
  )
  fc.assert(
    fc.property(instants, zones, (instant, timeZone) => {
      const today = dayOf(instant, timeZone)
      assert.ok(today.startsAt <= instant && instant < today.endsAt)
      const next = dayOf(today.endsAt, timeZone)
      assert.equal(next.startsAt, today.endsAt)
      assert.ok(next.date > today.date)
    }),
    { seed: 20_261_122, numRuns: 500 },
  )
})

test('whatever the calendar: n working days later there have been n working days', () => {
  const weekdays = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })
  const offsets = fc.integer({ min: 0, max: 40 })
  fc.assert(
    fc.property(
      weekdays,
      fc.array(offsets, { maxLength: 10 }),
      offsets,
      fc.integer({ min: 0, max: 20 }),
      (list, closed, from, count) => {
        const start = addDays(day('2026-11-22'), from)
        const calendar = {
          workingDays: list,
          closedDates: closed.map((offset) => addDays(day('2026-11-22'), offset)),
        }
        const end = addWorkingDays(start, count, calendar)
        assert.ok(isWorkingDay(end, calendar))
        let passed = 0
        for (let date = start; date < end; date = addDays(date, 1)) if (isWorkingDay(date, calendar)) passed++
        assert.equal(passed, count)
      },
    ),
    { seed: 20_261_122, numRuns: 300 },
  )
})
