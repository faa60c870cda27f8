import { can } from '../access/can.ts'
import { ViewerRef } from '../access/schema.ts'
import { asObject, builder } from '../builder.ts'
import { connectionOf, page } from '../connection.ts'
import type { AuditEventModel } from '../database/generated/models.ts'
import { auditPage } from './store.ts'

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
      first: t.arg.int(),
      after: t.arg.string(),
    },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'audit.read', { clinicId }),
    resolve: (_root, { clinicId, entityId, first, after }, ctx) =>
      page(
        { first, after },
        (event: AuditEventModel) => [event.at.toISOString(), event.id],
        2,
        (keys, take) =>
          auditPage(
            ctx.db,
            clinicId,
            entityId ?? null,
            keys && { at: new Date(keys[0] as string), id: keys[1] as string },
            take,
          ),
      ),
  }),
)
