/** The time of day, at the clinic or where the reader is. */
export const timeOfDay = (instant: string | number, language: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }).format(
    new Date(instant),
  )

/** A day as people say it, at the clinic, as a line of its own begins. */
export const dayName = (instant: string | number, language: string, timeZone?: string): string => {
  const day = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', timeZone }).format(
    new Date(instant),
  )
  return day.charAt(0).toLocaleUpperCase(language) + day.slice(1)
}

/** A day in short, as within a line. */
export const shortDay = (instant: string | number, language: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short', timeZone }).format(
    new Date(instant),
  )

/** The calendar day at the clinic, as in 2026-11-22. */
export const dayOf = (instant: string | number, timeZone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    new Date(instant),
  )

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The clinic day begins at `dayStartsAt`, as in 04:00, not at midnight. */
export const clinicDayOf = (instant: string | number, timeZone: string, dayStartsAt: string): string => {
  const [hours = 0, minutes = 0] = dayStartsAt.split(':').map(Number)
  return dayOf(new Date(instant).getTime() - (hours * 60 + minutes) * 60_000, timeZone)
}
