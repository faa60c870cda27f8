import { can } from '../access/can.ts'
import { demandOn } from '../access/demand.ts'
import { asObject, builder, ever } from '../builder.ts'
import { connectionOf, page } from '../connection.ts'
import type { Context } from '../context.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { NotificationChannelEnum, NotificationKindEnum, NotificationStatusEnum } from '../enums.ts'
import { badInput, notFound, Refusal } from '../errors.ts'
import { AppointmentRef, PatientRef, QueueEntryRef } from '../refs.ts'
import { resendMessage } from './commands.ts'
import { isGsm7, segments } from './gsm.ts'
import { messageChanges } from './live.ts'
import { isOwnKind, ownKinds, ownText } from './own-texts.ts'
import { listNotifications, placeOfNotification } from './store.ts'
import { exampleOf, usualText } from './texts.ts'

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

type MessagePreview = { usual: string; body: string }

const MessagePreviewRef = builder.objectRef<MessagePreview>('MessagePreview').implement({
  description: 'A message as it would go out by SMS, with values and a link as an example.',
  fields: (t) => ({
    usual: t.exposeString('usual', { description: 'The usual words, with placeholders.', authScopes: asObject }),
    body: t.exposeString('body', { authScopes: asObject }),
    segments: t.int({
      description: 'As how many SMS it is paid for.',
      authScopes: asObject,
      resolve: ({ body }) => segments(body),
    }),
    isUnicode: t.boolean({
      description: 'It has characters outside the GSM alphabet, so that an SMS holds 70 instead of 160.',
      authScopes: asObject,
      resolve: ({ body }) => !isGsm7(body),
    }),
  }),
})

const EXAMPLE_LINK_CODE = 'Xy3kPq9rT2wZb7LmN4vQcA'

builder.queryField('messagePreview', (t) =>
  t.field({
    type: MessagePreviewRef,
    nullable: true,
    description: 'What a message of the clinic would say. For admins of the clinic.',
    args: {
      clinicId: t.arg.id({ required: true }),
      language: t.arg.string({ required: true, description: 'As in en, without a country.' }),
      kind: t.arg({ type: NotificationKindEnum, required: true }),
      text: t.arg.string({ description: 'In the clinic’s own words; without it in the usual ones.' }),
    },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'clinic.manage', { clinicId }),
    resolve: async (_root, { clinicId, language, kind, text }, ctx) => {
      if (!isOwnKind(kind)) throw badInput('kind', `must be one of ${ownKinds.join(', ')}`)
      const clinic = await ctx.loaders.clinic.load(clinicId)
      if (!clinic) throw notFound('clinic')
      const own = text == null ? null : ownText(kind, text, 'text')
      const link = `${ctx.config.publicUrl}/t/${EXAMPLE_LINK_CODE}`
      return {
        usual: usualText(kind, language),
        body: exampleOf(kind, language, { clinic, link, now: new Date(), text: own }),
      }
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
