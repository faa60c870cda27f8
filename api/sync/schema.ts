import { BookAppointmentInput, RescheduleAppointmentInput } from '../appointment/schema.ts'
import { asObject, builder, ever } from '../builder.ts'
import { ChangeSetRef, OperationResultRef } from '../changes/schema.ts'
import { pull } from '../changes/store.ts'
import { UrgencyEnum } from '../enums.ts'
import { CreatePatientInput } from '../patient/schema.ts'
import { AddWalkInInput } from '../queue/schema.ts'
import { MOST_OPERATIONS, type OperationResult, sync } from './commands.ts'

const SyncTarget = builder.inputType('SyncTarget', {
  description: 'The queue entry, or for checkIn the appointment: its queue entry gets the id of the operation.',
  fields: (t) => ({ id: t.id({ required: true }) }),
})

const SyncCancel = builder.inputType('SyncCancel', {
  fields: (t) => ({ id: t.id({ required: true }), reason: t.string() }),
})

const SyncSetUrgency = builder.inputType('SyncSetUrgency', {
  fields: (t) => ({
    id: t.id({ required: true }),
    urgency: t.field({ type: UrgencyEnum, required: true }),
    reason: t.string(),
  }),
})

const SyncCallEntry = builder.inputType('SyncCallEntry', {
  fields: (t) => ({ id: t.id({ required: true }), doctorId: t.id(), room: t.string() }),
})

const SyncTransfer = builder.inputType('SyncTransfer', {
  fields: (t) => ({ id: t.id({ required: true }), serviceId: t.id(), doctorId: t.id() }),
})

const SyncMove = builder.inputType('SyncMove', {
  description: 'Behind the entry `after`, or first where it is null.',
  fields: (t) => ({ id: t.id({ required: true }), after: t.id(), reason: t.string({ required: true }) }),
})

const SyncUpdatePatient = builder.inputType('SyncUpdatePatient', {
  description:
    "Fields that were not touched are left out. seen is the patient's version that the writer had on screen; missing from a patient it counts as 0.",
  fields: (t) => ({
    id: t.id({ required: true }),
    seen: t.int(),
    name: t.string(),
    phoneNumber: t.string(),
    dateOfBirth: t.field({ type: 'Date' }),
    language: t.string(),
  }),
})

const SyncOperation = builder.inputType('SyncOperation', {
  description: 'One act of a person at a device. Exactly one of the commands is set.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'A UUID made at the act; the same in every repeat.' }),
    seq: t.int({ required: true, description: '1, 2, 3 … within one clientId, without a gap.' }),
    ageMs: t.float({
      required: true,
      description:
        "Milliseconds between the act and this send, by the device's own monotonic clock where it has one. Negative counts as 0, over 30 days as 30 days.",
    }),
    createPatient: t.field({ type: CreatePatientInput }),
    updatePatient: t.field({ type: SyncUpdatePatient }),
    bookAppointment: t.field({ type: BookAppointmentInput }),
    rescheduleAppointment: t.field({ type: RescheduleAppointmentInput }),
    cancelAppointment: t.field({ type: SyncCancel }),
    checkIn: t.field({ type: SyncTarget }),
    addWalkIn: t.field({ type: AddWalkInInput }),
    setUrgency: t.field({ type: SyncSetUrgency }),
    callEntry: t.field({
      type: SyncCallEntry,
      description: 'The patient the device called from its own copy of the queue.',
    }),
    recall: t.field({ type: SyncTarget }),
    startService: t.field({ type: SyncTarget }),
    markServed: t.field({ type: SyncTarget }),
    markNoShow: t.field({ type: SyncTarget }),
    hold: t.field({ type: SyncTarget }),
    returnToQueue: t.field({ type: SyncTarget }),
    transfer: t.field({ type: SyncTransfer }),
    moveEntry: t.field({ type: SyncMove }),
    leaveQueue: t.field({ type: SyncTarget }),
    dropped: t.boolean({
      description:
        "In place of an operation that the server's schema no longer understands; answered REJECTED with MALFORMED.",
    }),
  }),
})

const SyncInput = builder.inputType('SyncInput', {
  description:
    'One batch of what a device did while it could not, or did not yet, reach the server, in the order it did it.',
  fields: (t) => ({
    clientId: t.id({
      required: true,
      description: 'Of the operation log of one user or patient on one device; a UUID.',
    }),
    operations: t.field({ type: [SyncOperation], required: true, description: `At most ${MOST_OPERATIONS}.` }),
    cursor: t.string({ description: 'From where `changes` of the answer is pulled; without it, a first load begins.' }),
    more: t.boolean({
      description:
        'The device holds more operations than these. Left out, a batch of fewer than 100 says that the device holds nothing else: whatever it sends later counts as done later.',
    }),
  }),
})

type Synced = { outcomes: OperationResult[]; nextSeq: number; cursor: string | null | undefined }

const SyncResultRef = builder.objectRef<Synced>('SyncResult').implement({
  description: 'What became of a batch.',
  fields: (t) => ({
    outcomes: t.field({
      type: [OperationResultRef],
      authScopes: asObject,
      description: 'In the order of the operations. Operations behind a gap of seq have none: they stay on the device.',
      resolve: ({ outcomes }) => outcomes,
    }),
    nextSeq: t.exposeInt('nextSeq', {
      authScopes: asObject,
      description:
        'The seq expected next from this clientId. Below the oldest operation that the device holds, the server came back from a backup: take a new clientId.',
    }),
    changes: t.field({
      type: ChangeSetRef,
      nullable: true,
      authScopes: asObject,
      description:
        "What changed since the input's cursor, read after the batch was applied; pulled only where it is asked for. Null with the error CURSOR_EXPIRED where the cursor is unknown: the outcomes stand.",
      resolve: ({ cursor }, _args, ctx) => pull(ctx, cursor),
    }),
  }),
})

builder.mutationField('sync', (t) =>
  t.field({
    type: SyncResultRef,
    description:
      'Applies what a device did, each operation once and by the rights that the caller has now. A refused operation blocks nothing. Refused as a whole, with nothing applied: RESET (the device came back from a copy, or the clientId is of another account), BAD_INPUT.',
    args: { input: t.arg({ type: SyncInput, required: true }) },
    authScopes: ever('sync.use'),
    resolve: async (_root, { input }, ctx) => ({ ...(await sync(ctx, input)), cursor: input.cursor }),
  }),
)
