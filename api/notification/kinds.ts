import type { NotificationKind } from '../database/generated/enums.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

type KindRule = {
  /** Minutes after which it is worthless, counted from when it may go out. */
  validMinutes: number
  /** Worthless too once the slot begins. */
  endsWithSlot: boolean
  /** Waits while the clinic's hours are quiet. */
  waitsForQuiet: boolean
  /** Messages of one thread replace each other on the phone's screen. */
  thread: 'booking' | 'visit' | 'code'
}

const DAY_MINUTES = 24 * 60

/** When a message of each kind is still worth reading, and which others it replaces. */
export const kinds: Record<NotificationKind, KindRule> = {
  BOOKED: { validMinutes: DAY_MINUTES, endsWithSlot: true, waitsForQuiet: false, thread: 'booking' },
  RESCHEDULED: { validMinutes: DAY_MINUTES, endsWithSlot: true, waitsForQuiet: false, thread: 'booking' },
  REMINDER: { validMinutes: DAY_MINUTES, endsWithSlot: true, waitsForQuiet: true, thread: 'booking' },
  ALMOST_YOUR_TURN: { validMinutes: 15, endsWithSlot: false, waitsForQuiet: false, thread: 'visit' },
  YOUR_TURN: { validMinutes: 10, endsWithSlot: false, waitsForQuiet: false, thread: 'visit' },
  MISSED: { validMinutes: DAY_MINUTES, endsWithSlot: false, waitsForQuiet: false, thread: 'visit' },
  CANCELLED: { validMinutes: DAY_MINUTES, endsWithSlot: false, waitsForQuiet: false, thread: 'booking' },
  CORRECTION: { validMinutes: 15, endsWithSlot: false, waitsForQuiet: false, thread: 'visit' },
  VERIFICATION: { validMinutes: 10, endsWithSlot: false, waitsForQuiet: false, thread: 'code' },
}

/** When a message that may go out from `from` on is worthless: "your turn" after ten minutes, a reminder when the slot begins. */
export const validUntil = (kind: NotificationKind, from: Date, startsAt: Date | null = null): Date => {
  const rule = kinds[kind]
  const end = from.getTime() + rule.validMinutes * MINUTE
  return new Date(rule.endsWithSlot && startsAt ? Math.min(end, startsAt.getTime()) : end)
}

/** So long a request may be under way: the provider counts from when it accepts it, which is no later than that. */
const REQUEST_SECONDS = 10
/** Twilio's least validity. Nothing is sent with less left: it would arrive stale. */
const LEAST_SECONDS = 6

/**
 * Whole seconds that a provider may take to deliver a message, if it is asked now; null where it never ends,
 * 0 where it must not be sent any more.
 */
export const secondsLeft = (until: Date | null, now: Date): number | null => {
  if (until === null) return null
  const left = Math.floor((until.getTime() - now.getTime()) / 1000) - REQUEST_SECONDS
  return left < LEAST_SECONDS ? 0 : left
}

/** The screen of the patient's app that a message is about. */
export const pathInApp = ({ entryId, appointmentId }: { entryId: string | null; appointmentId: string | null }) =>
  entryId ? `/turn/${entryId}` : appointmentId ? `/booking/${appointmentId}` : null

/** The collapse key and tag of a push message: a newer one about the same booking or visit takes the older one's place. */
export const pushThread = (kind: NotificationKind, subjectId: string): { collapseKey: string; tag: string } => {
  const thread = `${kinds[kind].thread}-${subjectId}`
  return { collapseKey: thread, tag: thread }
}

/** How long before the slot reminders go out. */
export const reminderHours = [24, 2] as const
export type ReminderHours = (typeof reminderHours)[number]

export type Reminder = { hours: ReminderHours; at: Date }

/** When a booking's reminders are due, earliest first: 24 h and 2 h before the slot, none that was due already when it was booked. */
export const reminderTimes = (startsAt: Date, bookedAt: Date): Reminder[] =>
  reminderHours
    .map((hours) => ({ hours, at: new Date(startsAt.getTime() - hours * HOUR) }))
    .filter(({ at }) => at > bookedAt)

/** The job that sends one message of the ledger. */
export const MESSAGE_JOB = 'message'
/** A move of the queue that patients are told of. */
export const MOVE_JOB = 'announce.move'
/** A queue in which somebody may have come close. */
export const ALMOST_JOB = 'announce.almost'
/** A booking that was made, moved or cancelled. */
export const BOOKING_JOB = 'announce.booking'
