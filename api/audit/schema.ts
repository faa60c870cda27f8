import { can } from '../access/can.ts'
import { ViewerRef } from '../access/schema.ts'
import { asObject, builder } from '../builder.ts'
import { calendarBounds } from '../clinic/day.ts'
import { connectionOf, instantKey, page } from '../connection.ts'
import type { AuditEventModel } from '../database/generated/models.ts'
import { badInput, notFound } from '../errors.ts'
import { phoneNumberOf } from '../patient/phone.ts'
import { codeOfQr } from '../patient/qr.ts'
import { type AuditSearch, auditPage, recordsOfPatient } from './store.ts'

const ACTION = /^[A-Za-z_]+(\.[A-Za-z_]+)?$/

/** A patient as a manager who may read no names can say who is meant. */
const patientBy = (typed: string): { phoneNumber: string | null; code: string | null } => {
  const code = codeOfQr(typed)
  return code ? { code, phoneNumber: null } : { code: null, phoneNumber: phoneNumberOf(typed, 'patient') }
}

const AuditEventRef = builder.objectRef<AuditEventModel>('AuditEvent').implement({
  description: 'Who did what to which record, and when.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    at: t.expose('at', { type: 'DateTime', authScopes: asObject }),
    actor: t.field({
      type: ViewerRef,
      nullable: true,
      description: 'Null for nobody who was logged in, and for what the server did by itself.',
      authScopes: asObject,
      resolve: (event, _args, ctx) => {
        if (event.actorUserId) return ctx.loaders.user.load(event.actorUserId)
        return event.actorPatientId ? ctx.loaders.patient.load(event.actorPatientId) : null
      },
    }),
    action: t.exposeString('action', { description: 'As in queue.called or read.patient.', authScopes: asObject }),
    entity: t.exposeString('entity', { description: 'The type of the record.', authScopes: asObject }),
    entityId: t.exposeID('entityId', { nullable: true, authScopes: asObject }),
    detail: t.exposeString('detail', { nullable: true, authScopes: asObject }),
    clientId: t.exposeID('clientId', {
      nullable: true,
      authScopes: asObject,
      description: 'The operation log of the device that synced it; null for what was done while connected.',
    }),
  }),
})

const AuditEventConnection = connectionOf('AuditEvent', AuditEventRef)

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditEventConnection,
    nullable: true,
    description:
      'The audit log of a clinic, newest first; of one record where entityId is given. For admins of the clinic.',
    args: {
      clinicId: t.arg.id({ required: true }),
      entityId: t.arg.id(),
      actorId: t.arg.id({ description: 'Of the user or patient who did it.' }),
      patient: t.arg.string({
        description:
          'The phone number or the code of a patient of this clinic: only what was done to their record, their visits and bookings, and what they did themself.',
      }),
      action: t.arg.string({
        description: 'The whole action, as in queue.called, or all of one kind, as in queue.',
      }),
      from: t.arg({ type: 'Date', description: 'From this calendar day of the clinic on.' }),
      to: t.arg({ type: 'Date', description: 'Up to this calendar day of the clinic, inclusive.' }),
      first: t.arg.int(),
      after: t.arg.string(),
    },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'audit.read', { clinicId }),
    resolve: async (_root, { clinicId, entityId, actorId, patient, action, from, to, first, after }, ctx) => {
      if (from && to && to < from) throw badInput('to', 'must not be before from')
      if (action && !ACTION.test(action))
        throw badInput('action', 'must be an action, as in queue.called, or a kind, as in queue')
      const clinic = await ctx.loaders.clinic.load(clinicId)
      if (!clinic) throw notFound('clinic')
      const search: AuditSearch = {
        entityId: entityId ?? null,
        actorId: actorId ?? null,
        patient: patient ? await recordsOfPatient(ctx.db, clinic.id, patientBy(patient)) : null,
        action: action ?? null,
        start: from ? calendarBounds(from, from, clinic.timeZone).start : null,
        end: to ? calendarBounds(to, to, clinic.timeZone).end : null,
      }
      return page(
        { first, after },
        (event: AuditEventModel) => [event.at.toISOString(), event.id],
        2,
        (keys, take) =>
          auditPage(ctx.db, clinicId, search, keys && { at: instantKey(keys[0]), id: keys[1] as string }, take),
      )
    },
  }),
)
