import { asObject, builder, ever, on } from '../builder.ts'
import type { ClinicModel, DoctorHoursModel, HoursExceptionModel } from '../database/generated/models.ts'
import { MessageRouteEnum, NotificationKindEnum, ServiceColorEnum } from '../enums.ts'
import { isOwnKind, type OwnKind, type OwnTexts } from '../notification/own-texts.ts'
import { ClinicRef, DoctorRef, ServiceRef } from '../refs.ts'
import {
  createService,
  removeDoctorException,
  setDoctorException,
  setDoctorHours,
  setIntake,
  setOnDuty,
  subjectOfDoctor,
  updateClinic,
  updateService,
} from './commands.ts'
import { timeOf } from './day.ts'
import { serviceColorOf } from './settings.ts'
import { listClinics } from './store.ts'

type OwnMessage = { language: string; kind: OwnKind; text: string }

const MessageText = builder.objectRef<OwnMessage>('MessageText').implement({
  description: 'A message in the clinic’s own words.',
  fields: (t) => ({
    language: t.exposeString('language', { description: 'As in en, without a country.', authScopes: asObject }),
    kind: t.expose('kind', { type: NotificationKindEnum, authScopes: asObject }),
    text: t.exposeString('text', {
      description: 'With placeholders such as {when}; link and what can be answered follow by themselves.',
      authScopes: asObject,
    }),
  }),
})

const messagesIn = (texts: OwnTexts): OwnMessage[] =>
  Object.entries(texts).flatMap(([language, ofKinds]) =>
    Object.entries(ofKinds ?? {}).flatMap(([kind, text]) =>
      text && isOwnKind(kind) ? [{ language, kind, text }] : [],
    ),
  )

/** How the clinic's messages go out is for its desk and admins. */
const settingsOf = on('clinic.settings', ({ id }: Pick<ClinicModel, 'id'>) => ({ clinicId: id }))

ClinicRef.implement({
  description: 'A site with a time zone and services.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject }),
    timeZone: t.exposeString('timeZone', {
      authScopes: asObject,
      description: 'A name of the IANA time zone database, as in Europe/Berlin.',
    }),
    dayStartsAt: t.string({
      authScopes: asObject,
      description: 'When the clinic day begins, as local wall-clock time, as in 04:00.',
      resolve: (clinic) => timeOf(clinic.dayStartsAt),
    }),
    graceMinutes: t.exposeInt('graceMinutes', {
      authScopes: asObject,
      description: 'How many minutes after the start of the slot a booked patient may check in and keep its place.',
    }),
    undoSeconds: t.exposeInt('undoSeconds', {
      authScopes: asObject,
      description: 'For how many seconds a move in the queue can be undone.',
    }),
    noShowMinutes: t.exposeInt('noShowMinutes', {
      nullable: true,
      authScopes: asObject,
      description: 'After how many minutes a called patient becomes NO_SHOW by itself; null where the desk decides.',
    }),
    languages: t.exposeStringList('languages', {
      authScopes: asObject,
      description: 'Languages of the clinic as BCP 47 tags, the first one by default.',
    }),
    address: t.exposeString('address', {
      nullable: true,
      authScopes: asObject,
      description: 'Where it is, for patients to read; may have several lines.',
    }),
    directions: t.exposeString('directions', {
      nullable: true,
      authScopes: asObject,
      description: 'How to find the rooms, for patients who are called; may have several lines.',
    }),
    selfCheckIn: t.exposeBoolean('selfCheckIn', {
      authScopes: asObject,
      description: 'A tablet at the door checks booked patients in, at /checkin/ and the id of the clinic.',
    }),
    messageRoute: t.expose('messageRoute', {
      type: MessageRouteEnum,
      nullable: true,
      authScopes: settingsOf,
      description: 'On which ways messages go out.',
    }),
    quietFrom: t.string({
      nullable: true,
      authScopes: settingsOf,
      description: 'From this local wall-clock time on reminders wait, as in 21:00; equal to quietTo they never wait.',
      resolve: (clinic) => timeOf(clinic.quietFrom),
    }),
    quietTo: t.string({
      nullable: true,
      authScopes: settingsOf,
      description: 'At this local wall-clock time reminders that waited go out, as in 08:00.',
      resolve: (clinic) => timeOf(clinic.quietTo),
    }),
    dailySmsCap: t.exposeInt('dailySmsCap', {
      nullable: true,
      authScopes: settingsOf,
      description:
        'So many messages go out by SMS in one calendar day of the clinic at most; those beyond are SUPPRESSED.',
    }),
    allowedCountries: t.exposeStringList('allowedCountries', {
      nullable: true,
      authScopes: settingsOf,
      description: 'The two letters of the countries to whose numbers SMS go; none: those to which the server sends.',
    }),
    messageTexts: t.field({
      type: [MessageText],
      nullable: true,
      authScopes: settingsOf,
      description: 'What is said in the clinic’s own words; the rest in the usual ones.',
      resolve: (clinic) => messagesIn(clinic.messageTexts as OwnTexts),
    }),
    services: t.field({
      type: [ServiceRef],
      authScopes: asObject,
      resolve: (clinic, _args, { loaders }) => loaders.servicesOfClinic.load(clinic.id),
    }),
    doctors: t.field({
      type: [DoctorRef],
      authScopes: asObject,
      description: 'The doctors who work here at present, by name.',
      resolve: (clinic, _args, { loaders }) => loaders.doctorsOfClinic.load(clinic.id),
    }),
  }),
})

ServiceRef.implement({
  description: 'What patients come for, as in General practice. Each service has one live queue.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject }),
    ticketLetter: t.exposeString('ticketLetter', { authScopes: asObject, description: 'Unique in the clinic.' }),
    slotMinutes: t.exposeInt('slotMinutes', { authScopes: asObject, description: 'The length of a slot in minutes.' }),
    bookedLeadMinutes: t.exposeInt('bookedLeadMinutes', {
      authScopes: asObject,
      description: 'So many minutes before the start of their slot booked patients take their place in the queue.',
    }),
    almostPosition: t.exposeInt('almostPosition', {
      authScopes: asObject,
      description: 'At this position in the queue, 1 being next, a patient is told that it is almost their turn …',
    }),
    almostMinutes: t.exposeInt('almostMinutes', {
      authScopes: asObject,
      description: '… or when their likely wait falls under so many minutes, whichever comes first.',
    }),
    open: t.exposeBoolean('open', { authScopes: asObject, description: 'Takes walk-ins at present.' }),
    closedReason: t.exposeString('closedReason', {
      nullable: true,
      authScopes: asObject,
      description: 'Why the service takes no walk-ins, for patients to read.',
    }),
    remoteJoin: t.exposeBoolean('remoteJoin', {
      authScopes: asObject,
      description: 'While it is open, patients may join the queue by themselves, from wherever they are.',
    }),
    doorJoin: t.exposeBoolean('doorJoin', {
      authScopes: asObject,
      description: 'While it is open, who comes without a booking may take a ticket at the tablet at the door.',
    }),
    color: t.field({
      type: ServiceColorEnum,
      nullable: true,
      authScopes: asObject,
      resolve: ({ color }) => serviceColorOf(color),
    }),
    clinic: t.field({
      type: ClinicRef,
      authScopes: asObject,
      resolve: async (service, _args, { loaders }) => (await loaders.clinic.load(service.clinicId)) as never,
    }),
    doctors: t.field({
      type: [DoctorRef],
      authScopes: asObject,
      description: 'The doctors who give this service at present, by name.',
      resolve: async (service, _args, { loaders }) =>
        (await loaders.doctorsOfService.load(service.id)).map(({ doctor }) => doctor),
    }),
  }),
})

const WorkingHours = builder.objectRef<DoctorHoursModel>('WorkingHours').implement({
  description: 'A stretch of a doctor’s week in local wall-clock times.',
  fields: (t) => ({
    weekday: t.exposeInt('weekday', { authScopes: asObject, description: '1 is Monday, 7 is Sunday.' }),
    from: t.string({ authScopes: asObject, description: 'As in 08:30.', resolve: (row) => timeOf(row.fromMinute) }),
    to: t.string({ authScopes: asObject, description: 'At most 24:00.', resolve: (row) => timeOf(row.toMinute) }),
  }),
})

const HoursExceptionKind = builder.enumType('HoursExceptionKind', {
  values: {
    LEAVE: { description: 'The doctor is away.' },
    EXTRA: { description: 'The doctor works beside the weekly hours.' },
  } as const,
})

const HoursException = builder.objectRef<HoursExceptionModel>('HoursException').implement({
  description: 'Leave or extra hours of a doctor on one day. Leave wins over extra hours.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    day: t.field({ type: 'Date', authScopes: asObject, resolve: (row) => row.day }),
    kind: t.field({ type: HoursExceptionKind, authScopes: asObject, resolve: (row) => row.kind }),
    from: t.string({
      authScopes: asObject,
      description: 'Local wall-clock time, as in 08:30.',
      resolve: (row) => timeOf(row.fromMinute),
    }),
    to: t.string({ authScopes: asObject, description: 'At most 24:00.', resolve: (row) => timeOf(row.toMinute) }),
    reason: t.exposeString('reason', { nullable: true, authScopes: asObject }),
  }),
})

DoctorRef.implement({
  description: 'Somebody who sees patients.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject }),
    onDuty: t.exposeBoolean('onDuty', { authScopes: asObject, description: 'At work now.' }),
    services: t.field({
      type: [ServiceRef],
      authScopes: asObject,
      resolve: async (doctor, _args, { loaders }) => {
        const services = await Promise.all(doctor.serviceIds.map((id) => loaders.service.load(id)))
        return services.filter((service) => service !== null)
      },
    }),
    room: t.exposeString('room', {
      nullable: true,
      authScopes: on('hours.read', subjectOfDoctor),
      description: 'Where the doctor works, unless a call names another room.',
    }),
    active: t.exposeBoolean('active', {
      nullable: true,
      authScopes: on('hours.read', subjectOfDoctor),
      description: 'False for a doctor who has left; the record stays.',
    }),
    hours: t.field({
      type: [WorkingHours],
      nullable: true,
      authScopes: on('hours.read', subjectOfDoctor),
      description: 'The weekly hours.',
      resolve: (doctor, _args, { loaders }) => loaders.hoursOfDoctor.load(doctor.id),
    }),
    exceptions: t.field({
      type: [HoursException],
      nullable: true,
      authScopes: on('hours.read', subjectOfDoctor),
      args: { from: t.arg({ type: 'Date' }), to: t.arg({ type: 'Date' }) },
      description: 'Leave and extra hours by day; from and to are inclusive.',
      resolve: async (doctor, { from, to }, { loaders }) =>
        (await loaders.exceptionsOfDoctor.load(doctor.id)).filter((row) => {
          const day = row.day.toISOString().slice(0, 10)
          return (!from || day >= from) && (!to || day <= to)
        }),
    }),
  }),
})

builder.queryFields((t) => ({
  clinics: t.field({
    type: [ClinicRef],
    authScopes: ever('public.read'),
    description: 'Every clinic, by name.',
    resolve: (_root, _args, { db }) => listClinics(db),
  }),
  clinic: t.field({
    type: ClinicRef,
    nullable: true,
    authScopes: ever('public.read'),
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { loaders }) => loaders.clinic.load(id),
  }),
}))

const MessageTextInput = builder.inputType('MessageTextInput', {
  fields: (t) => ({
    language: t.string({ required: true, description: 'As in en, without a country.' }),
    kind: t.field({ type: NotificationKindEnum, required: true, description: 'Neither CORRECTION nor VERIFICATION.' }),
    text: t.string({
      required: true,
      description:
        'At most 300 characters. {clinic} and {when} stand in what is about bookings, {clinic} and {ticket} in what is about visits, {position} may stand in ALMOST_YOUR_TURN, {room} in YOUR_TURN.',
    }),
  }),
})

const UpdateClinicInput = builder.inputType('UpdateClinicInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    name: t.string(),
    timeZone: t.string({ description: 'A name of the IANA time zone database, as in Europe/Berlin.' }),
    graceMinutes: t.int({ description: 'Minutes, from 0 to 1440.' }),
    dayStartsAt: t.string({ description: 'Local wall-clock time, as in 04:00.' }),
    undoSeconds: t.int({ description: 'Seconds, from 0 to 3600.' }),
    noShowMinutes: t.int({ description: 'Minutes, from 1 to 1440; null leaves it to the desk.' }),
    languages: t.stringList({ description: 'BCP 47 tags, as in en; the first one by default.' }),
    messageRoute: t.field({ type: MessageRouteEnum }),
    quietFrom: t.string({ description: 'Local wall-clock time, as in 21:00.' }),
    quietTo: t.string({ description: 'Local wall-clock time, as in 08:00; equal to quietFrom it is never quiet.' }),
    dailySmsCap: t.int({ description: 'Messages, from 0 to 100000.' }),
    address: t.string({ description: 'At most 200 characters, line breaks among them; null takes it away.' }),
    directions: t.string({ description: 'At most 300 characters, line breaks among them; null takes them away.' }),
    allowedCountries: t.stringList({
      description: 'Two letters each, as in US, of those to which the server sends; an empty list: all of them.',
    }),
    messageTexts: t.field({
      type: [MessageTextInput],
      description: 'All messages in the clinic’s own words; what is left out is said in the usual ones.',
    }),
    selfCheckIn: t.boolean({ description: 'Whether a tablet at the door may check patients in.' }),
  }),
})

const CreateServiceInput = builder.inputType('CreateServiceInput', {
  fields: (t) => ({
    clinicId: t.id({ required: true }),
    name: t.string({ required: true, description: 'Unique in the clinic.' }),
    ticketLetter: t.string({ required: true, description: 'One letter from A to Z, or two; unique in the clinic.' }),
    slotMinutes: t.int({ required: true, description: 'Minutes, from 5 to 480.' }),
    bookedLeadMinutes: t.int({ description: 'Minutes, 0 unless told.' }),
    almostPosition: t.int({ description: 'From 1 to 50, 3 unless told.' }),
    almostMinutes: t.int({ description: 'Minutes, from 0 to 240, 10 unless told; 0: by position alone.' }),
    remoteJoin: t.boolean({ description: 'Patients may join the queue by themselves; false unless told.' }),
    color: t.field({ type: ServiceColorEnum, description: 'None unless told.' }),
    doorJoin: t.boolean({ description: 'The tablet at the door gives tickets; false unless told.' }),
  }),
})

const UpdateServiceInput = builder.inputType('UpdateServiceInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    name: t.string(),
    slotMinutes: t.int({ description: 'Minutes, from 5 to 480; bookings that are made keep their length.' }),
    bookedLeadMinutes: t.int({ description: 'Minutes.' }),
    almostPosition: t.int({ description: 'From 1 to 50.' }),
    almostMinutes: t.int({ description: 'Minutes, from 0 to 240; 0: by position alone.' }),
    remoteJoin: t.boolean({ description: 'Patients may join the queue by themselves.' }),
    color: t.field({ type: ServiceColorEnum, description: 'Null takes it away.' }),
    doorJoin: t.boolean({ description: 'The tablet at the door gives tickets.' }),
  }),
})

export const WeeklyHours = builder.inputType('WeeklyHours', {
  fields: (t) => ({
    weekday: t.int({ required: true, description: '1 is Monday, 7 is Sunday.' }),
    from: t.string({ required: true, description: 'Local wall-clock time, as in 08:30.' }),
    to: t.string({ required: true, description: 'Later than from, at most 24:00.' }),
  }),
})

const DoctorHoursInput = builder.inputType('DoctorHoursInput', {
  description:
    'weekday: 1 is Monday; from and to are local wall-clock times, as in 08:30. Replaces the doctor’s weekly hours.',
  fields: (t) => ({
    doctorId: t.id({ required: true }),
    hours: t.field({ type: [WeeklyHours], required: true }),
  }),
})

const DoctorExceptionInput = builder.inputType('DoctorExceptionInput', {
  description: 'Leave without from and to is the whole day.',
  fields: (t) => ({
    doctorId: t.id({ required: true }),
    day: t.field({ type: 'Date', required: true }),
    kind: t.field({ type: HoursExceptionKind, required: true }),
    from: t.string({ description: 'Local wall-clock time, as in 08:30.' }),
    to: t.string({ description: 'Later than from, at most 24:00.' }),
    reason: t.string({ description: 'For the clinic’s own staff.' }),
  }),
})

builder.mutationFields((t) => ({
  updateClinic: t.field({
    type: ClinicRef,
    authScopes: ever('clinic.manage'),
    args: { id: t.arg.id({ required: true }), input: t.arg({ type: UpdateClinicInput, required: true }) },
    resolve: (_root, { id, input }, ctx) => updateClinic(ctx, id, input),
  }),
  createService: t.field({
    type: ServiceRef,
    authScopes: ever('service.manage'),
    args: { input: t.arg({ type: CreateServiceInput, required: true }) },
    resolve: (_root, { input }, ctx) => createService(ctx, input),
  }),
  updateService: t.field({
    type: ServiceRef,
    authScopes: ever('service.manage'),
    args: { id: t.arg.id({ required: true }), input: t.arg({ type: UpdateServiceInput, required: true }) },
    resolve: (_root, { id, input }, ctx) => updateService(ctx, id, input),
  }),
  setIntake: t.field({
    type: ServiceRef,
    authScopes: ever('intake.set'),
    description: 'Opens or closes a service to new walk-ins.',
    args: {
      serviceId: t.arg.id({ required: true }),
      open: t.arg.boolean({ required: true }),
      reason: t.arg.string({ description: 'Why it is closed, for patients to read.' }),
    },
    resolve: (_root, { serviceId, open, reason }, ctx) => setIntake(ctx, serviceId, { open, reason }),
  }),
  setDoctorHours: t.field({
    type: DoctorRef,
    authScopes: ever('hours.manage'),
    args: { input: t.arg({ type: DoctorHoursInput, required: true }) },
    resolve: (_root, { input }, ctx) => setDoctorHours(ctx, input),
  }),
  setDoctorException: t.field({
    type: DoctorRef,
    authScopes: ever('hours.manage'),
    description: 'Adds leave or extra hours on one day. Bookings that are made stay.',
    args: { input: t.arg({ type: DoctorExceptionInput, required: true }) },
    resolve: (_root, { input }, ctx) => setDoctorException(ctx, input),
  }),
  removeDoctorException: t.field({
    type: DoctorRef,
    authScopes: ever('hours.manage'),
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => removeDoctorException(ctx, id),
  }),
  setOnDuty: t.field({
    type: DoctorRef,
    authScopes: ever('duty.set'),
    description: 'Who is at work now; estimates and routing follow it.',
    args: {
      doctorId: t.arg.id({ required: true }),
      onDuty: t.arg.boolean({ required: true }),
      room: t.arg.string({ description: 'Where the doctor works now; left out, the last room stays.' }),
    },
    resolve: (_root, args, ctx) => setOnDuty(ctx, args),
  }),
}))
