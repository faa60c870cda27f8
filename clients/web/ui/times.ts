/** Whole minutes between two instants, never below 0. */
export const minutesBetween = (from: string, to: number): number =>
  Math.max(0, Math.floor((to - Date.parse(from)) / 60_000))

/** 7 → 7 min, 95 → 1 h 35. */
export const inMinutes = (minutes: number): string =>
  minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`

const formats = new Map<string, Intl.DateTimeFormat>()

const formatIn = (language: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${language} ${timeZone} ${JSON.stringify(options)}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat(language, { timeZone, ...options })
    formats.set(key, format)
  }
  return format
}

/** The time of day at the clinic. */
export const timeOfDay = (instant: string | number, timeZone: string, language: string): string =>
  formatIn(language, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(instant))

/** A day as people say it. */
export const dayName = (day: string, language: string): string =>
  formatIn(language, 'UTC', { weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(`${day}T12:00:00Z`))

/** The calendar day at the clinic, as in 2026-11-22. */
export const dayOf = (instant: number, timeZone: string): string =>
  formatIn('en-CA', timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(instant))

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The clinic day begins at `dayStartsAt`, as in 04:00, not at midnight. */
export const clinicDayOf = (instant: number, timeZone: string, dayStartsAt: string): string => {
  const [hours = 0, minutes = 0] = dayStartsAt.split(':').map(Number)
  return dayOf(instant - (hours * 60 + minutes) * 60_000, timeZone)
}

/** Whole years of a person's age on a day. */
export const ageOn = (dateOfBirth: string, day: string): number =>
  Number(day.slice(0, 4)) - Number(dateOfBirth.slice(0, 4)) - (day.slice(5) < dateOfBirth.slice(5) ? 1 : 0)
