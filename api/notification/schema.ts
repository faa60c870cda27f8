import { can } from '../access/can.ts'
import { demandOn } from '../access/demand.ts'
import { asObject, builder, ever } from '../builder.ts'
import { connectionOf, page } from '../connection.ts'
import type { Context } from '../context.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { NotificationChannelEnum, NotificationKindEnum, NotificationStatusEnum } from '../enums.ts'
import { Refusal } from '../errors.ts'
import { AppointmentRef, PatientRef, QueueEntryRef } from '../refs.ts'
import { resendMessage } from './commands.ts'
import { messageChanges } from './live.ts'
import { listNotifications, placeOfNotification } from './store.ts'

const NotificationRef = builder.objectRef<NotificationModel>('Notification').implement({
  description: 'A message to a patient and what became of it.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    kind: t.expose('kind', { type: NotificationKindEnum, authScopes: asObject }),
    channel: t.expose('channel', { type: NotificationChannelEnum, authScopes: asObject }),
    status: t.expose('status', { type: NotificationStatusEnum, authScopes: asObject }),
    body: t.exposeString('body', {
      nullable: true,
      authScopes: asObject,
      description: 'The text as the patient gets it.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', authScopes: asObject }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true, authScopes: asObject }),
    error: t.exposeString('error', { nullable: true, authScopes: asObject, description: 'Why it was not sent.' }),
    patient: t.field({
      type: PatientRef,
      nullable: true,
      authScopes: asObject,
      resolve: (row, _args, { loaders }) => (row.patientId ? loaders.patient.load(row.patientId) : null),
    }),
    entry: t.field({
      type: QueueEntryRef,
      nullable: true,
      authScopes: asObject,
      resolve: (row, _args, { loaders }) => (row.entryId ? loaders.entry.load(row.entryId) : null),
    }),
    appointment: t.field({
      type: AppointmentRef,
      nullable: true,
      authScopes: asObject,
      resolve: (row, _args, { loaders }) => (row.appointmentId ? loaders.appointment.load(row.appointmentId) : null),
    }),
  }),
})

export const NotificationConnection = connectionOf('Notification', NotificationRef)

/** The patients whose messages of the clinic the viewer asked for and may see; null for none, undefined for all. Another clinic's are FORBIDDEN. */
const readable = ({ viewer }: Context, clinicId: string, patientId: string | null | undefined) => {
  if (patientId == null && viewer?.kind === 'patient') return [viewer.patientId, ...viewer.wardIds]
  if (!can(viewer, 'notification.read', { clinicId, patientId: patientId ?? null })) {
    if (viewer?.kind === 'user') throw new Refusal('FORBIDDEN')
    return null
  }
  return patientId == null ? undefined : [patientId]
}

builder.queryField('notifications', (t) =>
  t.field({
    type: NotificationConnection,
    nullable: true,
    authScopes: ever('notification.read'),
    description:
      'Messages of a clinic, newest first: for the desk, and for patients their own and those of their wards.',
    args: {
      clinicId: t.arg.id({ required: true }),
      patientId: t.arg.id(),
      first: t.arg.int(),
      after: t.arg.string(),
    },
    resolve: async (_root, { clinicId, patientId, ...args }, ctx) => {
      const patientIds = readable(ctx, clinicId, patientId)
      if (patientIds === null) return null
      const where = { clinicId, ...(patientIds && { patientId: { in: patientIds } }) }
      return page(args, placeOfNotification, 2, (after, take) => listNotifications(ctx.db, { where, after, take }))
    },
  }),
)

builder.mutationField('resendMessage', (t) =>
  t.field({
    type: NotificationRef,
    description:
      'Sends a message again, as a row of its own. For the desk. Refusals: NOT_FOUND, CONFLICT (still on its way), MESSAGE_STALE, NUMBER_STOPPED.',
    args: { id: t.arg.id({ required: true }) },
    authScopes: ever('notification.send'),
    resolve: (_root, { id }, ctx) => resendMessage(ctx, id),
  }),
)

builder.subscriptionField('notificationUpdated', (t) =>
  t.field({
    type: NotificationRef,
    description: "The newest message of a clinic at once, then each change of a message's state. For the desk.",
    args: { clinicId: t.arg.id({ required: true }) },
    authScopes: ever('notification.send'),
    subscribe: (_root, { clinicId }, ctx) => {
      demandOn(ctx.viewer, 'notification.send', 'clinic', { clinicId }, (row) => row)
      return messageChanges(ctx, clinicId)
    },
    resolve: (row) => row as NotificationModel,
  }),
)
