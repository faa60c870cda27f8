import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '../access/clock.ts'
import { cancelAppointment, sayLate } from '../appointment/commands.ts'
import { clinicDay } from '../clinic/day.ts'
import type { Context, Deps } from '../context.ts'
import type { AppointmentModel, ClinicModel, PatientModel } from '../database/generated/models.ts'
import { Refusal } from '../errors.ts'
import { createLoaders } from '../loaders.ts'
import { type Answer, readAnswer } from './answers.ts'
import { type Named, type Reply, replyText } from './replies.ts'

export type Inbound = {
  /** Twilio's id of it: what it asks for is done once. */
  providerId: string
  from: string
  body: string
  /** Twilio's own word for STOP, START or HELP, where it has answered by itself. */
  optOut: string | null
}

type Booking = AppointmentModel & { clinic: ClinicModel }
type Said = { reply: Reply | null; offered?: readonly Booking[] }
/** One sender and what they may do: the patient whose number it is, for themself and their wards. */
type Sender = { ctx: Context; message: Inbound; patient: PatientModel; bookings: readonly Booking[] }

/** A list in an SMS is no longer than this. */
const MOST_OFFERED = 6
/** What was offered is forgotten after a day. */
const OFFER_HOURS = 24
/** Replies to one number in a day: an answering machine at the other end must not cost more. */
const MOST_REPLIES_A_DAY = 20

const named = ({ startsAt, clinic }: Booking): Named => ({ startsAt, clinic: clinic.name, timeZone: clinic.timeZone })

const which = (bookings: readonly Booking[]): Said => {
  const offered = bookings.slice(0, MOST_OFFERED)
  return { reply: { says: 'which', bookings: offered.map(named) }, offered }
}

const isStopped = async ({ db }: Deps, phoneNumber: string): Promise<boolean> =>
  (await db.stoppedNumber.findUnique({ where: { phoneNumber } })) !== null

/** What was claimed before STOP may be with Twilio already; no request takes longer than this. */
const UNDER_WAY_SECONDS = 10
const LOOK_MS = 50

const isUnderWay = async ({ db }: Deps, phoneNumber: string): Promise<boolean> => {
  const [row] = await db.$queryRaw<{ found: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM notifications WHERE phone_number = ${phoneNumber} AND channel = 'SMS' AND status = 'QUEUED'
        AND tried_at > clock_timestamp() - ${UNDER_WAY_SECONDS} * interval '1 second') AS found`
  return row?.found ?? false
}

/** Once this returns, nothing more is sent to the number: it waits for what is being sent at this moment. */
const stop = async (deps: Deps, phoneNumber: string): Promise<void> => {
  await deps.db.$executeRaw`INSERT INTO stopped_numbers (phone_number) VALUES (${phoneNumber}) ON CONFLICT DO NOTHING`
  while (await isUnderWay(deps, phoneNumber)) await sleep(LOOK_MS)
}

const start = async ({ db }: Deps, phoneNumber: string): Promise<boolean> =>
  (await db.$executeRaw`DELETE FROM stopped_numbers WHERE phone_number = ${phoneNumber}`) > 0

const senderOf = async (deps: Deps, message: Inbound): Promise<Sender | null> => {
  const { db } = deps
  const patient = await db.patient.findFirst({ where: { phoneNumber: message.from, mergedIntoId: null } })
  if (!patient) return null
  const wards = await db.patient.findMany({
    where: { guardianId: patient.id, mergedIntoId: null },
    select: { id: true },
    orderBy: { id: 'asc' },
  })
  const wardIds = wards.map(({ id }) => id)
  const bookings = await db.appointment.findMany({
    where: { patientId: { in: [patient.id, ...wardIds] }, status: 'BOOKED', endsAt: { gt: databaseNow() } },
    include: { clinic: true },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    take: 20,
  })
  const ctx: Context = {
    ...deps,
    viewer: { kind: 'patient', sessionId: message.providerId, patientId: patient.id, wardIds },
    loaders: createLoaders(db),
    idempotency: { caller: 'sms', key: message.providerId, steps: 0 },
    ip: '',
    cookies: null,
  }
  return { ctx, message, patient, bookings }
}

/** What the last list to this number held; empty where none was sent of late. */
const lastOffer = async ({ ctx: { db }, message }: Sender): Promise<string[]> => {
  const [row] = await db.$queryRaw<{ offered: string[] }[]>`
    SELECT offered::text[] AS offered FROM inbound_messages
    WHERE phone_number = ${message.from} AND offered <> '{}' AND provider_id <> ${message.providerId}
      AND received_at > clock_timestamp() - ${OFFER_HOURS} * interval '1 hour'
    ORDER BY received_at DESC LIMIT 1`
  return row?.offered ?? []
}

const cancel = async ({ ctx }: Sender, id: string): Promise<Said> => {
  const booking = await ctx.db.appointment.findUniqueOrThrow({ where: { id }, include: { clinic: true } })
  try {
    await cancelAppointment(ctx, id, null)
    // The message that the booking was cancelled goes out like any other, and confirms it.
    return { reply: null }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const says = error.code === 'NOT_ACTIVE' || error.code === 'NOT_FOUND' ? 'gone' : 'tooLate'
    return { reply: { says, booking: named(booking) } }
  }
}

/** The one upcoming booking, or the one that was chosen from the list as it was sent, whatever has changed since. */
const cancelChosen = async (sender: Sender, choice: number | null): Promise<Said> => {
  const { bookings } = sender
  const chosen = choice === null ? undefined : (await lastOffer(sender))[choice - 1]
  if (chosen) return cancel(sender, chosen)
  const [only] = bookings
  if (!only) return { reply: { says: 'noBooking' } }
  if (bookings.length > 1) return which(bookings)
  return choice === null || choice === 1 ? cancel(sender, only.id) : which(bookings)
}

const late = async ({ ctx, bookings }: Sender, minutes: number | null): Promise<Said> => {
  const now = databaseNow()
  const today = bookings.find(({ startsAt, clinic }) => clinicDay(startsAt, clinic) === clinicDay(now, clinic))
  if (!today) return { reply: { says: 'noneToday' } }
  try {
    await sayLate(ctx, today.id, minutes)
    return { reply: { says: 'late', booking: named(today) } }
  } catch (error) {
    if (error instanceof Refusal) return { reply: { says: 'noneToday' } }
    throw error
  }
}

/** What an earlier delivery of the same SMS did before its reply could be kept. */
const doneBefore = async ({ ctx: { db }, message }: Sender, answer: Answer): Promise<Said | null> => {
  const path = { caller: 'sms', key: message.providerId, path: '0' }
  const step = await db.idempotentStep.findUnique({ where: { caller_key_path: path } })
  if (!step?.recordId) return null
  const booking = await db.appointment.findUniqueOrThrow({ where: { id: step.recordId }, include: { clinic: true } })
  return { reply: answer.kind === 'late' ? { says: 'late', booking: named(booking) } : null }
}

const act = async (sender: Sender, answer: Answer): Promise<Said> => {
  const done = await doneBefore(sender, answer)
  if (done) return done
  if (answer.kind === 'cancel') return cancelChosen(sender, answer.choice)
  if (answer.kind !== 'late') return { reply: { says: 'help' } }
  const { minutes } = answer
  // Right after a list, a small number is more likely a choice than minutes: asked again rather than guessed.
  const isChoice = minutes !== null && minutes <= (await lastOffer(sender)).length
  return isChoice ? which(sender.bookings) : late(sender, minutes)
}

const answerOf = ({ body, optOut }: Inbound): Answer => {
  if (optOut === 'STOP' || optOut === 'START' || optOut === 'HELP')
    return { kind: optOut.toLowerCase() as 'stop' | 'start' | 'help' }
  return readAnswer(body)
}

const respond = async (deps: Deps, message: Inbound, sender: Sender | null): Promise<Said> => {
  const answer = answerOf(message)
  if (answer.kind === 'stop') {
    await stop(deps, message.from)
    return { reply: null }
  }
  if (answer.kind === 'start')
    return { reply: (await start(deps, message.from)) ? { says: 'started' } : { says: 'help' } }
  if (!sender) return { reply: { says: 'help' } }
  return act(sender, answer)
}

/** Is this number's share of replies used up? Counted with the one at hand. */
const isSpent = async ({ db }: Deps, phoneNumber: string): Promise<boolean> => {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM inbound_messages
    WHERE phone_number = ${phoneNumber} AND received_at > clock_timestamp() - interval '24 hours'`
  return (row?.count ?? 0) > MOST_REPLIES_A_DAY
}

/**
 * Does what an SMS asks for, once however often it comes, and answers with the text of the reply; null for none.
 * Nothing is said to a number that has stopped us, nor where Twilio has replied by itself.
 */
export const answerInbound = async (deps: Deps, message: Inbound): Promise<string | null> => {
  const { db } = deps
  const { providerId, from } = message
  await db.$executeRaw`
    INSERT INTO inbound_messages (provider_id, phone_number) VALUES (${providerId}, ${from}) ON CONFLICT DO NOTHING`
  const stored = await db.inboundMessage.findUniqueOrThrow({ where: { providerId } })
  if (stored.reply !== null) return stored.reply || null
  const sender = await senderOf(deps, message)
  const { reply, offered = [] } = await respond(deps, message, sender)
  const isSilent = message.optOut !== null || (await isStopped(deps, from)) || (await isSpent(deps, from))
  const text = reply && !isSilent ? replyText(reply, sender?.patient.language ?? 'en') : ''
  await db.$executeRaw`
    UPDATE inbound_messages SET reply = ${text}, offered = ${text ? offered.map(({ id }) => id) : []}::uuid[]
    WHERE provider_id = ${providerId} AND reply IS NULL`
  return text || null
}
