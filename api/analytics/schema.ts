import { can } from '../access/can.ts'
import { asObject, builder } from '../builder.ts'
import { clinicDayBounds } from '../clinic/day.ts'
import { NotificationChannelEnum, NotificationKindEnum, UrgencyEnum } from '../enums.ts'
import { badInput, notFound } from '../errors.ts'
import { DoctorRef } from '../refs.ts'
import { type Distribution, loadMessageRows, loadReport, type MessageRow, type Report } from './store.ts'

const DistributionRef = builder.objectRef<Distribution>('Distribution').implement({
  description: 'Minutes; mean, p50, p90 and max are null where count is 0.',
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
    waitMinutes: t.expose('wait', { type: DistributionRef, authScopes: asObject }),
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
    waitMinutes: t.expose('wait', { type: DistributionRef, authScopes: asObject }),
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
    byHour: t.expose('byHour', { type: [HourStatsRef], authScopes: asObject }),
    byDoctor: t.expose('byDoctor', { type: [DoctorStatsRef], authScopes: asObject }),
    byUrgency: t.expose('byUrgency', { type: [UrgencyStatsRef], authScopes: asObject }),
    messages: t.field({
      type: [MessageStatsRef],
      description: 'Messages caused on these days, by kind and channel.',
      authScopes: asObject,
      resolve: ({ clinicId, start, end }, _args, ctx) => loadMessageRows(ctx.db, clinicId, start, end),
    }),
  }),
})

const MOST_DAYS = 400
const DAY_MS = 86_400_000

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
    resolve: async (_root, { clinicId, from, to }, ctx) => {
      if (to < from) throw badInput('to', 'must not be before from')
      if (Date.parse(to) - Date.parse(from) > MOST_DAYS * DAY_MS)
        throw badInput('to', 'must be at most 400 days after from')
      const clinic = await ctx.loaders.clinic.load(clinicId)
      if (!clinic) throw notFound('clinic')
      const { start } = clinicDayBounds(from, clinic)
      const { end } = clinicDayBounds(to, clinic)
      return loadReport(ctx.db, clinic.id, clinic.timeZone, start, end)
    },
  }),
)
