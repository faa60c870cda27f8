import { addDays, instantOf, wallOf } from '../clinic/day.ts'
import { type Reminder, type ReminderHours, reminderHours, reminderTimes } from './kinds.ts'

/** A clinic's quiet hours: minutes since local midnight; from after to means over midnight, equal means never quiet. */
export type QuietHours = { timeZone: string; quietFrom: number; quietTo: number }

const MINUTE = 60_000

const isQuietMinute = (minute: number, { quietFrom, quietTo }: QuietHours): boolean =>
  quietFrom <= quietTo ? minute >= quietFrom && minute < quietTo : minute >= quietFrom || minute < quietTo

/** Do the clocks of the clinic show a quiet hour? */
export const isQuiet = (instant: Date, hours: QuietHours): boolean =>
  isQuietMinute(wallOf(instant, hours.timeZone).minute, hours)

/** The instant itself, or if it is quiet then, the end of the quiet hours by the clinic's clocks. */
export const nextAllowed = (instant: Date, hours: QuietHours): Date => {
  const { day, minute } = wallOf(instant, hours.timeZone)
  if (!isQuietMinute(minute, hours)) return instant
  const end = instantOf(minute < hours.quietTo ? day : addDays(day, 1), hours.quietTo, hours.timeZone)
  if (end > instant) return end
  // In autumn the hour comes twice: its first end is past, the second is as far as the clocks say.
  return new Date(Math.floor(instant.getTime() / MINUTE + hours.quietTo - minute) * MINUTE)
}

/** A booking's reminders when they may go out: those that quiet hours hold back until the next one or the slot are dropped. */
export const plannedReminders = (startsAt: Date, bookedAt: Date, hours: QuietHours): Reminder[] => {
  const planned = reminderTimes(startsAt, bookedAt).map(({ hours: before, at }) => ({
    hours: before,
    at: nextAllowed(at, hours),
  }))
  return planned.filter(({ at }, index) => at < (planned[index + 1]?.at ?? startsAt) && at < startsAt)
}

/**
 * When a reminder whose time has come may go out: now, or after quiet hours that were set or came in between.
 * Null where the next reminder or the slot is nearer than that.
 */
export const dueReminder = (hours: ReminderHours, startsAt: Date, now: Date, quiet: QuietHours): Date | null => {
  const next = reminderHours.find((before) => before < hours) ?? 0
  const at = nextAllowed(now, quiet)
  return at.getTime() < startsAt.getTime() - next * 60 * MINUTE ? at : null
}
