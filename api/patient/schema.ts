import { type Action, can } from '../access/can.ts'
import { SessionRef } from '../access/schema.ts'
import { AppointmentConnection } from '../appointment/schema.ts'
import { listAppointments, placeOfAppointment } from '../appointment/store.ts'
import { asObject, builder, ever, on } from '../builder.ts'
import { connectionOf, page } from '../connection.ts'
import type { Context } from '../context.ts'
import type { PatientRow } from '../loaders.ts'
import { NotificationConnection } from '../notification/schema.ts'
import { listNotifications, placeOfNotification } from '../notification/store.ts'
import { PatientRef, QueueEntryRef } from '../refs.ts'
import {
  confirmPhoneNumber,
  createPatient,
  findPatient,
  mayOn,
  mergePatients,
  registerDevice,
  registerPatient,
  renewCode,
  subjectOfPatient,
  updatePatient,
  updateProfile,
} from './commands.ts'
import { patientSearch } from './search.ts'
import { type ListedPatient, listPatients, markOfCode, standing } from './store.ts'

const onToday = (action: Action) => (patient: PatientRow, _args: unknown, ctx: Context) => mayOn(action, patient, ctx)

/** Bookings and messages belong to one clinic: a desk sees its own, a doctor those of their services. */
const ownAppointments = ({ viewer }: Context, patientId: string) => {
  if (viewer?.kind !== 'user') return { patientId }
  const { clinicId, serviceIds } = viewer
  return can(viewer, 'appointment.list', { clinicId })
    ? { patientId, clinicId }
    : { patientId, clinicId, serviceId: { in: [...serviceIds] } }
}

PatientRef.implement({
  description: 'A patient. Staff see those who are linked to their clinic.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject }),
    phoneNumber: t.exposeString('phoneNumber', {
      nullable: true,
      authScopes: on('patient.contact', subjectOfPatient),
      description: 'In E.164, as in +12025550100.',
    }),
    phoneVerified: t.exposeBoolean('phoneVerified', {
      nullable: true,
      authScopes: on('patient.contact', subjectOfPatient),
      description: 'Whether the number is good for log-in: proved by a code, or set by the patient.',
    }),
    dateOfBirth: t.expose('dateOfBirth', { type: 'Date', nullable: true, authScopes: onToday('patient.birth') }),
    language: t.exposeString('language', {
      nullable: true,
      authScopes: onToday('patient.read'),
      description: 'The language of messages as a BCP 47 tag.',
    }),
    code: t.exposeString('code', {
      nullable: true,
      authScopes: on('patient.code', subjectOfPatient),
      description: "What the patient's QR says: a desk of any clinic finds the record with it.",
    }),
    codeMark: t.string({
      nullable: true,
      authScopes: on('patient.contact', subjectOfPatient),
      description:
        'By which a device without a network recognises the code that it scans, which it does not say: the first 12 bytes of the SHA-256 of the code, in base64url.',
      resolve: ({ code }) => markOfCode(code),
    }),
    guardian: t.field({
      type: PatientRef,
      nullable: true,
      authScopes: onToday('patient.read'),
      description: 'Who gets the messages of this patient, and may see and book.',
      resolve: async (patient, _args, ctx) => {
        const guardian = patient.guardianId ? await ctx.loaders.patient.load(patient.guardianId) : null
        return guardian && (await mayOn('patient.read', guardian, ctx)) ? guardian : null
      },
    }),
    wards: t.field({
      type: [PatientRef],
      nullable: true,
      authScopes: on('patient.read', subjectOfPatient),
      description: 'Patients of whom this one is the guardian.',
      resolve: async (patient, _args, { loaders, viewer }) =>
        (await loaders.wardsOfPatient.load(patient.id)).filter((ward) =>
          can(viewer, 'patient.read', subjectOfPatient(ward)),
        ),
    }),
    version: t.exposeInt('version', { authScopes: asObject, description: 'Grows with every change of the details.' }),
    appointments: t.field({
      type: AppointmentConnection,
      nullable: true,
      authScopes: onToday('appointment.read'),
      description: 'By start. Staff see those of their own clinic, doctors of their services.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (patient, args, ctx) =>
        page(args, placeOfAppointment, 2, (after, take) =>
          listAppointments(ctx.db, { where: ownAppointments(ctx, patient.id), after, take }),
        ),
    }),
    activeEntries: t.field({
      type: [QueueEntryRef],
      nullable: true,
      authScopes: onToday('entry.read'),
      description:
        'Where the patient waits or is being seen now. Staff see those of their own clinic, doctors of their services.',
      resolve: async (patient, _args, { loaders, viewer }) =>
        (await loaders.activeEntriesOfPatient.load(patient.id)).filter((entry) =>
          can(viewer, 'entry.read', {
            clinicId: entry.clinicId,
            serviceId: entry.serviceId,
            patientId: entry.patientId,
          }),
        ),
    }),
    notifications: t.field({
      type: NotificationConnection,
      nullable: true,
      authScopes: on('notification.read', subjectOfPatient),
      description: 'Messages, newest first. The desk sees those of its own clinic.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (patient, args, { db, viewer }) => {
        const where = { patientId: patient.id, ...(viewer?.kind === 'user' && { clinicId: viewer.clinicId }) }
        return page(args, placeOfNotification, 2, (after, take) => listNotifications(db, { where, after, take }))
      },
    }),
  }),
})

const PatientConnection = connectionOf('Patient', PatientRef)

const PatientMatch = builder.objectRef<PatientRow>('PatientMatch').implement({
  description: 'Enough to say at the desk: is this you?',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject }),
    birthYear: t.int({
      nullable: true,
      authScopes: asObject,
      resolve: (patient) => patient.dateOfBirth?.getUTCFullYear() ?? null,
    }),
  }),
})

builder.queryFields((t) => ({
  patient: t.field({
    type: PatientRef,
    nullable: true,
    authScopes: ever('patient.read'),
    description: 'A record that was merged answers with the one it went into.',
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, ctx) => {
      const patient = await standing(ctx.loaders, id)
      return patient && (await mayOn('patient.read', patient, ctx)) ? patient : null
    },
  }),
  patients: t.field({
    type: PatientConnection,
    nullable: true,
    authScopes: ever('patient.search'),
    description:
      "Patients of the viewer's clinic by name; search takes parts of a name, or at least three digits of a phone number.",
    args: { search: t.arg.string(), first: t.arg.int(), after: t.arg.string() },
    resolve: (_root, { search, ...args }, { db, viewer }) => {
      if (viewer?.kind !== 'user') return null
      const { clinicId } = viewer
      return page<ListedPatient>(
        args,
        (row) => [row.sortName, row.id],
        2,
        (after, take) => listPatients(db, { clinicId, search: patientSearch(search), after, take }),
      )
    },
  }),
  findPatient: t.field({
    type: PatientMatch,
    nullable: true,
    authScopes: ever('patient.search'),
    description:
      'A patient of any clinic, found only by the exact phone number or the code in their QR; booking or adding them links the record to the clinic.',
    args: { phoneNumber: t.arg.string(), code: t.arg.string() },
    resolve: (_root, args, ctx) => findPatient(ctx, args),
  }),
}))

const RegisterPatientInput = builder.inputType('RegisterPatientInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'At most 200 characters.' }),
    phoneNumber: t.string({ required: true, description: 'With + and the country code, as in +12025550100.' }),
    password: t.string({ required: true, description: 'At least 8 characters, at most 72 bytes in UTF-8.' }),
    dateOfBirth: t.field({ type: 'Date' }),
    language: t.string({ description: 'A BCP 47 tag, as in en.' }),
    code: t.string({ description: 'The code sent to a number that is already on a record.' }),
  }),
})

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    name: t.string(),
    phoneNumber: t.string({ description: 'With + and the country code; it is the number to log in with from now on.' }),
    dateOfBirth: t.field({ type: 'Date' }),
    language: t.string(),
  }),
})

const UpdatePatientInput = builder.inputType('UpdatePatientInput', {
  description: 'What is left out stays as it is; null takes a phone number or date of birth away.',
  fields: (t) => ({
    name: t.string(),
    phoneNumber: t.string({
      description:
        'With + and the country code. A number changed by others than the patient is not good for log-in until it is confirmed.',
    }),
    dateOfBirth: t.field({ type: 'Date' }),
    language: t.string(),
  }),
})

export const CreatePatientInput = builder.inputType('CreatePatientInput', {
  description: 'An id that this caller has already stored answers that record.',
  fields: (t) => ({
    id: t.id({ description: 'Any UUID of RFC 9562; the server makes one where it is left out.' }),
    name: t.string({ required: true, description: 'At most 200 characters.' }),
    phoneNumber: t.string({ description: 'With + and the country code, as in +12025550100.' }),
    dateOfBirth: t.field({ type: 'Date' }),
    language: t.string({ description: 'A BCP 47 tag, as in en.' }),
    guardianId: t.id({ description: 'A patient of the clinic who gets the messages, and may see and book.' }),
  }),
})

builder.mutationFields((t) => ({
  registerPatient: t.field({
    type: SessionRef,
    authScopes: ever('session.open'),
    description:
      'A number that is already on a record needs the code that requestPhoneCode sends for REGISTER (PHONE_NEEDS_CODE), and then takes that record over: what the desk wrote stays, other sessions of it end.',
    args: { input: t.arg({ type: RegisterPatientInput, required: true }) },
    resolve: (_root, { input }, ctx) => registerPatient(ctx, input),
  }),
  confirmPhoneNumber: t.field({
    type: PatientRef,
    authScopes: ever('patient.profile'),
    description:
      'Makes a number that others put on the own record good for log-in, with the code that requestPhoneCode sent for CONFIRM_NUMBER.',
    args: { code: t.arg.string({ required: true }) },
    resolve: (_root, { code }, ctx) => confirmPhoneNumber(ctx, code),
  }),
  updateProfile: t.field({
    type: PatientRef,
    authScopes: ever('patient.profile'),
    description: 'Changes the own record of the patient who is logged in.',
    args: { input: t.arg({ type: UpdateProfileInput, required: true }) },
    resolve: (_root, { input }, ctx) => updateProfile(ctx, input),
  }),
  createPatient: t.field({
    type: PatientRef,
    authScopes: ever('patient.create'),
    description: "Makes a record at the desk and links it to the desk's clinic.",
    args: { input: t.arg({ type: CreatePatientInput, required: true }) },
    resolve: (_root, { input }, ctx) => createPatient(ctx, input),
  }),
  updatePatient: t.field({
    type: PatientRef,
    authScopes: (_root, _args, ctx) =>
      ever('patient.update')(_root, _args, ctx) || ever('patient.profile')(_root, _args, ctx),
    description: 'Changes the record of a patient of the clinic, or of a ward.',
    args: { id: t.arg.id({ required: true }), input: t.arg({ type: UpdatePatientInput, required: true }) },
    resolve: (_root, { id, input }, ctx) => updatePatient(ctx, id, input),
  }),
  mergePatients: t.field({
    type: PatientRef,
    authScopes: ever('patient.merge'),
    description:
      'Makes one record of two of the same person: drop goes into keep. The phone number goes with the log-in. Where both can log in, that of drop ends, and endLogin has to say so.',
    args: {
      keep: t.arg.id({ required: true }),
      drop: t.arg.id({ required: true }),
      endLogin: t.arg.boolean({ defaultValue: false }),
    },
    resolve: (_root, { keep, drop, endLogin }, ctx) => mergePatients(ctx, { keep, drop, endLogin: endLogin ?? false }),
  }),
  renewCode: t.field({
    type: PatientRef,
    authScopes: ever('patient.code'),
    description: "Makes the code in the QR anew, one's own or a ward's; the old one finds nobody any more.",
    args: { patientId: t.arg.id() },
    resolve: (_root, { patientId }, ctx) => renewCode(ctx, patientId),
  }),
  registerDevice: t.field({
    type: 'Boolean',
    authScopes: ever('device.register'),
    description: 'This phone gets push messages from now on.',
    args: {
      pushToken: t.arg.string({
        required: true,
        description:
          "Firebase's registration token, or on an iPhone Apple's device token as hexadecimal digits; 1 to 4096 characters.",
      }),
      platform: t.arg.string({ required: true, description: 'android, ios or web.' }),
    },
    resolve: (_root, args, ctx) => registerDevice(ctx, args),
  }),
}))
