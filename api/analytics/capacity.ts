import { addDays, MINUTES_A_DAY, weekdayOf } from '../clinic/day.ts'
import { type DayException, type WeeklyStretch, workingStretches } from '../clinic/hours.ts'
import { daysFrom } from './times.ts'

export type WorkingDoctor = {
  weekly: readonly WeeklyStretch[]
  exceptions: readonly DayException[]
  /** How long the slots of each service are that the doctor gives. */
  slotMinutes: readonly number[]
}

export type Capacity = { byDay: Map<string, number>; byHour: Map<number, number> }

const HOUR = 60

const add = <Key>(sums: Map<Key, number>, key: Key, count: number): void => {
  sums.set(key, (sums.get(key) ?? 0) + count)
}

/**
 * How many visits the doctors' hours have room for, by clinic day and by local hour of the day over all of them: a doctor's minutes
 * divided by the length of a slot, the mean one where their services differ. The hours are those of today, since older ones are not kept.
 */
export const capacityOf = (
  { from, to, dayStartsAt }: { from: string; to: string; dayStartsAt: number },
  doctors: readonly WorkingDoctor[],
): Capacity => {
  const byDay = new Map<string, number>()
  const byHour = new Map<number, number>()
  const able = doctors.flatMap(({ weekly, exceptions, slotMinutes }) =>
    slotMinutes.length === 0
      ? []
      : [
          {
            slot: slotMinutes.reduce((sum, minutes) => sum + minutes, 0) / slotMinutes.length,
            weekly: Map.groupBy(weekly, ({ weekday }) => weekday),
            exceptions: Map.groupBy(exceptions, ({ day }) => day),
          },
        ],
  )
  for (const day of daysFrom(from, addDays(to, 1))) {
    const weekday = weekdayOf(day)
    // What comes before the hour at which the clinic day starts belongs to the day before.
    const before = addDays(day, -1)
    for (const { slot, weekly, exceptions } of able)
      for (const stretch of workingStretches(day, weekly.get(weekday) ?? [], exceptions.get(day) ?? []))
        for (let begin = stretch.from; begin < stretch.to; ) {
          const hour = Math.floor(begin / HOUR)
          const isBefore = begin < dayStartsAt
          const end = Math.min(stretch.to, (hour + 1) * HOUR, isBefore ? dayStartsAt : MINUTES_A_DAY)
          const clinicDay = isBefore ? before : day
          if (clinicDay >= from && clinicDay <= to) {
            add(byDay, clinicDay, (end - begin) / slot)
            add(byHour, hour, (end - begin) / slot)
          }
          begin = end
        }
  }
  return { byDay, byHour }
}
