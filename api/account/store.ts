import type { Db } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'

/** A log-in of a patient with the phone that it gets messages on, or a phone that gets messages without one. */
export type DeviceRow = {
  /** Of the session, or of the phone that has none. */
  id: string
  platform: string | null
  getsMessages: boolean
  since: Date
  seenAt: Date | null
  isThis: boolean
}

/** Where a patient is logged in and on which phones they get messages, this one first, then the last seen ones. */
export const listDevices = (db: Db, patientId: string, sessionId: string): Promise<DeviceRow[]> =>
  db.$queryRaw<DeviceRow[]>`
    WITH open AS (
      SELECT id, created_at FROM sessions
      WHERE patient_id = ${patientId}::uuid AND ended_at IS NULL AND expires_at > clock_timestamp()
    ), listed AS (
      SELECT o.id, d.platform, d.platform IS NOT NULL AS gets, o.created_at AS since,
        (SELECT max(t.created_at) FROM refresh_tokens t WHERE t.session_id = o.id) AS seen
      FROM open o
      LEFT JOIN LATERAL (
        SELECT platform FROM devices WHERE session_id = o.id ORDER BY created_at DESC, id LIMIT 1
      ) d ON true
      UNION ALL
      SELECT id, platform, true, created_at, NULL FROM devices
      WHERE patient_id = ${patientId}::uuid AND (session_id IS NULL OR session_id NOT IN (SELECT id FROM open))
    )
    SELECT id::text, platform, gets AS "getsMessages", since, seen AS "seenAt", id = ${sessionId}::uuid AS "isThis"
    FROM listed ORDER BY id = ${sessionId}::uuid DESC, coalesce(seen, since) DESC, id`

const iso = (at: Date | null): string | null => at?.toISOString() ?? null
const day = (at: Date | null): string | null => at?.toISOString().slice(0, 10) ?? null

/** Nobody comes back often enough for more; a document without an end would be a way to exhaust the server. */
const MOST_ROWS = 5000

const loadAppointments = async (tx: Prisma.TransactionClient, patientId: string) =>
  (
    await tx.appointment.findMany({
      where: { patientId },
      include: { clinic: true, service: true, doctor: true },
      orderBy: [{ startsAt: 'desc' }, { id: 'asc' }],
      take: MOST_ROWS,
    })
  ).map((row) => ({
    clinic: row.clinic.name,
    service: row.service.name,
    doctor: row.doctor.name,
    startsAt: iso(row.startsAt),
    endsAt: iso(row.endsAt),
    status: row.status,
    urgency: row.urgency,
    reason: row.reason,
    cancelReason: row.cancelReason,
    lateMinutes: row.lateMinutes,
    bookedBy: row.createdById ? 'clinic' : 'you',
    bookedAt: iso(row.createdAt),
  }))

const loadVisits = async (tx: Prisma.TransactionClient, patientId: string) =>
  (
    await tx.queueEntry.findMany({
      where: { patientId },
      include: { clinic: true, service: true, doctor: true, events: { orderBy: { entryVersion: 'asc' } } },
      orderBy: [{ arrivedAt: 'desc' }, { id: 'asc' }],
      take: MOST_ROWS,
    })
  ).map((row) => ({
    clinic: row.clinic.name,
    service: row.service.name,
    ticket: row.ticket,
    status: row.status,
    urgency: row.urgency,
    reason: row.reason,
    endReason: row.endReason,
    doctor: row.doctor?.name ?? null,
    room: row.room,
    arrivedAt: iso(row.arrivedAt),
    calledAt: iso(row.calledAt),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    history: row.events.map((event) => ({
      at: iso(event.at),
      kind: event.kind,
      reason: event.reason,
      by: event.actorUserId ? 'clinic' : event.actorPatientId ? 'patient' : 'Anteroom',
    })),
  }))

const loadMessages = async (tx: Prisma.TransactionClient, patientId: string) =>
  (
    await tx.notification.findMany({
      where: { patientId },
      include: { clinic: true },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: MOST_ROWS,
    })
  ).map((row) => ({
    clinic: row.clinic?.name ?? null,
    kind: row.kind,
    channel: row.channel,
    status: row.status,
    to: row.phoneNumber,
    title: row.title,
    body: row.body,
    createdAt: iso(row.createdAt),
    sentAt: iso(row.sentAt),
    deliveredAt: iso(row.deliveredAt),
  }))

/** What depends on the number: STOP, codes that were sent to it, answers by SMS. Codes are kept as hashes only, answers not at all. */
const loadNumber = async (tx: Prisma.TransactionClient, phoneNumber: string | null) => {
  if (!phoneNumber) return { messagesStoppedAt: null, codes: [], answers: [] }
  const stopped = await tx.stoppedNumber.findUnique({ where: { phoneNumber } })
  const last = { orderBy: { createdAt: 'desc' as const }, take: MOST_ROWS }
  const codes = await tx.phoneCode.findMany({ where: { phoneNumber }, ...last })
  const answers = await tx.inboundMessage.findMany({
    where: { phoneNumber },
    orderBy: { receivedAt: 'desc' },
    take: MOST_ROWS,
  })
  return {
    messagesStoppedAt: iso(stopped?.stoppedAt ?? null),
    codes: codes.map((row) => ({ purpose: row.purpose, sentAt: iso(row.createdAt), usedAt: iso(row.usedAt) })),
    answers: answers.map((row) => ({ receivedAt: iso(row.receivedAt), reply: row.reply || null })),
  }
}

const loadLogIns = async (tx: Prisma.TransactionClient, patientId: string) => {
  const sessions = await tx.session.findMany({
    where: { patientId },
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
    take: MOST_ROWS,
  })
  const devices = await tx.device.findMany({ where: { patientId }, orderBy: { createdAt: 'desc' } })
  return {
    sessions: sessions.map((row) => ({
      openedAt: iso(row.createdAt),
      expiresAt: iso(row.expiresAt),
      endedAt: iso(row.endedAt),
      endReason: row.endReason,
    })),
    phones: devices.map((row) => ({ platform: row.platform, registeredAt: iso(row.createdAt) })),
  }
}

/** What the audit log says of the record and of what the patient did; staff are not named. */
const loadTrail = async (tx: Prisma.TransactionClient, patientId: string) =>
  (
    await tx.$queryRaw<{ at: Date; action: string; isOwn: boolean; isStaff: boolean; clinic: string | null }[]>`
      SELECT a.at, a.action, a.actor_patient_id IS NOT DISTINCT FROM ${patientId}::uuid AS "isOwn",
        a.actor_user_id IS NOT NULL AS "isStaff", c.name AS clinic
      FROM audit_log a LEFT JOIN clinics c ON c.id = a.clinic_id
      WHERE a.entity_id = ${patientId}::uuid ORDER BY a.at DESC, a.id DESC LIMIT ${MOST_ROWS}`
  ).map(({ at, action, isOwn, isStaff, clinic }) => ({
    at: iso(at),
    action,
    by: isOwn ? 'you' : isStaff ? 'clinic' : 'Anteroom',
    clinic,
  }))

/** Everything that is kept about a patient, from one moment, in words that name nobody else but doctors. */
export const loadDocument = (db: Db, patientId: string): Promise<object> =>
  db.$transaction(
    async (tx) => {
      const patient = await tx.patient.findUniqueOrThrow({
        where: { id: patientId },
        include: {
          clinics: { include: { clinic: true }, orderBy: { createdAt: 'asc' } },
          _count: { select: { wards: true } },
        },
      })
      const links = await tx.visitLink.findMany({
        where: { patientId },
        orderBy: { createdAt: 'desc' },
        take: MOST_ROWS,
      })
      const { codes, answers, messagesStoppedAt } = await loadNumber(tx, patient.phoneNumber)
      return {
        format: 'anteroom.patient.1',
        profile: {
          id: patient.id,
          name: patient.name,
          phoneNumber: patient.phoneNumber,
          phoneVerified: patient.phoneVerified,
          dateOfBirth: day(patient.dateOfBirth),
          language: patient.language,
          code: patient.code,
          hasPassword: patient.passwordHash !== null,
          hasGuardian: patient.guardianId !== null,
          patientsInCare: patient._count.wards,
          createdAt: iso(patient.createdAt),
          updatedAt: iso(patient.updatedAt),
        },
        clinics: patient.clinics.map(({ clinic, createdAt }) => ({ name: clinic.name, since: iso(createdAt) })),
        appointments: await loadAppointments(tx, patientId),
        visits: await loadVisits(tx, patientId),
        messages: await loadMessages(tx, patientId),
        consents: {
          messagesStoppedAt,
          visitsWithoutMessages: links
            .filter((link) => link.messagesStoppedAt)
            .map((link) => iso(link.messagesStoppedAt)),
        },
        visitLinks: links.map((link) => ({ createdAt: iso(link.createdAt) })),
        codesBySms: codes,
        answersBySms: answers,
        logIns: await loadLogIns(tx, patientId),
        record: await loadTrail(tx, patientId),
      }
    },
    { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead, timeout: 15_000 },
  )
