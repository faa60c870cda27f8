import { demandOn } from '../access/demand.ts'
import type { Context, Deps } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import type { NotificationChannel, NotificationKind } from '../database/generated/enums.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { transact } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { notFound, Refusal } from '../errors.ts'
import { areMessagesStopped, createVisitLink } from '../visit/store.ts'
import { messageKey, type Occasion, resentKey } from './keys.ts'
import { ALMOST_JOB, MESSAGE_JOB, validUntil } from './kinds.ts'
import { isSuperseded, queuesToLookAt } from './store.ts'
import { type MessageValues, textOf } from './texts.ts'

/** Something that a patient is told of: about a booking or a visit. */
export type News<Kind extends NotificationKind> = {
  kind: Kind
  occasion: Occasion & { kind: Kind }
  clinic: { id: string; name: string; timeZone: string; messageTexts: unknown; messageRoute: 'BOTH' | 'PUSH_FIRST' }
  patientId: string
  appointmentId: string | null
  entryId: string | null
  /** When what it tells of happened, or when it may go out if that is later. */
  from: Date
  /** The slot, for what is worthless once it has begun. */
  startsAt: Date | null
  values: Omit<MessageValues[Kind], 'clinic' | 'link'>
}

type Recipient = {
  patient_id: string
  phone_number: string | null
  language: string
  devices: number
  stopped: boolean
}

/** Who gets a patient's messages: the patient, or the guardian of one who has neither number nor device. */
const recipientOf = async (tx: Tx, patientId: string): Promise<Recipient | null> => {
  const [recipient] = await tx.$queryRaw<Recipient[]>`
    SELECT p.id::text AS patient_id, p.phone_number, p.language,
      (SELECT count(*)::int FROM devices d WHERE d.patient_id = p.id) AS devices,
      EXISTS (SELECT 1 FROM stopped_numbers s WHERE s.phone_number = p.phone_number) AS stopped
    FROM patients w JOIN patients p ON p.id = w.id OR p.id = w.guardian_id
    WHERE w.id = ${patientId}::uuid AND (p.phone_number IS NOT NULL OR EXISTS (SELECT 1 FROM devices d WHERE d.patient_id = p.id))
    ORDER BY (p.id = w.id) DESC LIMIT 1`
  return recipient ?? null
}

/** On which ways a message starts out; where push goes first, an SMS follows only if it fails. */
const channelsFor = (recipient: Recipient, route: 'BOTH' | 'PUSH_FIRST'): NotificationChannel[] => {
  const sms: NotificationChannel[] = recipient.phone_number ? ['SMS'] : []
  if (recipient.devices === 0) return sms
  return route === 'PUSH_FIRST' ? ['PUSH'] : ['PUSH', ...sms]
}

/** One message of the ledger as it begins. */
const rowOf = <Kind extends NotificationKind>(
  news: News<Kind>,
  recipient: Recipient,
  { channel, key, link }: { channel: NotificationChannel; key: string; link: string | null },
) => {
  const values = { ...news.values, clinic: news.clinic, ...(link && { link }) } as unknown as MessageValues[Kind]
  const { title, body } = textOf(news.kind, recipient.language, values, channel)
  const isStopped = channel === 'SMS' && recipient.stopped
  return {
    id: uuidv7(),
    clinicId: news.clinic.id,
    patientId: recipient.patient_id,
    appointmentId: news.appointmentId,
    entryId: news.entryId,
    kind: news.kind,
    channel,
    key,
    phoneNumber: channel === 'SMS' ? recipient.phone_number : null,
    language: recipient.language,
    title: channel === 'PUSH' ? title : null,
    link: channel === 'PUSH' ? link : null,
    body,
    validUntil: validUntil(news.kind, news.from, news.startsAt),
    status: isStopped ? ('SUPPRESSED' as const) : ('QUEUED' as const),
    error: isStopped ? 'STOPPED' : null,
  }
}

/** Tells a patient (or their guardian) once, on every way that the clinic chose; silently nobody where nothing reaches them. */
export const announce = async <Kind extends NotificationKind>(
  deps: Pick<Deps, 'jobs' | 'config'>,
  tx: Tx,
  news: News<Kind>,
): Promise<void> => {
  const recipient = await recipientOf(tx, news.patientId)
  if (!recipient) return
  const subjectId = (news.entryId ?? news.appointmentId) as string
  const ways = channelsFor(recipient, news.clinic.messageRoute).map((channel) => ({
    channel,
    key: messageKey({ subjectId, channel, occasion: news.occasion }),
  }))
  const there = await tx.notification.findMany({
    where: { key: { in: ways.map(({ key }) => key) } },
    select: { key: true },
  })
  const known = new Set(there.map(({ key }) => key))
  const open = ways.filter(({ key }) => !known.has(key))
  if (open.length === 0) return
  const visit = { patientId: news.patientId, appointmentId: news.appointmentId, entryId: news.entryId }
  // Behind a cancelled booking there is nothing to see.
  const link = news.kind === 'CANCELLED' ? null : await createVisitLink(deps.config, tx, visit)
  const written = await tx.notification.createManyAndReturn({
    data: open.map((way) => rowOf(news, recipient, { ...way, link })),
    skipDuplicates: true,
    select: { id: true, status: true },
  })
  for (const { id, status } of written)
    if (status === 'QUEUED') await deps.jobs.enqueue(tx, MESSAGE_JOB, { id, clinicId: news.clinic.id })
}

/**
 * Looks at the queues in which nothing moved too: a doctor who comes on duty, another pace or another threshold can bring
 * somebody's turn near as well as a move.
 */
export const lookAtQueues = async ({ db, jobs }: Pick<Deps, 'db' | 'jobs'>): Promise<void> => {
  for (const { serviceId, clinicId } of await queuesToLookAt(db))
    await jobs.enqueue(db, ALMOST_JOB, { serviceId, clinicId }, { singletonKey: serviceId })
}

const reloadMessage = async (db: Db | Tx, id: string): Promise<NotificationModel> => {
  const row = await db.notification.findUnique({ where: { id } })
  if (!row) throw notFound('message')
  return row
}

/** Sends a message again, as a row of its own; for messages that are still worth reading. */
export const resendMessage = async (ctx: Context, id: string): Promise<NotificationModel> => {
  const made = await transact(ctx, reloadMessage, async ({ tx, audit }) => {
    await tx.$queryRaw`SELECT id FROM notifications WHERE id = ${id}::uuid FOR UPDATE`
    const row = await tx.notification.findUnique({ where: { id } })
    demandOn(ctx.viewer, 'notification.send', 'message', row, ({ clinicId }) => ({ clinicId }))
    if (row.status === 'QUEUED') throw new Refusal('CONFLICT', 'The message is still on its way.')
    const [state] = await tx.$queryRaw<{ stale: boolean; stopped: boolean; before: number }[]>`
      SELECT coalesce(${row.validUntil}::timestamptz < clock_timestamp(), false) AS stale,
        EXISTS (SELECT 1 FROM stopped_numbers WHERE phone_number = ${row.phoneNumber}) AS stopped,
        (SELECT count(*)::int FROM notifications WHERE starts_with(key, ${`${row.key} again `})) AS before`
    const { stale, stopped, before } = state as NonNullable<typeof state>
    if (stale || row.body === null || (await isSuperseded(tx, row))) throw new Refusal('MESSAGE_STALE')
    if (stopped) throw new Refusal('NUMBER_STOPPED')
    if (await areMessagesStopped(tx, row))
      throw new Refusal('NUMBER_STOPPED', 'The patient wants no more messages about this visit.')
    const { clinicId, patientId, appointmentId, entryId, kind, channel, phoneNumber, language } = row
    const again = await tx.notification.create({
      data: {
        ...{
          id: uuidv7(),
          key: resentKey(row.key, before),
          clinicId,
          patientId,
          appointmentId,
          entryId,
          kind,
          channel,
        },
        ...{ phoneNumber, language, title: row.title, link: row.link, body: row.body, validUntil: row.validUntil },
      },
    })
    await ctx.jobs.enqueue(tx, MESSAGE_JOB, { id: again.id, clinicId })
    await audit({
      action: 'notification.resent',
      entity: 'Notification',
      entityId: again.id,
      clinicId,
      detail: `${kind} ${channel}`,
    })
    return again
  })
  if (made.clinicId) ctx.bus.publish({ kind: 'message', clinicId: made.clinicId, id: made.id })
  return made
}
