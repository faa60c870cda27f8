import { addDays, clockOf, daysBetween, instantOf } from '../clinic/day.ts'
import { type DayException, type WeeklyStretch, workingStretches } from '../clinic/hours.ts'

const MINUTE = 60_000

export type SlotTime = { startsAt: Date; endsAt: Date }

/** Whose slots: one doctor's hours in the clinic's zone, and how long a slot of the service is. */
export type Rota = {
  timeZone: string
  slotMinutes: number
  weekly: readonly WeeklyStretch[]
  exceptions: readonly DayException[]
}

/**
 * Every slot of one local day, free or not: from the start of each working stretch one after the other, as the clock on the wall shows them.
 * A time that the day skips in spring has no slot; an hour that comes twice in autumn has its slots once, the first time.
 */
const slotGrid = (day: string, { timeZone, slotMinutes, weekly, exceptions }: Rota): SlotTime[] => {
  const stretches = workingStretches(day, weekly, exceptions)
  if (stretches.length === 0) return []
  const clock = clockOf(day, timeZone)
  const slots: SlotTime[] = []
  for (const { from, to } of stretches) {
    const close = clock(to) ?? instantOf(day, to, timeZone)
    for (let minute = from; minute + slotMinutes <= to; minute += slotMinutes) {
      const startsAt = clock(minute)
      if (!startsAt) continue
      const endsAt = new Date(startsAt.getTime() + slotMinutes * MINUTE)
      const before = slots.at(-1)
      // A slot that runs across the skipped hour ends later on the wall than its length says.
      if (endsAt <= close && (!before || before.endsAt <= startsAt)) slots.push({ startsAt, endsAt })
    }
  }
  return slots
}

/** Those of the slots that have not begun and overlap none of the doctor's bookings. Both come sorted by start; bookings do not overlap. */
const withoutTaken = (slots: readonly SlotTime[], bookings: readonly SlotTime[], now: Date): SlotTime[] => {
  let next = 0
  return slots.filter(({ startsAt, endsAt }) => {
    if (startsAt <= now) return false
    while (next < bookings.length && (bookings[next] as SlotTime).endsAt <= startsAt) next++
    const booking = bookings[next]
    return !booking || booking.startsAt >= endsAt
  })
}

/** The free slots of one doctor on the local days from … to, both inclusive, in order of time. */
export const freeSlots = (
  range: { from: string; to: string },
  rota: Rota,
  bookings: readonly SlotTime[],
  now: Date,
): SlotTime[] => {
  const days = Array.from({ length: Math.max(0, daysBetween(range.from, range.to) + 1) }, (_, index) =>
    addDays(range.from, index),
  )
  const inOrder = bookings.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  return withoutTaken(
    days.flatMap((day) => slotGrid(day, rota)),
    inOrder,
    now,
  )
}

/** The slot of the doctor's grid that starts at this instant, free or not; null where none does. `day` is the instant's local day. */
export const slotAt = (startsAt: Date, day: string, rota: Rota): SlotTime | null =>
  slotGrid(day, rota).find((slot) => slot.startsAt.getTime() === startsAt.getTime()) ?? null
