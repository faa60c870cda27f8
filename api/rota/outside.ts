import { MINUTES_A_DAY, wallOf } from '../clinic/day.ts'
import { type DayException, type WeeklyStretch, workingStretches } from '../clinic/hours.ts'

type Booked = { startsAt: Date; endsAt: Date }

export type Plan = { timeZone: string; weekly: readonly WeeklyStretch[]; exceptions: readonly DayException[] }

/** The bookings for which these hours have no room: their doctor does not work from their start to their end. */
export const bookingsOutside = <Booking extends Booked>(
  bookings: readonly Booking[],
  { timeZone, weekly, exceptions }: Plan,
): Booking[] =>
  bookings.filter(({ startsAt, endsAt }) => {
    const start = wallOf(startsAt, timeZone)
    const end = wallOf(endsAt, timeZone)
    const until = end.day === start.day ? end.minute : MINUTES_A_DAY
    return !workingStretches(start.day, weekly, exceptions).some(({ from, to }) => from <= start.minute && until <= to)
  })
