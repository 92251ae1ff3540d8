import { Temporal } from 'temporal-polyfill'
import { invariant } from './invariant.ts'
import { DAY_MS, instantFromMs, type Instant } from './time.ts'

declare const dateBrand: unique symbol

/** A day of the calendar, of no zone: `2026-11-22`. */
export type LocalDate = string & { readonly [dateBrand]: true }

/** A day as it was or will be at a place: 23, 24 or 25 hours, and in some zones other lengths. */
export interface LocalDay {
  readonly date: LocalDate
  readonly startsAt: Instant
  /** Exclusive: the next day's start. */
  readonly endsAt: Instant
}

/** The days on which somebody works; in which zone these days begin is for whoever keeps the calendar to say. */
export interface WorkingCalendar {
  /** ISO weekdays, Monday is 1; at least one. */
  readonly workingDays: readonly number[]
  readonly closedDates: readonly string[]
}

/** Null when it is not `YYYY-MM-DD` or there is no such day. */
export function parseLocalDate(text: string): LocalDate | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && dateText(ms) === text ? (text as LocalDate) : null
}

/** Minutes after midnight of a wall clock's `HH:MM`, `24:00` being the end of the day; null when it is not one. */
export function parseLocalTime(text: string): number | null {
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text)
  if (match === null) return null
  return match[1] === undefined ? DAY_MINUTES : Number(match[1]) * 60 + Number(match[2])
}

/** @param minutes  after midnight, 0 to 1,440 */
export function formatLocalTime(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const lastDays = new Map<string, LocalDay>()

/**
 * The day that `instant` falls on in a zone. Nearly all questions are about today, so the last answer of each zone is
 * kept: 0.1 µs instead of 40.
 *
 * @throws RangeError  the zone is not in the IANA database
 */
export function dayOf(instant: Instant, timeZone: string): LocalDay {
  const last = lastDays.get(timeZone)
  if (last !== undefined && last.startsAt <= instant && instant < last.endsAt) return last
  const date = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate()
  const day = {
    date: date.toString() as LocalDate,
    startsAt: instantFromMs(date.toZonedDateTime(timeZone).epochMilliseconds),
    endsAt: instantFromMs(date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds),
  }
  lastDays.set(timeZone, day)
  return day
}

/** The first instant of a day; not always midnight, as clocks may be put forward then. */
export function startOfDay(date: LocalDate, timeZone: string): Instant {
  return instantFromMs(Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds)
}

/** The first instant after a day. */
export function endOfDay(date: LocalDate, timeZone: string): Instant {
  return startOfDay(addDays(date, 1), timeZone)
}

/** A few zones, days and clock times are asked for all day long; beyond this the memory starts over. */
const WALL_CLOCKS_MAX = 10_000
const wallClocks = new Map<string, Instant>()

/**
 * When the wall clock of a place shows `minutes` after midnight. A time that is skipped when clocks go forward is that
 * much later (02:30 becomes 03:30), a time that comes twice is the first. Answers are remembered: 0.2 µs instead of 40.
 *
 * @param minutes  0 to 1,440; 1,440 is the end of the day
 */
export function instantAt(date: LocalDate, minutes: number, timeZone: string): Instant {
  invariant(minutes >= 0 && minutes <= DAY_MINUTES, 'minutes of one day')
  const key = `${timeZone} ${date} ${minutes}`
  let instant = wallClocks.get(key)
  if (instant === undefined) {
    instant = minutes === DAY_MINUTES ? endOfDay(date, timeZone) : readWallClock(date, minutes, timeZone)
    if (wallClocks.size >= WALL_CLOCKS_MAX) wallClocks.clear()
    wallClocks.set(key, instant)
  }
  return instant
}

const DAY_MINUTES = 24 * 60

function readWallClock(date: LocalDate, minutes: number, timeZone: string): Instant {
  const plainTime = new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60)
  return instantFromMs(Temporal.PlainDate.from(date).toZonedDateTime({ timeZone, plainTime }).epochMilliseconds)
}

/** @param days  may be negative */
export function addDays(date: LocalDate, days: number): LocalDate {
  return dateText(dateMs(date) + days * DAY_MS) as LocalDate
}

/** Monday is 1, Sunday 7. */
export function weekdayOf(date: LocalDate): number {
  return new Date(dateMs(date)).getUTCDay() || 7
}

export function isWorkingDay(date: LocalDate, { workingDays, closedDates }: WorkingCalendar): boolean {
  return workingDays.includes(weekdayOf(date)) && !closedDates.includes(date)
}

/** `date` itself when it is a working day, else the next one. */
export function workingDayFrom(date: LocalDate, calendar: WorkingCalendar): LocalDate {
  invariant(calendar.workingDays.length > 0, 'a calendar has a working day')
  let day = date
  while (!isWorkingDay(day, calendar)) day = addDays(day, 1)
  return day
}

/**
 * The working day `days` working days after `date`. With 0 it is `date` or, when that is no working day, the next one;
 * counting begins there: two working days after a Saturday is the Wednesday.
 */
export function addWorkingDays(date: LocalDate, days: number, calendar: WorkingCalendar): LocalDate {
  invariant(Number.isInteger(days) && days >= 0, 'whole days, not back in time')
  let day = workingDayFrom(date, calendar)
  for (let left = days; left > 0; left--) day = workingDayFrom(addDays(day, 1), calendar)
  return day
}

/**
 * The working day on which work that arrives at `instant` begins: today before the cut-off, else the next.
 *
 * @param cutOffMinutes  after midnight, by the place's wall clock; what arrives at that minute is late
 */
export function workingDayFor(
  instant: Instant,
  {
    cutOffMinutes,
    calendar,
    timeZone,
  }: {
    readonly cutOffMinutes: number
    readonly calendar: WorkingCalendar
    readonly timeZone: string
  },
): LocalDate {
  const { date } = dayOf(instant, timeZone)
  const isToday = isWorkingDay(date, calendar) && instant < instantAt(date, cutOffMinutes, timeZone)
  return isToday ? date : workingDayFrom(addDays(date, 1), calendar)
}

function dateMs(date: LocalDate): number {
  return Date.parse(`${date}T00:00:00Z`)
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
