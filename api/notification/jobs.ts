import { isAllowedCountry } from '../access/codes.ts'
import type { Deps } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { uuidv7 } from '../database/uuid.ts'
import type { JobDefinition } from '../jobs.ts'
import type { SendOutcome } from '../messaging/provider.ts'
import { estimate } from '../queue/estimate.ts'
import { HEAD, loadSnapshot } from '../queue/store.ts'
import { areMessagesStopped } from '../visit/store.ts'
import { announce, lookAtQueues } from './commands.ts'
import { correctionAfter } from './correction.ts'
import { isCurrent } from './current.ts'
import { aboutOf, messageKey } from './keys.ts'
import { ALMOST_JOB, BOOKING_JOB, MESSAGE_JOB, MOVE_JOB, pathInApp, pushThread, secondsLeft } from './kinds.ts'
import { dueReminder, plannedReminders } from './quiet.ts'
import { isOverNumberCap, isSuperseded, standingOf } from './store.ts'
import { cheapest } from './texts.ts'

const REMINDER_JOB = 'announce.reminder'

/** A request to a provider takes at most so long; before that an earlier try of the same message may still be under way. */
const UNDER_WAY_SECONDS = 20
/** The longest pause that we choose between two tries of one message … */
const LONGEST_PAUSE_SECONDS = 60
/** … and the longest that a provider may ask for. */
const LONGEST_RETRY_AFTER_SECONDS = 3_600

const clinicFields = {
  id: true,
  name: true,
  timeZone: true,
  messageTexts: true,
  messageRoute: true,
  quietFrom: true,
  quietTo: true,
} as const

const databaseNow = async (db: Db | Tx): Promise<Date> => {
  const [row] = await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp()::timestamptz(3) AS now`
  return (row as { now: Date }).now
}

/** Commits what it enqueues together with what it writes, and lets that begin at once. */
const inTransaction = async (deps: Deps, work: (tx: Tx) => Promise<void>): Promise<void> => {
  let used: Tx | null = null
  await deps.db.$transaction(
    async (tx) => {
      used = tx
      await work(tx)
    },
    { maxWait: 10_000, timeout: 15_000 },
  )
  if (used) deps.jobs.committed(used)
}

/** YOUR_TURN on a call and a recall, MISSED on a no-show, CORRECTION when an undo takes back what was said. */
const announceMove = async (deps: Deps, data: unknown): Promise<void> => {
  const { eventId } = data as { eventId: string }
  await inTransaction(deps, async (tx) => {
    // A later move waits for this one's news, so that an undo finds what it takes back.
    await tx.$queryRaw`
      SELECT id FROM queue WHERE id = (SELECT entry_id FROM queue_events WHERE id = ${eventId}::uuid) FOR SHARE`
    const event = await tx.queueEvent.findUnique({
      where: { id: eventId },
      include: { entry: { include: { clinic: { select: clinicFields } } } },
    })
    // The entry has moved on: whatever is true now is told by the later move.
    if (event?.entry.version !== event?.entryVersion || !event) return
    const { entry, entryVersion: version } = event
    const about = {
      clinic: entry.clinic,
      patientId: entry.patientId,
      appointmentId: entry.appointmentId,
      entryId: entry.id,
      from: event.at,
      startsAt: null,
    }
    if (event.kind === 'CALLED' || event.kind === 'RECALLED')
      await announce(deps, tx, {
        kind: 'YOUR_TURN',
        occasion: { kind: 'YOUR_TURN', version },
        values: { ticket: entry.ticket, room: entry.room, again: event.kind === 'RECALLED' },
        ...about,
      })
    // Who was forgotten as CALLED until the day ended is not told so in the night.
    if (event.kind === 'NO_SHOW' && event.reason !== 'DAY_END')
      await announce(deps, tx, {
        kind: 'MISSED',
        occasion: { kind: 'MISSED', version },
        values: { ticket: entry.ticket },
        ...about,
      })
    if (event.kind === 'UNDONE') {
      const undone = await tx.queueEvent.findUnique({
        where: { entryId_entryVersion: { entryId: entry.id, entryVersion: version - 1 } },
      })
      if (!undone) return
      const spoken = await spokenBy(tx, undone, entry.appointmentId)
      const { suppress, says } = correctionAfter(undone.kind, spoken)
      await tx.notification.updateMany({
        where: { id: { in: suppress }, status: 'QUEUED', triedAt: null, takenBy: { isEmpty: true } },
        data: { status: 'SUPPRESSED', error: 'UNDONE' },
      })
      if (says)
        await announce(deps, tx, {
          kind: 'CORRECTION',
          occasion: { kind: 'CORRECTION', version },
          values: { ticket: entry.ticket, room: entry.room, says },
          ...about,
        })
    }
  })
}

/** The messages that a move caused: those of its own version, "almost your turn", and that the booking was cancelled. */
const spokenBy = async (
  tx: Tx,
  undone: { entryId: string; entryVersion: number; at: Date; kind: string },
  appointmentId: string | null,
) => {
  const version = undone.entryVersion
  const occasions = [{ kind: 'YOUR_TURN', version }, { kind: 'MISSED', version }, { kind: 'ALMOST_YOUR_TURN' }] as const
  const keys = occasions.flatMap((occasion) =>
    (['SMS', 'PUSH'] as const).map((channel) => messageKey({ subjectId: undone.entryId, channel, occasion })),
  )
  const cancelled =
    undone.kind === 'LEFT' && appointmentId
      ? [{ appointmentId, kind: 'CANCELLED' as const, createdAt: { gte: undone.at } }]
      : []
  const which = { OR: [{ key: { in: keys } }, ...cancelled] }
  const ids = (await tx.notification.findMany({ where: which, select: { id: true } })).map(({ id }) => id)
  // Whether one was tried must not change before it is decided what becomes of it.
  await tx.$queryRaw`SELECT id FROM notifications WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`
  const rows = await tx.notification.findMany({ where: { id: { in: ids } } })
  // One device may have taken what another is to be asked for again.
  return rows.map(({ id, kind, status, triedAt, takenBy }) => ({
    ...{ id, kind, status },
    tried: triedAt !== null || takenBy.length > 0,
  }))
}

/** ALMOST_YOUR_TURN for everybody near the head of the queue who was not told yet. */
const announceAlmost = async (deps: Deps, data: unknown): Promise<void> => {
  const { serviceId } = data as { serviceId: string }
  const queue = await loadSnapshot(deps.db, serviceId)
  const service = await deps.db.service.findUnique({
    where: { id: serviceId },
    include: { clinic: { select: clinicFields } },
  })
  if (!queue || !service) return
  const close = queue.waiting.slice(0, HEAD).filter((entry) => {
    const position = queue.positions.get(entry.id) as number
    const wait = estimate(position, entry.boundDoctorId, queue.pace)
    return position <= service.almostPosition || (wait !== null && wait.likelyMinutes < service.almostMinutes)
  })
  const told = await deps.db.notification.findMany({
    where: { entryId: { in: close.map(({ id }) => id) }, kind: 'ALMOST_YOUR_TURN' },
    select: { entryId: true },
  })
  const known = new Set(told.map(({ entryId }) => entryId))
  for (const entry of close) {
    if (known.has(entry.id)) continue
    await inTransaction(deps, async (tx) => {
      // They may have been called since the queue was read; and a call waits for this news.
      await tx.$queryRaw`SELECT id FROM queue WHERE id = ${entry.id}::uuid FOR SHARE`
      const standing = await standingOf(tx, entry.id)
      if (!standing || !isCurrent({ kind: 'ALMOST_YOUR_TURN', version: null }, standing)) return
      await announce(deps, tx, {
        kind: 'ALMOST_YOUR_TURN',
        occasion: { kind: 'ALMOST_YOUR_TURN' },
        clinic: service.clinic,
        patientId: entry.patientId,
        appointmentId: entry.appointmentId,
        entryId: entry.id,
        from: queue.asOf,
        startsAt: null,
        values: { ticket: entry.ticket, position: queue.positions.get(entry.id) as number },
      })
    })
  }
}

type BookingNews = { appointmentId: string; kind: 'BOOKED' | 'RESCHEDULED' | 'CANCELLED'; version: number }

const findBooking = (db: Db | Tx, id: string) =>
  db.appointment.findUnique({ where: { id }, include: { clinic: { select: clinicFields } } })

/** BOOKED, RESCHEDULED and CANCELLED at once, and the reminders of the slot for their own time. */
const announceBooking = async (deps: Deps, data: unknown): Promise<void> => {
  const { appointmentId, kind, version } = data as BookingNews
  await inTransaction(deps, async (tx) => {
    // A later change waits for this one's news, so that they are told in their order.
    await tx.$queryRaw`SELECT id FROM appointments WHERE id = ${appointmentId}::uuid FOR SHARE`
    const booking = await findBooking(tx, appointmentId)
    if (!booking) return
    const isCancelled = booking.status === 'CANCELLED'
    // What was announced is no longer so: a later change tells what is.
    if (isCancelled !== (kind === 'CANCELLED')) return
    if (kind === 'RESCHEDULED' && booking.version !== version) return
    const { startsAt, clinicId } = booking
    const about = {
      clinic: booking.clinic,
      patientId: booking.patientId,
      appointmentId,
      entryId: null,
      from: booking.updatedAt,
      startsAt,
      values: { startsAt },
    }
    if (kind === 'BOOKED') await announce(deps, tx, { kind, occasion: { kind }, ...about })
    if (kind === 'RESCHEDULED') await announce(deps, tx, { kind, occasion: { kind, version }, ...about })
    if (kind === 'CANCELLED') {
      await announce(deps, tx, { kind, occasion: { kind, version }, ...about, startsAt: null })
      return
    }
    for (const { hours, at } of plannedReminders(startsAt, booking.updatedAt, booking.clinic))
      await deps.jobs.enqueue(
        tx,
        REMINDER_JOB,
        { appointmentId, hours, startsAt: startsAt.toISOString(), clinicId },
        { startAfter: at },
      )
  })
}

/** REMINDER, if the booking still stands at that time. */
const announceReminder = async (deps: Deps, data: unknown): Promise<void> => {
  const { appointmentId, hours, startsAt: planned } = data as { appointmentId: string; hours: 24 | 2; startsAt: string }
  const booking = await findBooking(deps.db, appointmentId)
  if (booking?.status !== 'BOOKED' || booking.startsAt.toISOString() !== planned) return
  const { startsAt } = booking
  const from = await databaseNow(deps.db)
  const at = dueReminder(hours, startsAt, from, booking.clinic)
  if (!at) return
  // Quiet hours may have been set since it was planned, or the work may have stood still until now.
  if (at > from) return deps.jobs.enqueue(deps.db, REMINDER_JOB, data as object, { startAfter: at })
  await inTransaction(deps, (tx) =>
    announce(deps, tx, {
      kind: 'REMINDER',
      occasion: { kind: 'REMINDER', hours, startsAt },
      clinic: booking.clinic,
      patientId: booking.patientId,
      appointmentId,
      entryId: null,
      from,
      startsAt,
      values: { startsAt },
    }),
  )
}

/** Tells the boards that a message changed its state. */
const tell = (deps: Deps, { id, clinicId }: NotificationModel): void => {
  if (clinicId) deps.bus.publish({ kind: 'message', clinicId, id })
}

/** Ends a message without sending it. Only one that is still QUEUED: what was sent stays sent. */
const end = async (
  deps: Deps,
  row: NotificationModel,
  status: 'FAILED' | 'SUPPRESSED',
  error: string,
): Promise<void> => {
  await deps.db.notification.updateMany({ where: { id: row.id, status: 'QUEUED' }, data: { status, error } })
  tell(deps, row)
}

/** Ends a message that must not be sent any more: as what became of it until now. */
const giveUp = async (deps: Deps, row: NotificationModel, reason: string): Promise<void> => {
  if (row.takenBy.length > 0) return markSent(deps, row, { providerId: null, error: reason })
  // A push message that was tried without an answer may have come; there is nothing to look it up by.
  if (row.channel === 'PUSH' && row.triedAt) return end(deps, row, 'FAILED', `unclear: ${reason}`)
  return end(deps, row, 'SUPPRESSED', reason)
}

/** A provider took it; `error` says of a push message why some of its devices were left out. */
const markSent = async (
  deps: Deps,
  row: NotificationModel,
  { providerId, error }: { providerId: string | null; error: string | null },
): Promise<void> => {
  // A code is worth nothing once it is sent, and nobody may read it here.
  await deps.db.$executeRaw`
    UPDATE notifications SET status = 'SENT', sent_at = clock_timestamp(), provider_id = ${providerId}, error = ${error},
      taken_by = ${row.takenBy}::uuid[], body = CASE WHEN kind = 'VERIFICATION' THEN NULL ELSE body END
    WHERE id = ${row.id}::uuid AND status = 'QUEUED'`
  tell(deps, row)
}

/** Counts an SMS against its clinic's day; true where it is one too many. */
const isOverCap = async (deps: Deps, clinicId: string): Promise<boolean> => {
  const [count] = await deps.db.$queryRaw<{ over: boolean }[]>`
    INSERT INTO message_counts (scope, day, count)
    SELECT ${`clinic ${clinicId}`}, (clock_timestamp() AT TIME ZONE c.time_zone)::date, 1 FROM clinics c WHERE c.id = ${clinicId}::uuid
    ON CONFLICT (scope, day) DO UPDATE SET count = message_counts.count + 1
    RETURNING count > (SELECT daily_sms_cap FROM clinics c WHERE c.id = ${clinicId}::uuid) AS over`
  return count?.over ?? false
}

/** Takes the message for one try and says when, unless another try took it meanwhile: whoever raises `attempts` has it. */
const claim = async (deps: Deps, row: NotificationModel): Promise<Date | null> => {
  const [claimed] = await deps.db.$queryRaw<{ at: Date }[]>`
    UPDATE notifications SET attempts = attempts + 1, tried_at = clock_timestamp(), error = NULL
    WHERE id = ${row.id}::uuid AND status = 'QUEUED' AND attempts = ${row.attempts}
    RETURNING tried_at AS at`
  return claimed?.at ?? null
}

/**
 * The next try begins so many seconds from now, a little later by chance. A job of its own, since a provider that is away for
 * long must not use up the tries of this one; what ends it is the end of the message's worth.
 */
const tryLater = async (
  deps: Deps,
  { id, clinicId }: NotificationModel,
  seconds: number,
  data: { error?: string; triedAt?: null; takenBy?: string[] } = {},
): Promise<void> =>
  inTransaction(deps, async (tx) => {
    const startAfter = new Date((await databaseNow(tx)).getTime() + seconds * 1000 * (1 + Math.random() / 4))
    if (data.error) await tx.notification.updateMany({ where: { id, status: 'QUEUED' }, data })
    await deps.jobs.enqueue(tx, MESSAGE_JOB, { id, clinicId }, { startAfter, singletonKey: id })
  })

/** Where an SMS stands behind a push message, it is not waited for longer than this. */
const PUSH_TRIES = 2

/** Does an SMS follow if this push message fails? */
const hasSmsBehind = async ({ db }: Deps, { channel, clinicId, patientId }: NotificationModel): Promise<boolean> => {
  if (channel !== 'PUSH' || !clinicId || !patientId) return false
  const clinic = await db.clinic.findUnique({ where: { id: clinicId }, select: { messageRoute: true } })
  const patient = await db.patient.findUnique({ where: { id: patientId }, select: { phoneNumber: true } })
  return clinic?.messageRoute === 'PUSH_FIRST' && Boolean(patient?.phoneNumber)
}

/** Where push goes first and failed, the same news goes out by SMS. */
const fallBack = async (deps: Deps, tx: Tx, row: NotificationModel): Promise<void> => {
  if (row.channel !== 'PUSH' || !row.patientId || !row.clinicId) return
  const clinic = await tx.clinic.findUnique({ where: { id: row.clinicId } })
  const patient = await tx.patient.findUnique({ where: { id: row.patientId } })
  if (clinic?.messageRoute !== 'PUSH_FIRST' || !patient?.phoneNumber) return
  const { phoneNumber } = patient
  const id = uuidv7()
  const stopped = await tx.stoppedNumber.findUnique({ where: { phoneNumber } })
  const { count } = await tx.notification.createMany({
    data: {
      ...{
        id,
        clinicId: row.clinicId,
        patientId: row.patientId,
        appointmentId: row.appointmentId,
        entryId: row.entryId,
      },
      ...{ kind: row.kind, channel: 'SMS', language: row.language, validUntil: row.validUntil, phoneNumber },
      key: row.key.replace(' PUSH ', ' SMS '),
      body: [cheapest(row.body ?? ''), row.link].filter(Boolean).join(' '),
      ...(stopped ? { status: 'SUPPRESSED', error: 'STOPPED' } : {}),
    },
    skipDuplicates: true,
  })
  if (count === 1 && !stopped) await deps.jobs.enqueue(tx, MESSAGE_JOB, { id, clinicId: row.clinicId })
}

/** The provider will never take it. What follows from that is written with it, so that neither is there without the other. */
const refuse = async (deps: Deps, row: NotificationModel, error: string): Promise<void> => {
  await inTransaction(deps, async (tx) => {
    // STOP that only the provider had heard of.
    if (row.phoneNumber && error.includes('21610'))
      await tx.stoppedNumber.createMany({ data: { phoneNumber: row.phoneNumber }, skipDuplicates: true })
    const failed = { status: 'FAILED', error } as const
    const { count } = await tx.notification.updateMany({ where: { id: row.id, status: 'QUEUED' }, data: failed })
    if (count === 1) await fallBack(deps, tx, row)
  })
  tell(deps, row)
}

/** Writes down what became of a try, and when the next one begins where there is to be one. */
const settle = async (deps: Deps, row: NotificationModel, outcome: SendOutcome): Promise<void> => {
  const { takenBy } = row
  const isTaken = takenBy.length > 0
  if (outcome.kind === 'sent') return markSent(deps, row, { providerId: outcome.providerId, error: null })
  if (outcome.kind === 'rejected')
    return isTaken ? markSent(deps, row, { providerId: null, error: outcome.error }) : refuse(deps, row, outcome.error)
  if (!isTaken && row.attempts + 1 >= PUSH_TRIES && (await hasSmsBehind(deps, row)))
    return refuse(deps, row, outcome.error)
  if (outcome.kind === 'unclear') return tryLater(deps, row, UNDER_WAY_SECONDS, { error: outcome.error, takenBy })
  const pause = Math.min(LONGEST_PAUSE_SECONDS, 2 ** row.attempts)
  const asked = Math.min(LONGEST_RETRY_AFTER_SECONDS, outcome.afterSeconds ?? 0)
  // Surely not sent: nothing needs to be looked up before the next try. But a push message of an earlier try may have come.
  const wasUnclear = row.channel === 'PUSH' && row.triedAt !== null
  const forgotten = wasUnclear ? {} : { triedAt: null }
  await tryLater(deps, row, Math.max(pause, asked), { error: outcome.error, takenBy, ...forgotten })
}

/** What became of an earlier try whose outcome is unclear; null where it surely never arrived. */
const lookUp = async (deps: Deps, row: NotificationModel): Promise<SendOutcome | null> => {
  const to = row.phoneNumber as string
  const since = row.createdAt
  const others = await deps.db.notification.findMany({
    where: { phoneNumber: to, providerId: { not: null }, createdAt: { gte: new Date(since.getTime() - 86_400_000) } },
    select: { providerId: true },
  })
  const known = others.map(({ providerId }) => providerId as string)
  return deps.messaging.sms.find({ id: row.id, to, body: row.body ?? '', since, known })
}

/** Asks those of the patient's devices that did not take it yet; says who has it by now. */
const sendPush = async (
  deps: Deps,
  row: NotificationModel,
  ttlSeconds: number | null,
): Promise<{ outcome: SendOutcome; takenBy: string[] }> => {
  const devices = await deps.db.device.findMany({
    where: { patientId: row.patientId as string, id: { notIn: row.takenBy } },
  })
  if (devices.length === 0) return { outcome: { kind: 'rejected', error: 'NO_DEVICE' }, takenBy: row.takenBy }
  const { accepted, goneTokens, outcome } = await deps.messaging.push.send({
    ...{ id: row.id, title: row.title ?? '', body: row.body ?? '', link: row.link, path: pathInApp(row), ttlSeconds },
    tokens: devices.map(({ pushToken }) => pushToken),
    ...pushThread(row.kind, (row.entryId ?? row.appointmentId ?? row.id) as string),
  })
  if (goneTokens.length > 0) await deps.db.device.deleteMany({ where: { pushToken: { in: goneTokens } } })
  const took = devices.filter(({ pushToken }) => accepted.includes(pushToken)).map(({ id }) => id)
  return { outcome, takenBy: [...row.takenBy, ...took] }
}

/** What a correction takes back was claimed when the undo came, but held back in the end: there is nothing to correct. */
const wasNeverSaid = async (db: Db, entryId: string, version: number | null): Promise<boolean> => {
  if (version === null) return false
  const keys = (['YOUR_TURN', 'MISSED'] as const).flatMap((kind) =>
    (['SMS', 'PUSH'] as const).map((channel) =>
      messageKey({ subjectId: entryId, channel, occasion: { kind, version: version - 1 } }),
    ),
  )
  const said = await db.notification.findMany({ where: { key: { in: keys } }, select: { status: true } })
  return said.length > 0 && said.every(({ status }) => status === 'SUPPRESSED')
}

/** Do SMS go to this number, by what the server and the clinic allow? Without any list they go wherever the provider takes them. */
const goesTo = async (deps: Deps, clinicId: string | null, phoneNumber: string): Promise<boolean> => {
  const { allowedCountries } = deps.config
  const clinic = clinicId
    ? await deps.db.clinic.findUnique({ where: { id: clinicId }, select: { allowedCountries: true } })
    : null
  const own = clinic?.allowedCountries.length ? clinic.allowedCountries : null
  return [allowedCountries, own].every(
    (list) => list === null || isAllowedCountry({ allowedCountries: list }, phoneNumber),
  )
}

/**
 * Why a message must not go out: what it says is no longer so, its visit was stopped by the link, or, of an SMS, the number said STOP,
 * is of a country to which none go, or had its share; or the clinic's day is full.
 */
const reasonNotTo = async (deps: Deps, row: NotificationModel): Promise<string | null> => {
  if (await isSuperseded(deps.db, row)) return 'SUPERSEDED'
  if (row.entryId && row.kind === 'CORRECTION' && (await wasNeverSaid(deps.db, row.entryId, aboutOf(row.key).version)))
    return 'UNDONE'
  if (await areMessagesStopped(deps.db, row)) return 'STOPPED'
  if (row.channel !== 'SMS') return null
  const phoneNumber = row.phoneNumber as string
  const stopped = await deps.db.stoppedNumber.findUnique({ where: { phoneNumber } })
  if (stopped) return 'STOPPED'
  if (!(await goesTo(deps, row.clinicId, phoneNumber))) return 'COUNTRY'
  if (row.attempts === 0 && (await isOverNumberCap(deps.db, row.kind, phoneNumber))) return 'NUMBER_CAP'
  return row.attempts === 0 && row.clinicId && (await isOverCap(deps, row.clinicId)) ? 'DAILY_CAP' : null
}

/** From its claim to its answer a request is under way at most so long. */
const REQUEST_SECONDS = 15

/** Is an older message about the same visit, or the same booking, with the provider at this moment? It must not arrive after this one. */
const isBehindAnother = async (
  deps: Deps,
  { id, entryId, appointmentId, kind, channel }: NotificationModel,
): Promise<boolean> => {
  if ((!entryId && !appointmentId) || kind === 'ALMOST_YOUR_TURN') return false
  const [row] = await deps.db.$queryRaw<{ found: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM notifications o WHERE o.channel::text = ${channel} AND o.status = 'QUEUED'
        AND (o.entry_id = ${entryId}::uuid OR (o.entry_id IS NULL AND ${entryId}::uuid IS NULL AND o.appointment_id = ${appointmentId}::uuid))
        AND (o.kind = 'ALMOST_YOUR_TURN' OR o.id < ${id}::uuid) AND o.error IS NULL
        AND o.tried_at > clock_timestamp() - ${REQUEST_SECONDS} * interval '1 second') AS found`
  return row?.found ?? false
}

/** Sends one message of the ledger, once. */
const sendMessage = async (deps: Deps, data: unknown): Promise<void> => {
  const { id } = data as { id: string }
  const row = await deps.db.notification.findUnique({ where: { id } })
  if (row?.status !== 'QUEUED') return
  if (row.triedAt) {
    const now = await databaseNow(deps.db)
    const underWay = UNDER_WAY_SECONDS - (now.getTime() - row.triedAt.getTime()) / 1000
    if (underWay > 0) return tryLater(deps, row, underWay)
    // Before anything is decided: the ledger must say what happened, even of a message that is stale by now.
    const earlier = row.channel === 'SMS' ? await lookUp(deps, row) : null
    if (earlier?.kind === 'unclear' && secondsLeft(row.validUntil, now) === 0)
      return end(deps, row, 'FAILED', `unclear: ${earlier.error}`)
    if (earlier) return settle(deps, row, earlier)
  }
  if (await isBehindAnother(deps, row)) return tryLater(deps, row, 1)
  // Whoever says STOP waits for what was claimed before; so whether somebody did is asked after.
  const claimedAt = await claim(deps, row)
  if (!claimedAt) return
  const seconds = secondsLeft(row.validUntil, claimedAt)
  const reason = seconds === 0 ? 'STALE' : await reasonNotTo(deps, row)
  if (reason) return giveUp(deps, row, reason)
  if (row.channel === 'PUSH') {
    const { outcome, takenBy } = await sendPush(deps, row, seconds)
    return settle(deps, { ...row, takenBy }, outcome)
  }
  const to = row.phoneNumber as string
  await settle(deps, row, await deps.messaging.sms.send({ id, to, body: row.body ?? '', validitySeconds: seconds }))
}

export const messageJobs: JobDefinition[] = [
  { name: MOVE_JOB, handle: announceMove, concurrency: 4 },
  { name: ALMOST_JOB, handle: announceAlmost, concurrency: 2 },
  { name: 'announce.sweep', cron: '* * * * *', handle: lookAtQueues },
  { name: BOOKING_JOB, handle: announceBooking, concurrency: 2 },
  { name: REMINDER_JOB, handle: announceReminder, concurrency: 2 },
  {
    name: MESSAGE_JOB,
    handle: sendMessage,
    concurrency: 8,
    longestPauseSeconds: 60,
    timeoutSeconds: 60,
  },
]
