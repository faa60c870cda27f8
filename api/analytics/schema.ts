import { can } from '../access/can.ts'
import { asObject, builder } from '../builder.ts'
import { connectionOf, instantKey, page } from '../connection.ts'
import type { Context } from '../context.ts'
import { NotificationChannelEnum, NotificationKindEnum, QueueStatusEnum, UrgencyEnum } from '../enums.ts'
import { badInput, notFound } from '../errors.ts'
import { DoctorRef } from '../refs.ts'
import type { Distribution } from './figures.ts'
import { loadReport, type MessageRow, type Range, type Report, type VisitRow, visitPage } from './store.ts'

const DistributionRef = builder.objectRef<Distribution>('Distribution').implement({
  description: 'Minutes; mean, p50, p90 and max are null where count is 0. All are exact to a tenth of a minute.',
  fields: (t) => ({
    count: t.exposeInt('count', { authScopes: asObject }),
    mean: t.exposeFloat('mean', { nullable: true, authScopes: asObject }),
    p50: t.exposeFloat('p50', { nullable: true, authScopes: asObject }),
    p90: t.exposeFloat('p90', { nullable: true, authScopes: asObject }),
    max: t.exposeFloat('max', { nullable: true, authScopes: asObject }),
  }),
})

const HourStatsRef = builder.objectRef<Report['byHour'][number]>('HourStats').implement({
  description: 'Visits that began in one local hour of the day, over all days asked for.',
  fields: (t) => ({
    hour: t.exposeInt('hour', { description: '0–23, local time of arrival.', authScopes: asObject }),
    arrivals: t.exposeInt('arrivals', { authScopes: asObject }),
    served: t.exposeInt('served', { authScopes: asObject }),
    noShows: t.exposeInt('noShows', { authScopes: asObject }),
    left: t.exposeInt('left', { description: 'Left without being seen.', authScopes: asObject }),
    waitMinutes: t.expose('wait', { type: DistributionRef, authScopes: asObject }),
  }),
})

const DayStatsRef = builder.objectRef<Report['byDay'][number]>('DayStats').implement({
  description: 'Visits that began on one clinic day.',
  fields: (t) => ({
    day: t.expose('day', { type: 'Date', authScopes: asObject }),
    arrivals: t.exposeInt('arrivals', { authScopes: asObject }),
    served: t.exposeInt('served', { authScopes: asObject }),
    noShows: t.exposeInt('noShows', { authScopes: asObject }),
    left: t.exposeInt('left', { description: 'Left without being seen.', authScopes: asObject }),
    capacity: t.exposeFloat('capacity', {
      description:
        'Visits that the doctors’ hours have room for: their minutes divided by the length of a slot. By the hours as they are set now.',
      authScopes: asObject,
    }),
    waitMinutes: t.expose('wait', { type: DistributionRef, authScopes: asObject }),
  }),
})

const HourCapacityRef = builder.objectRef<Report['capacityByHour'][number]>('HourCapacity').implement({
  description: 'Visits that the doctors’ hours have room for in one local hour of the day, over all days asked for.',
  fields: (t) => ({
    hour: t.exposeInt('hour', { description: '0–23, local time.', authScopes: asObject }),
    visits: t.exposeFloat('visits', { authScopes: asObject }),
  }),
})

const DoctorStatsRef = builder.objectRef<Report['byDoctor'][number]>('DoctorStats').implement({
  fields: (t) => ({
    doctor: t.field({
      type: DoctorRef,
      authScopes: asObject,
      resolve: (row, _args, ctx) => ctx.loaders.doctor.load(row.doctorId) as never,
    }),
    served: t.exposeInt('served', { authScopes: asObject }),
    serviceMinutes: t.expose('service', { type: DistributionRef, authScopes: asObject }),
  }),
})

const UrgencyStatsRef = builder.objectRef<Report['byUrgency'][number]>('UrgencyStats').implement({
  fields: (t) => ({
    urgency: t.expose('urgency', { type: UrgencyEnum, authScopes: asObject }),
    arrivals: t.exposeInt('arrivals', { authScopes: asObject }),
    served: t.exposeInt('served', { authScopes: asObject }),
    waitMinutes: t.expose('wait', { type: DistributionRef, authScopes: asObject }),
    serviceMinutes: t.expose('service', { type: DistributionRef, authScopes: asObject }),
  }),
})

const MessageStatsRef = builder.objectRef<MessageRow>('MessageStats').implement({
  description: 'How the messages of one kind and channel fared.',
  fields: (t) => ({
    kind: t.expose('kind', { type: NotificationKindEnum, authScopes: asObject }),
    channel: t.expose('channel', { type: NotificationChannelEnum, authScopes: asObject }),
    queued: t.exposeInt('queued', { description: 'Not sent yet.', authScopes: asObject }),
    sent: t.exposeInt('sent', { description: 'Taken by the provider, delivered ones included.', authScopes: asObject }),
    delivered: t.exposeInt('delivered', { description: 'Said by the provider to have arrived.', authScopes: asObject }),
    failed: t.exposeInt('failed', { authScopes: asObject }),
    suppressed: t.exposeInt('suppressed', {
      description: 'Not sent on purpose: STOP, stale, the cap of the day.',
      authScopes: asObject,
    }),
    deliveryRate: t.float({
      nullable: true,
      description: 'delivered ÷ sent, 0 to 1; null where nothing was sent.',
      authScopes: asObject,
      resolve: ({ delivered, sent }) => (sent === 0 ? null : delivered / sent),
    }),
  }),
})

const AnalyticsRef = builder.objectRef<Report>('Analytics').implement({
  description: 'Visits that began on the clinic days asked for. Undone arrivals are not counted.',
  fields: (t) => ({
    arrivals: t.int({ authScopes: asObject, resolve: (report) => report.total.arrivals }),
    served: t.int({ authScopes: asObject, resolve: (report) => report.total.served }),
    noShows: t.int({ authScopes: asObject, resolve: (report) => report.total.noShows }),
    left: t.int({ authScopes: asObject, resolve: (report) => report.total.left }),
    waitMinutes: t.field({
      type: DistributionRef,
      description: 'From arrival to the call.',
      authScopes: asObject,
      resolve: (report) => report.total.wait,
    }),
    serviceMinutes: t.field({
      type: DistributionRef,
      description: 'From the start (or the call, where nobody marked the start) to SERVED.',
      authScopes: asObject,
      resolve: (report) => report.total.service,
    }),
    byDay: t.expose('byDay', {
      type: [DayStatsRef],
      description: 'The days on which somebody came or somebody had hours.',
      authScopes: asObject,
    }),
    byHour: t.expose('byHour', { type: [HourStatsRef], authScopes: asObject }),
    capacityByHour: t.expose('capacityByHour', { type: [HourCapacityRef], authScopes: asObject }),
    byDoctor: t.expose('byDoctor', { type: [DoctorStatsRef], authScopes: asObject }),
    byUrgency: t.expose('byUrgency', { type: [UrgencyStatsRef], authScopes: asObject }),
    messages: t.expose('messages', {
      type: [MessageStatsRef],
      description: 'Messages caused on these days, by kind and channel.',
      authScopes: asObject,
    }),
  }),
})

const MOST_DAYS = 400
const DAY_MS = 86_400_000

const rangeOf = async (ctx: Context, clinicId: string, from: string, to: string): Promise<Range> => {
  if (to < from) throw badInput('to', 'must not be before from')
  if (Date.parse(to) - Date.parse(from) > MOST_DAYS * DAY_MS)
    throw badInput('to', 'must be at most 400 days after from')
  const clinic = await ctx.loaders.clinic.load(clinicId)
  if (!clinic) throw notFound('clinic')
  return { clinicId: clinic.id, from, to, timeZone: clinic.timeZone, dayStartsAt: clinic.dayStartsAt }
}

builder.queryField('analytics', (t) =>
  t.field({
    type: AnalyticsRef,
    nullable: true,
    description:
      'Waits and service times from one clinic day to another, inclusive, at most 400 days. For admins of the clinic.',
    args: {
      clinicId: t.arg.id({ required: true }),
      from: t.arg({ type: 'Date', required: true }),
      to: t.arg({ type: 'Date', required: true }),
    },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'analytics.read', { clinicId }),
    resolve: async (_root, { clinicId, from, to }, ctx) => loadReport(ctx.db, await rangeOf(ctx, clinicId, from, to)),
  }),
)

const AnalyticsVisitRef = builder.objectRef<VisitRow>('AnalyticsVisit').implement({
  description: 'One visit behind a figure, without anything that says whose it was or what for.',
  fields: (t) => ({
    ticket: t.exposeString('ticket', { authScopes: asObject }),
    service: t.exposeString('serviceName', { description: 'What the service is called.', authScopes: asObject }),
    doctor: t.field({
      type: DoctorRef,
      nullable: true,
      description: 'Who called or saw them; null for nobody.',
      authScopes: asObject,
      resolve: (row, _args, ctx) => (row.doctorId ? (ctx.loaders.doctor.load(row.doctorId) as never) : null),
    }),
    urgency: t.expose('urgency', { type: UrgencyEnum, authScopes: asObject }),
    status: t.expose('status', { type: QueueStatusEnum, authScopes: asObject }),
    arrivedAt: t.expose('arrivedAt', { type: 'DateTime', authScopes: asObject }),
    waitMinutes: t.exposeFloat('wait', {
      nullable: true,
      description: 'From arrival to the call.',
      authScopes: asObject,
    }),
    serviceMinutes: t.exposeFloat('service', {
      nullable: true,
      description: 'From the start (or the call) to SERVED; null where nobody said that it ended.',
      authScopes: asObject,
    }),
  }),
})

const AnalyticsVisitConnection = connectionOf('AnalyticsVisit', AnalyticsVisitRef)

builder.queryField('analyticsVisits', (t) =>
  t.field({
    type: AnalyticsVisitConnection,
    nullable: true,
    description:
      'The visits behind the figures of analytics, in the order of their arrival: those of the clinic days asked for. For admins of the clinic.',
    args: {
      clinicId: t.arg.id({ required: true }),
      from: t.arg({ type: 'Date', required: true }),
      to: t.arg({ type: 'Date', required: true }),
      hour: t.arg.int({ description: 'Only those that began in this local hour of the day, 0–23.' }),
      doctorId: t.arg.id({ description: 'Only those whom this doctor called or saw.' }),
      urgency: t.arg({ type: UrgencyEnum }),
      status: t.arg({ type: QueueStatusEnum, description: 'Only those that stand so now, as SERVED or LEFT.' }),
      first: t.arg.int(),
      after: t.arg.string(),
    },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'analytics.read', { clinicId }),
    resolve: async (_root, { clinicId, from, to, hour, doctorId, urgency, status, first, after }, ctx) => {
      if (hour != null && (hour < 0 || hour > 23)) throw badInput('hour', 'must be from 0 to 23')
      const range = await rangeOf(ctx, clinicId, from, to)
      const search = {
        hour: hour ?? null,
        doctorId: doctorId ?? null,
        urgency: urgency ?? null,
        status: status ?? null,
      }
      return page(
        { first, after },
        (row: VisitRow) => [row.arrivedAt.toISOString(), row.id],
        2,
        (keys, take) =>
          visitPage(ctx.db, range, search, keys && { at: instantKey(keys[0]), id: keys[1] as string }, take),
      )
    },
  }),
)
