import { Temporal } from 'temporal-polyfill'

/** What the rules of time need to know of a clinic. `dayStartsAt` is in minutes since local midnight. */
export type DayRule = { timeZone: string; dayStartsAt: number }

export const MINUTES_A_DAY = 1440

const MINUTE = 60_000
const DAY = 86_400_000

/** The name as the IANA database writes it, as in Europe/Berlin, or null where there is no such zone. Bare offsets are not zones. */
export const timeZoneName = (name: string): string | null => {
  if (!/^[A-Za-z]/.test(name)) return null
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return null
  }
}

/** The calendar day `count` days later (or earlier, below 0). */
export const addDays = (day: string, count: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY).toISOString().slice(0, 10)

/** How many days `to` comes after `from`. */
export const daysBetween = (from: string, to: string): number =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY

/** 1 is Monday, 7 is Sunday. */
export const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7

const wallClock = (day: string, minute: number): Temporal.PlainDateTime =>
  Temporal.PlainDate.from(day).toPlainDateTime().add({ minutes: minute })

/**
 * The instant at which the clocks of that zone show this minute of that day (1440 is the next midnight).
 * A time that is skipped in spring moves forward by what was skipped; of a time that comes twice in autumn it is the first.
 */
export const instantOf = (day: string, minute: number, timeZone: string): Date =>
  new Date(wallClock(day, minute).toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds)

/** What the clocks of that zone show at an instant. */
export const wallOf = (instant: Date, timeZone: string): { day: string; minute: number } => {
  const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone)
  return { day: local.toPlainDate().toString(), minute: local.hour * 60 + local.minute }
}

/** The clock face of one local day: each of its minutes as an instant, null for one that the day skips. */
export const clockOf = (day: string, timeZone: string): ((minute: number) => Date | null) => {
  const midnight = instantOf(day, 0, timeZone).getTime()
  // Nearly every day is an even one, and arithmetic is a hundred times faster than asking the zone for each slot.
  if (instantOf(day, MINUTES_A_DAY, timeZone).getTime() - midnight === DAY)
    return (minute) => new Date(midnight + minute * MINUTE)
  return (minute) => {
    const wall = wallClock(day, minute)
    const zoned = wall.toZonedDateTime(timeZone, { disambiguation: 'compatible' })
    return zoned.toPlainDateTime().equals(wall) ? new Date(zoned.epochMilliseconds) : null
  }
}

/** From midnight to midnight of the local calendar days from … to, both inclusive. */
export const calendarBounds = (from: string, to: string, timeZone: string): { start: Date; end: Date } => ({
  start: instantOf(from, 0, timeZone),
  end: instantOf(addDays(to, 1), 0, timeZone),
})

/** When a clinic day begins and when the next one does. */
export const clinicDayBounds = (day: string, clinic: DayRule): { start: Date; end: Date } => ({
  start: instantOf(day, clinic.dayStartsAt, clinic.timeZone),
  end: instantOf(addDays(day, 1), clinic.dayStartsAt, clinic.timeZone),
})

/** The clinic day of an instant, as YYYY-MM-DD: from the hour at which the clinic's day starts to that hour of the next day. */
export const clinicDay = (instant: Date, clinic: DayRule): string => {
  let day = addDays(wallOf(instant, clinic.timeZone).day, 1)
  while (instant < instantOf(day, clinic.dayStartsAt, clinic.timeZone)) day = addDays(day, -1)
  return day
}

const WALL_TIME = /^([01]\d|2[0-4]):([0-5]\d)$/

/** "08:30" → 510, up to "24:00" → 1440; null for anything else. */
export const minuteOf = (time: string): number | null => {
  const match = WALL_TIME.exec(time)
  if (!match) return null
  const minute = Number(match[1]) * 60 + Number(match[2])
  return minute <= MINUTES_A_DAY ? minute : null
}

/** 510 → "08:30". */
export const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
