import { asObject, builder, ever } from '../builder.ts'
import type { FieldOverride } from '../patient/store.ts'
import { AppointmentRef, PatientRef, QueueEntryRef } from '../refs.ts'
import type { OperationResult } from '../sync/commands.ts'
import { newCursors } from './live.ts'
import { type ChangeSet, pull } from './store.ts'

const FieldOverrideRef = builder.objectRef<FieldOverride>('FieldOverride').implement({
  description:
    "A field of the operation that lost. by: the user's name for their colleagues, the clinic's name for patients and other clinics; a patient's name.",
  fields: (t) => ({
    field: t.exposeString('field', {
      authScopes: asObject,
      description: 'name, phoneNumber, dateOfBirth or language.',
    }),
    by: t.exposeString('by', { authScopes: asObject }),
    at: t.field({
      type: 'DateTime',
      authScopes: asObject,
      description: 'When the change that counts was made.',
      resolve: ({ at }) => new Date(at),
    }),
    value: t.exposeString('value', { nullable: true, authScopes: asObject, description: 'What the field is now.' }),
  }),
})

const OperationOutcomeEnum = builder.enumType('OperationOutcome', {
  description: 'What became of an operation.',
  values: {
    APPLIED: { description: 'Done.' },
    DUPLICATE: { description: 'Done before; nothing was done now.' },
    OVERRIDDEN: {
      description: 'Fields of it were changed by somebody whose change counts more; the others were applied.',
    },
    REJECTED: { description: 'Refused; nothing was done, and its seq is used up.' },
  } as const,
})

export const OperationResultRef = builder.objectRef<OperationResult>('OperationResult').implement({
  description: 'What became of an operation, by its id.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    outcome: t.expose('outcome', { type: OperationOutcomeEnum, authScopes: asObject }),
    code: t.exposeString('code', {
      nullable: true,
      authScopes: asObject,
      description: 'Why it was refused or overridden, in a form that a program can act on, as in SLOT_TAKEN.',
    }),
    message: t.exposeString('message', { nullable: true, authScopes: asObject }),
    overrides: t.field({
      type: [FieldOverrideRef],
      nullable: true,
      authScopes: asObject,
      resolve: ({ overrides }) => overrides,
    }),
  }),
})

export const ChangeSetRef = builder.objectRef<ChangeSet>('ChangeSet').implement({
  description:
    'All that changed for this viewer since the cursor; without a cursor, all that a device needs to work offline.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { authScopes: asObject, description: 'For the next pull. Opaque.' }),
    hasMore: t.exposeBoolean('hasMore', {
      authScopes: asObject,
      description: 'There is more already: pull again at once. While it is true a device does not hold everything yet.',
    }),
    patients: t.field({ type: [PatientRef], authScopes: asObject, resolve: (set) => set.patients }),
    appointments: t.field({ type: [AppointmentRef], authScopes: asObject, resolve: (set) => set.appointments }),
    entries: t.field({ type: [QueueEntryRef], authScopes: asObject, resolve: (set) => set.entries }),
    removed: t.exposeIDList('removed', {
      authScopes: asObject,
      description: 'Records that this viewer no longer holds; also such as the device never held.',
    }),
    overridden: t.field({
      type: [OperationResultRef],
      authScopes: asObject,
      description: "This viewer's own operations that were applied before and have been overridden since.",
      resolve: (set) => set.overridden,
    }),
  }),
})

builder.queryField('changes', (t) =>
  t.field({
    type: ChangeSetRef,
    nullable: true,
    description:
      "What changed for this viewer since the cursor, in pages; without a cursor a first load: staff get their clinic's entries of today and all open ones, the bookings from yesterday to 14 days ahead and the patients of both; patients what is theirs and their wards', of the last 90 days and all to come. Refusal: CURSOR_EXPIRED (load anew).",
    args: { cursor: t.arg.string() },
    authScopes: ever('sync.use'),
    resolve: (_root, { cursor }, ctx) => pull(ctx, cursor),
  }),
)

builder.subscriptionField('changesAvailable', (t) =>
  t.field({
    type: 'String',
    description:
      'The newest cursor at once, then each newer one: time to pull, from the cursor that the device holds. One event may stand for many changes.',
    authScopes: ever('sync.use'),
    subscribe: (_root, _args, ctx) => newCursors(ctx),
    resolve: (cursor) => cursor as string,
  }),
)
