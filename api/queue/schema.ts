import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'
import { can } from '../access/can.ts'
import { demand, demandOn } from '../access/demand.ts'
import type { Viewer } from '../access/viewer.ts'
import { subjectOfAppointment } from '../appointment/commands.ts'
import { asObject, builder, ever } from '../builder.ts'
import { type ServiceColor, serviceColorOf } from '../clinic/settings.ts'
import type { Context } from '../context.ts'
import { QueueStatusEnum, ServiceColorEnum, UrgencyEnum } from '../enums.ts'
import { badInput, Refusal } from '../errors.ts'
import { authorised } from '../lane/watched.ts'
import type { AppointmentRow, ClinicRow, EntryRow, Loaders } from '../loaders.ts'
import { AppointmentRef, ClinicRef, DoctorRef, PatientRef, QueueEntryRef, ServiceRef } from '../refs.ts'
import {
  addWalkIn,
  callEntry,
  callNext,
  checkIn,
  hold,
  leaveQueue,
  markNoShow,
  markServed,
  moveEntry,
  recall,
  returnToQueue,
  setUrgency,
  startService,
  subjectOfEntry,
  transfer,
  undo,
} from './commands.ts'
import type { Pace, WaitEstimate } from './estimate.ts'
import { type HistoryEvent, historyOf } from './history.ts'
import type { LiveChange, LivePosition, LiveSnapshot } from './live.ts'
import {
  endedEntries,
  findEntry,
  loadHistory,
  loadSnapshot,
  loadSnapshots,
  type PositionState,
  positionState,
  type Snapshot,
} from './store.ts'

const WaitEstimateRef = builder.objectRef<WaitEstimate>('WaitEstimate').implement({
  description:
    'Minutes from asOf until called: nine in ten patients are called between low and high, half of them before likely.',
  fields: (t) => ({
    lowMinutes: t.exposeInt('lowMinutes', { authScopes: asObject }),
    likelyMinutes: t.exposeInt('likelyMinutes', { authScopes: asObject }),
    highMinutes: t.exposeInt('highMinutes', { authScopes: asObject }),
  }),
})

const PassedCauseEnum = builder.enumType('PassedCause', {
  description: 'Why somebody came before a waiting entry.',
  values: {
    EARLIER_SLOT: { description: 'A patient came for an earlier slot.' },
    MORE_URGENT: { description: 'A patient is more urgent.' },
    CAME_BACK: { description: 'A patient came back to their place.' },
    CAME_EARLIER: { description: 'A patient who came earlier was sent over from another service.' },
    DESK: { description: 'The desk placed a patient by hand; the reason is as they gave it.' },
  } as const,
})

const QueueEventRef = builder.objectRef<HistoryEvent>('QueueEvent').implement({
  description: "One change of an entry's state or place. PASSED: somebody else came before it.",
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', authScopes: asObject }),
    kind: t.exposeString('kind', {
      description:
        'CHECKED_IN, WALKED_IN, CALLED, RECALLED, STARTED, SERVED, NO_SHOW, HELD, RETURNED, TRANSFERRED, URGENCY_SET, MOVED, LEFT, UNDONE or PASSED.',
      authScopes: asObject,
    }),
    reason: t.exposeString('reason', { nullable: true, authScopes: asObject }),
    cause: t.expose('cause', {
      type: PassedCauseEnum,
      nullable: true,
      description: "Of PASSED: why, for a program to say in its reader's language.",
      authScopes: asObject,
    }),
    position: t.exposeInt('position', {
      nullable: true,
      description: 'The position after the change; null when not waiting.',
      authScopes: asObject,
    }),
  }),
})

/** The parts of an entry's place in the order that its other fields do not tell, for devices that order the queue themselves. */
const EntryPlaceRef = builder.objectRef<EntryRow>('EntryPlace').implement({
  description:
    'With dueAt and id it orders the waiting of a queue: rank, dueAt, subRank (by code unit), arrivalSeq, id.',
  fields: (t) => ({
    rank: t.exposeInt('rank', {
      description: '0 before 1 before 2: of the urgency, or of the entry behind which it was placed by hand.',
      authScopes: asObject,
    }),
    subRank: t.exposeString('subRank', {
      description: 'Orders entries of equal rank and due time.',
      authScopes: asObject,
    }),
    arrivalSeq: t.float({
      description: 'Grows with every arrival.',
      authScopes: asObject,
      resolve: (entry) => Number(entry.arrivalSeq),
    }),
    ownDueAt: t.expose('ownDueAt', {
      type: 'DateTime',
      description: 'When the entry is due without a place given by hand.',
      authScopes: asObject,
    }),
  }),
})

/** The snapshots that a request, or one event of a subscription, reads from, so that positions need no further read and fit together. */
const snapshots = new WeakMap<Loaders, Map<string, Snapshot>>()

/** Has what is asked of this queue's entries answered from this snapshot. */
const standing = <T extends Snapshot>(ctx: Context, snapshot: T, loaders = ctx.loaders): T => {
  ctx.loaders = loaders
  const known = snapshots.get(ctx.loaders) ?? new Map()
  snapshots.set(ctx.loaders, known.set(snapshot.serviceId, snapshot))
  return snapshot
}

/** What is read off the place of an entry: at once where its queue is known. */
const ofPlace = <T>(
  ctx: Context,
  entry: EntryRow,
  read: (place: PositionState) => T | null,
): T | null | Promise<T | null> => {
  const placeIn = (snapshot: Snapshot | null): T | null =>
    snapshot && read(positionState(snapshot.entries.get(entry.id) ?? entry, snapshot))
  const known = snapshots.get(ctx.loaders)?.get(entry.serviceId)
  if (known) return placeIn(known)
  return entry.status === 'WAITING' ? ctx.loaders.snapshot.load(entry.serviceId).then(placeIn) : null
}

/** The names of the fields that are asked of what a field answers, also where a directive may leave them out. */
const fieldsAsked = ({ fieldNodes, fragments }: GraphQLResolveInfo): Set<string> => {
  const names = new Set<string>()
  const collect = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? [])
      if (node.kind === Kind.FIELD) names.add(node.name.value)
      else collect(node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments[node.name.value]?.selectionSet)
  }
  for (const { selectionSet } of fieldNodes) collect(selectionSet)
  return names
}

/** Entries in a list, with the rows that are asked of each of them loaded ahead. */
const listed = async (
  { loaders }: Context,
  info: GraphQLResolveInfo,
  entries: EntryRow[] | Promise<EntryRow[]>,
): Promise<EntryRow[]> => {
  const rows = await entries
  const asked = fieldsAsked(info)
  const fill = (loader: { fill: (ids: string[]) => Promise<void> }, ids: (entry: EntryRow) => (string | null)[]) =>
    loader.fill(rows.flatMap(ids).filter((id) => id !== null))
  await Promise.all([
    asked.has('patient') && fill(loaders.patient, ({ patientId }) => [patientId]),
    asked.has('service') && fill(loaders.service, ({ serviceId }) => [serviceId]),
    asked.has('appointment') && fill(loaders.appointment, ({ appointmentId }) => [appointmentId]),
    (asked.has('doctor') || asked.has('boundDoctor')) &&
      fill(loaders.doctor, ({ doctorId, boundDoctorId }) => [doctorId, boundDoctorId]),
  ])
  return rows
}

QueueEntryRef.implement({
  description: 'One visit in a queue: from checking in or walking in until served, no-show or left.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    ticket: t.exposeString('ticket', {
      description: "The service's letter and a number, gapless within the clinic day, as in G-014.",
      authScopes: asObject,
    }),
    provisionalTicket: t.exposeString('provisionalTicket', {
      nullable: true,
      description: 'What a device wrote on paper while it was offline; valid beside the ticket.',
      authScopes: asObject,
    }),
    status: t.expose('status', { type: QueueStatusEnum, authScopes: asObject }),
    urgency: t.expose('urgency', { type: UrgencyEnum, authScopes: asObject }),
    position: t.int({
      nullable: true,
      description: '1 is next; null when not waiting.',
      authScopes: asObject,
      resolve: (entry, _args, ctx) => ofPlace(ctx, entry, (place) => place.position),
    }),
    estimate: t.field({
      type: WaitEstimateRef,
      nullable: true,
      description: 'Null when not waiting, or where nothing honest can be said.',
      authScopes: asObject,
      resolve: (entry, _args, ctx) => ofPlace(ctx, entry, (place) => place.estimate),
    }),
    room: t.exposeString('room', { nullable: true, authScopes: asObject }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'The reason of the visit: for the patient and the doctors of the service only.',
      authScopes: (entry, _args, ctx) => can(ctx.viewer, 'visit.reason', subjectOfEntry(entry)),
    }),
    endReason: t.exposeString('endReason', {
      nullable: true,
      description: 'UNDONE or DAY_END where the visit did not end by an ordinary move.',
      authScopes: asObject,
    }),
    arrivedAt: t.expose('arrivedAt', { type: 'DateTime', authScopes: asObject }),
    dueAt: t.expose('dueAt', {
      type: 'DateTime',
      description: 'The time by which the entry is ordered among those of its urgency.',
      authScopes: asObject,
    }),
    calledAt: t.expose('calledAt', { type: 'DateTime', nullable: true, authScopes: asObject }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, authScopes: asObject }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, authScopes: asObject }),
    version: t.exposeInt('version', { description: "The entry's own.", authScopes: asObject }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: (entry, _args, ctx) => ctx.loaders.service.at(entry.serviceId) as never,
    }),
    doctor: t.field({
      type: DoctorRef,
      nullable: true,
      description: 'The caller; before the call the doctor it is bound to, if any.',
      authScopes: asObject,
      resolve: (entry, _args, ctx) => {
        const id = entry.doctorId ?? (isBeforeCall(entry) ? entry.boundDoctorId : null)
        return id ? ctx.loaders.doctor.at(id) : null
      },
    }),
    boundDoctor: t.field({
      type: DoctorRef,
      nullable: true,
      description: 'The doctor it is bound to: only they call it.',
      authScopes: asObject,
      resolve: (entry, _args, ctx) => (entry.boundDoctorId ? ctx.loaders.doctor.at(entry.boundDoctorId) : null),
    }),
    place: t.field({ type: EntryPlaceRef, authScopes: asObject, resolve: (entry) => entry }),
    patient: t.field({
      type: PatientRef,
      nullable: true,
      authScopes: (entry, _args, ctx) => can(ctx.viewer, 'entry.read', subjectOfEntry(entry)),
      resolve: (entry, _args, ctx) => ctx.loaders.patient.at(entry.patientId),
    }),
    appointment: t.field({
      type: AppointmentRef,
      nullable: true,
      authScopes: (entry, _args, ctx) => can(ctx.viewer, 'entry.read', subjectOfEntry(entry)),
      resolve: (entry, _args, ctx) => {
        if (!entry.appointmentId) return null
        // The entry may have been transferred from a service whose bookings the doctor does not see.
        const readable = (row: AppointmentRow | null) =>
          row && can(ctx.viewer, 'appointment.read', subjectOfAppointment(row)) ? row : null
        const booking = ctx.loaders.appointment.at(entry.appointmentId)
        return booking instanceof Promise ? booking.then(readable) : readable(booking)
      },
    }),
    history: t.field({
      type: [QueueEventRef],
      nullable: true,
      description:
        "Every change of this entry's place or state, oldest first, with its reason; names no other patient.",
      authScopes: (entry, _args, ctx) => can(ctx.viewer, 'entry.read', subjectOfEntry(entry)),
      resolve: async (entry, _args, ctx) => {
        const { waitingNow, moves } = await loadHistory(ctx.db, entry)
        return historyOf(entry.id, waitingNow, moves)
      },
    }),
  }),
})

const isBeforeCall = (entry: EntryRow): boolean => entry.status === 'WAITING' || entry.status === 'ON_HOLD'

const QueueRef = builder.objectRef<Snapshot | LiveSnapshot>('Queue').implement({
  description: "A service's live queue.",
  fields: (t) => ({
    id: t.id({ description: "The service's id.", authScopes: asObject, resolve: (queue) => queue.serviceId }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: (queue, _args, ctx) => ctx.loaders.service.load(queue.serviceId) as never,
    }),
    version: t.exposeInt('version', {
      description: 'Grows by at least one with every change of this queue; never goes back.',
      authScopes: asObject,
    }),
    asOf: t.expose('asOf', { type: 'DateTime', authScopes: asObject }),
    waiting: t.field({
      type: [QueueEntryRef],
      description: 'In calling order.',
      authScopes: asObject,
      resolve: (queue, _args, ctx, info) => listed(ctx, info, queue.waiting),
    }),
    serving: t.field({
      type: [QueueEntryRef],
      description: 'Called or with a doctor, the last call first.',
      authScopes: asObject,
      resolve: (queue, _args, ctx, info) => listed(ctx, info, queue.serving),
    }),
    onHold: t.field({
      type: [QueueEntryRef],
      authScopes: asObject,
      resolve: (queue, _args, ctx, info) => listed(ctx, info, queue.onHold),
    }),
    ended: t.field({
      type: [QueueEntryRef],
      description: 'Served, no-show and left, newest first: the last 20, or as many as asked for, at most 200.',
      args: { last: t.arg.int() },
      authScopes: asObject,
      resolve: (queue, { last }, ctx, info) => {
        const count = last ?? 20
        if (count < 1 || count > 200) throw badInput('last', 'must be from 1 to 200')
        const ended = 'ended' in queue ? queue.ended(count) : endedEntries(ctx.db, queue.serviceId, count)
        return listed(ctx, info, ended)
      },
    }),
  }),
})

const QueuePaceRef = builder.objectRef<Pace>('QueuePace').implement({
  description: 'What estimates rest on.',
  fields: (t) => ({
    doctorIds: t.field({
      type: ['ID'],
      description: 'Doctors on duty for the service, or with one of its patients.',
      authScopes: asObject,
      resolve: ({ doctorIds }) => [...doctorIds],
    }),
    busyDoctorIds: t.field({
      type: ['ID'],
      description: 'Of these, the ones who have a patient now.',
      authScopes: asObject,
      resolve: ({ busyDoctorIds }) => [...busyDoctorIds],
    }),
    recentMinutes: t.field({
      type: ['Float'],
      description: 'Minutes from call to end of the last patients, at most 20 of the past six hours.',
      authScopes: asObject,
      resolve: ({ recentMinutes }) => [...recentMinutes],
    }),
  }),
})

const QueueChangeRef = builder.objectRef<LiveChange>('QueueChange').implement({
  description:
    'A queue, or what changed of it since the event before. The waiting are ordered by place (see EntryPlace); everybody behind a change moves without being in it.',
  fields: (t) => ({
    since: t.exposeInt('since', {
      nullable: true,
      description:
        'The version of the event before, on which this rests; null: this is all of the queue, forget the rest.',
      authScopes: asObject,
    }),
    version: t.int({ description: "The queue's.", authScopes: asObject, resolve: ({ queue }) => queue.version }),
    asOf: t.field({ type: 'DateTime', authScopes: asObject, resolve: ({ queue }) => queue.asOf }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: ({ queue }, _args, ctx) => ctx.loaders.service.load(queue.serviceId) as never,
    }),
    entries: t.field({
      type: [QueueEntryRef],
      description:
        'Entries of this queue that are new or changed, or whose patient or booking is, also those that ended. Of all of a queue: the open ones, and the last that ended, newest first.',
      args: {
        ended: t.arg.int({ description: 'How many of the ended are told with all of a queue: 20, or from 0 to 200.' }),
      },
      authScopes: asObject,
      resolve: ({ queue, changed }, { ended }, ctx, info) => {
        const last = ended ?? 20
        if (last < 0 || last > 200) throw badInput('ended', 'must be from 0 to 200')
        const whole = async () => [
          ...[...queue.waiting, ...queue.serving, ...queue.onHold],
          ...(last > 0 ? await queue.ended(last) : []),
        ]
        return listed(ctx, info, changed ?? whole())
      },
    }),
    gone: t.field({
      type: ['ID'],
      description: 'Entries that are in another queue now.',
      authScopes: asObject,
      resolve: ({ gone }) => gone,
    }),
    pace: t.field({ type: QueuePaceRef, authScopes: asObject, resolve: ({ queue }) => queue.pace }),
  }),
})

export const QueuePositionRef = builder.objectRef<PositionState>('QueuePosition').implement({
  description: 'The place of one entry in its queue.',
  fields: (t) => ({
    entryId: t.exposeID('entryId', { authScopes: asObject }),
    ticket: t.exposeString('ticket', { authScopes: asObject }),
    status: t.expose('status', { type: QueueStatusEnum, authScopes: asObject }),
    position: t.exposeInt('position', {
      nullable: true,
      description: '1 is next; null when not waiting.',
      authScopes: asObject,
    }),
    ahead: t.exposeInt('ahead', { nullable: true, description: 'How many are called before.', authScopes: asObject }),
    estimate: t.expose('estimate', { type: WaitEstimateRef, nullable: true, authScopes: asObject }),
    room: t.exposeString('room', { nullable: true, authScopes: asObject }),
    version: t.exposeInt('version', { description: "The queue's.", authScopes: asObject }),
    asOf: t.expose('asOf', { type: 'DateTime', authScopes: asObject }),
  }),
})

type DisplayTicket = Pick<EntryRow, 'ticket' | 'provisionalTicket' | 'room' | 'status' | 'version'> & {
  service: string
  color: ServiceColor | null
}
type Display = { clinic: ClinicRow; version: number; called: DisplayTicket[]; waiting: DisplayTicket[] }

const DisplayTicketRef = builder.objectRef<DisplayTicket>('DisplayTicket').implement({
  fields: (t) => ({
    ticket: t.exposeString('ticket', { authScopes: asObject }),
    provisionalTicket: t.exposeString('provisionalTicket', { nullable: true, authScopes: asObject }),
    service: t.exposeString('service', { description: "The service's name.", authScopes: asObject }),
    color: t.expose('color', {
      type: ServiceColorEnum,
      nullable: true,
      description: 'By which the service is marked, beside its letter.',
      authScopes: asObject,
    }),
    room: t.exposeString('room', { nullable: true, authScopes: asObject }),
    status: t.expose('status', { type: QueueStatusEnum, authScopes: asObject }),
    version: t.exposeInt('version', {
      description: "The entry's own: a ticket that is still CALLED at a higher version is called again.",
      authScopes: asObject,
    }),
  }),
})

const DisplayRef = builder.objectRef<Display>('Display').implement({
  description: 'What a waiting-room screen may show: tickets and rooms, never a name.',
  fields: (t) => ({
    clinic: t.expose('clinic', { type: ClinicRef, authScopes: asObject }),
    version: t.exposeInt('version', {
      description: "Grows with every change of any of the clinic's queues.",
      authScopes: asObject,
    }),
    called: t.expose('called', {
      type: [DisplayTicketRef],
      description: 'Called or with a doctor, the last call first.',
      authScopes: asObject,
    }),
    waiting: t.expose('waiting', {
      type: [DisplayTicketRef],
      description: 'Every waiting ticket.',
      authScopes: asObject,
    }),
  }),
})

const displayOf = async (ctx: Context, clinic: ClinicRow, queues: readonly Snapshot[]): Promise<Display> => {
  const services = new Map((await ctx.loaders.servicesOfClinic.load(clinic.id)).map((service) => [service.id, service]))
  const ticket = (entry: EntryRow): DisplayTicket => ({
    ticket: entry.ticket,
    provisionalTicket: entry.provisionalTicket,
    service: services.get(entry.serviceId)?.name ?? '',
    color: serviceColorOf(services.get(entry.serviceId)?.color),
    room: entry.room,
    status: entry.status,
    version: entry.version,
  })
  const lastCalled = (entry: EntryRow) => entry.calledAt?.getTime() ?? 0
  return {
    clinic,
    version: queues.reduce((sum, queue) => sum + queue.version, 0),
    called: queues
      .flatMap((queue) => queue.serving)
      .toSorted((a, b) => lastCalled(b) - lastCalled(a))
      .map(ticket),
    waiting: queues.flatMap((queue) => queue.waiting).map(ticket),
  }
}

const visibleEntry = async (ctx: Context, id: string): Promise<EntryRow | null> => {
  const entry = await findEntry(ctx.db, id)
  return entry && can(ctx.viewer, 'entry.read', subjectOfEntry(entry)) ? entry : null
}

const mayReadQueue = (ctx: Context, queue: { clinicId: string; serviceId: string }): boolean =>
  can(ctx.viewer, 'queue.read', queue)

const asClinic = async (ctx: Context, id: string): Promise<ClinicRow> => {
  const clinic = await ctx.loaders.clinic.load(id)
  if (!clinic) throw new Refusal('NOT_FOUND', 'There is no such clinic.')
  return clinic
}

builder.queryFields((t) => ({
  queue: t.field({
    type: QueueRef,
    nullable: true,
    args: { serviceId: t.arg.id({ required: true }) },
    authScopes: ever('queue.read'),
    resolve: async (_root, { serviceId }, ctx) => {
      const queue = await loadSnapshot(ctx.db, serviceId)
      return queue && mayReadQueue(ctx, queue) ? standing(ctx, queue) : null
    },
  }),
  queueEntry: t.field({
    type: QueueEntryRef,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    authScopes: ever('entry.read'),
    resolve: (_root, { id }, ctx) => visibleEntry(ctx, id),
  }),
  queuePosition: t.field({
    type: QueuePositionRef,
    nullable: true,
    args: { entryId: t.arg.id({ required: true }) },
    authScopes: ever('entry.read'),
    resolve: async (_root, { entryId }, ctx) => {
      const entry = await visibleEntry(ctx, entryId)
      const queue = entry && (await loadSnapshot(ctx.db, entry.serviceId))
      return entry && queue ? positionState(queue.entries.get(entryId) ?? entry, queue) : null
    },
  }),
  display: t.field({
    type: DisplayRef,
    args: { clinicId: t.arg.id({ required: true }) },
    authScopes: ever('public.read'),
    resolve: async (_root, { clinicId }, ctx) => {
      const clinic = await asClinic(ctx, clinicId)
      const services = await ctx.loaders.servicesOfClinic.load(clinicId)
      return displayOf(
        ctx,
        clinic,
        await loadSnapshots(
          ctx.db,
          services.map((service) => service.id),
        ),
      )
    },
  }),
}))

export const AddWalkInInput = builder.inputType('AddWalkInInput', {
  fields: (t) => ({
    id: t.id({ description: 'Any UUID; an id that this caller has already stored answers that entry.' }),
    patientId: t.id({ required: true }),
    serviceId: t.id({ required: true }),
    doctorId: t.id({ description: 'Binds the entry to this doctor.' }),
    urgency: t.field({ type: UrgencyEnum }),
    reason: t.string({ description: 'The reason of the visit, at most 1,000 characters.' }),
    provisionalTicket: t.string({ description: 'What a device wrote on paper, as in P7-03.' }),
  }),
})

builder.mutationFields((t) => {
  const onEntry = (
    action: Parameters<typeof ever>[0],
    description: string,
    command: (ctx: Context, id: string) => Promise<EntryRow>,
  ) =>
    t.field({
      type: QueueEntryRef,
      description,
      args: { entryId: t.arg.id({ required: true }) },
      authScopes: ever(action),
      resolve: (_root, args, ctx) => command(ctx, args.entryId),
    })
  return {
    checkIn: t.field({
      type: QueueEntryRef,
      description:
        'BOOKED → a WAITING entry with a ticket; for the clinic day of the slot. Refusals: NOT_FOUND, NOT_TODAY, NOT_BOOKED, ALREADY_WAITING.',
      args: { appointmentId: t.arg.id({ required: true }) },
      authScopes: ever('appointment.checkIn'),
      resolve: (_root, { appointmentId }, ctx) => checkIn(ctx, appointmentId),
    }),
    addWalkIn: t.field({
      type: QueueEntryRef,
      description:
        'Takes a patient without a booking into the queue. Patients join by themselves where the service lets them (remoteJoin): as ROUTINE, without a doctor, with one ticket in a clinic at a time; synced, they wait from when it arrives. Refusals: NOT_FOUND, CLOSED, NOT_REMOTE, ALREADY_WAITING, NOT_THEIR_SERVICE, ID_TAKEN.',
      args: { input: t.arg({ type: AddWalkInInput, required: true }) },
      authScopes: ever('entry.add'),
      resolve: (_root, { input }, ctx) =>
        addWalkIn(ctx, {
          id: input.id ?? null,
          patientId: input.patientId,
          serviceId: input.serviceId,
          doctorId: input.doctorId ?? null,
          urgency: input.urgency ?? null,
          reason: input.reason?.trim() || null,
          provisionalTicket: input.provisionalTicket ?? null,
        }),
    }),
    setUrgency: t.field({
      type: QueueEntryRef,
      description: 'A new urgency drops a manual place. The reason is kept. Refusals: NOT_FOUND, NOT_WAITING.',
      args: {
        entryId: t.arg.id({ required: true }),
        urgency: t.arg({ type: UrgencyEnum, required: true }),
        reason: t.arg.string(),
      },
      authScopes: ever('entry.place'),
      resolve: (_root, args, ctx) => setUrgency(ctx, args.entryId, args.urgency, args.reason?.trim() || null),
    }),
    callNext: t.field({
      type: QueueEntryRef,
      nullable: true,
      description:
        "Calls the first waiting patient whom this caller may call; null when there is none. The doctor's patient in service is first marked SERVED. Refusals: NOT_FOUND, DOCTOR_BUSY, NOT_THEIR_SERVICE.",
      args: { serviceId: t.arg.id({ required: true }), doctorId: t.arg.id(), room: t.arg.string() },
      authScopes: ever('entry.call'),
      resolve: (_root, args, ctx) =>
        callNext(ctx, { serviceId: args.serviceId, doctorId: args.doctorId ?? null, room: args.room ?? null }),
    }),
    callEntry: t.field({
      type: QueueEntryRef,
      description:
        'Calls one waiting patient out of turn. Refusals: NOT_FOUND, NOT_WAITING, ALREADY_CALLED, BOUND_ELSEWHERE, DOCTOR_BUSY.',
      args: { entryId: t.arg.id({ required: true }), doctorId: t.arg.id(), room: t.arg.string() },
      authScopes: ever('entry.call'),
      resolve: (_root, args, ctx) =>
        callEntry(ctx, args.entryId, { doctorId: args.doctorId ?? null, room: args.room ?? null }),
    }),
    recall: onEntry('entry.call', 'Announces a called patient again. Refusals: NOT_FOUND, NOT_CALLED.', recall),
    startService: onEntry('entry.serve', 'CALLED → IN_SERVICE. Refusals: NOT_FOUND, NOT_CALLED.', startService),
    markServed: onEntry('entry.serve', 'CALLED or IN_SERVICE → SERVED. Refusals: NOT_FOUND, NOT_CALLED.', markServed),
    markNoShow: onEntry('entry.serve', 'CALLED → NO_SHOW. Refusals: NOT_FOUND, NOT_CALLED.', markNoShow),
    hold: onEntry(
      'entry.hold',
      'WAITING → ON_HOLD, keeping its place in time. Refusals: NOT_FOUND, NOT_WAITING.',
      hold,
    ),
    returnToQueue: onEntry(
      'entry.return',
      'ON_HOLD, CALLED or NO_SHOW → WAITING, at the same place in time. Refusals: NOT_FOUND, NOT_RETURNABLE, ALREADY_WAITING.',
      returnToQueue,
    ),
    transfer: t.field({
      type: QueueEntryRef,
      description:
        'To another service, another doctor or both; ticket and due time stay. Refusals: NOT_FOUND, NOT_ACTIVE, NOT_THEIR_SERVICE, ALREADY_WAITING.',
      args: { entryId: t.arg.id({ required: true }), serviceId: t.arg.id(), doctorId: t.arg.id() },
      authScopes: ever('entry.transfer'),
      resolve: (_root, args, ctx) =>
        transfer(ctx, args.entryId, { serviceId: args.serviceId ?? null, doctorId: args.doctorId ?? null }),
    }),
    moveEntry: t.field({
      type: QueueEntryRef,
      description:
        'Places the entry right behind another one, or first where after is null. The reason is kept, and shown without a name to those who are passed. Refusals: NOT_FOUND, NOT_WAITING, BAD_INPUT.',
      args: { entryId: t.arg.id({ required: true }), after: t.arg.id(), reason: t.arg.string({ required: true }) },
      authScopes: ever('entry.place'),
      resolve: (_root, args, ctx) => moveEntry(ctx, args.entryId, args.after ?? null, args.reason),
    }),
    leaveQueue: onEntry(
      'entry.leave',
      'WAITING, ON_HOLD or CALLED → LEFT, by the patient or the desk. Refusals: NOT_FOUND, NOT_ACTIVE, IN_SERVICE.',
      leaveQueue,
    ),
    undo: t.field({
      type: QueueEntryRef,
      description:
        "Takes back the move that made the entry's present version (or the version given), by its maker, within the undo window. Refusals: NOT_FOUND, UNDO_GONE, DOCTOR_BUSY, SLOT_TAKEN, ALREADY_WAITING.",
      args: { entryId: t.arg.id({ required: true }), version: t.arg.int() },
      authScopes: ever('entry.undo'),
      resolve: (_root, args, ctx) => undo(ctx, args.entryId, args.version ?? null),
    }),
  }
})

/** A service's live queue, for whoever may read it. */
const watchedQueue = async (ctx: Context, serviceId: string) => {
  const service = await ctx.loaders.service.load(serviceId)
  demandOn(ctx.viewer, 'queue.read', 'service', service, ({ id, clinicId }) => ({ clinicId, serviceId: id }))
  return {
    ...{ context: ctx, slot: ctx.live.queue(serviceId), isShared: true },
    may: (queue: LiveSnapshot) => mayReadQueue(ctx, queue),
  }
}

/** Asked for each event; worked out anew where the viewer or the entry is another than the last time. */
const mayRead = (ctx: Context): ((live: LivePosition) => boolean) => {
  let viewer: Viewer | null = null
  let entry: EntryRow | null = null
  let may = false
  return (live) => {
    const now = ctx.viewer
    if (now !== viewer || live.entry !== entry) {
      viewer = now
      entry = live.entry
      may = can(now, 'entry.read', subjectOfEntry(live.entry))
    }
    return may
  }
}

const itself = (live: LivePosition): LivePosition => live

const stateOf = ({ state }: LivePosition): PositionState => state

builder.subscriptionFields((t) => ({
  queueUpdated: t.field({
    type: QueueRef,
    description: 'The current queue at once, then each newer version of it.',
    args: { serviceId: t.arg.id({ required: true }) },
    authScopes: ever('queue.read'),
    subscribe: async (_root, { serviceId }, ctx) =>
      authorised({
        ...(await watchedQueue(ctx, serviceId)),
        next: (live) => live,
        show: (queue, context) => standing(context, queue, queue.loaders),
      }),
    resolve: (queue) => queue as LiveSnapshot,
  }),
  queueChanged: t.field({
    type: QueueChangeRef,
    description:
      'The current queue at once, then for each newer version what changed since the event before, or all of it again: less to send than queueUpdated where hundreds wait.',
    args: { serviceId: t.arg.id({ required: true }) },
    authScopes: ever('queue.read'),
    subscribe: async (_root, { serviceId }, ctx) => {
      let told: number | null = null
      return authorised({
        ...(await watchedQueue(ctx, serviceId)),
        next: (queue) => {
          const change = queue.since(told)
          told = queue.version
          return change
        },
        show: (change, context) => {
          standing(context, change.queue, change.queue.loaders)
          return change
        },
      })
    },
    resolve: (change) => change as LiveChange,
  }),
  positionUpdated: t.field({
    type: QueuePositionRef,
    description:
      'The current position at once, then each change of it. Completes 60 s after SERVED or LEFT; after NO_SHOW it stays open until the clinic day ends.',
    args: { entryId: t.arg.id({ required: true }) },
    authScopes: ever('entry.read'),
    subscribe: async (_root, args, ctx) => {
      demand(ctx.viewer, 'entry.read')
      const entry = ctx.live.known(args.entryId) ?? (await findEntry(ctx.db, args.entryId))
      demandOn(ctx.viewer, 'entry.read', 'queue entry', entry, subjectOfEntry)
      return authorised({
        context: ctx,
        slot: ctx.live.position(entry),
        may: mayRead(ctx),
        next: itself,
        show: stateOf,
      })
    },
    resolve: (state) => state as PositionState,
  }),
  displayUpdated: t.field({
    type: DisplayRef,
    description: 'What a waiting-room screen may show: tickets and rooms, never a name.',
    args: { clinicId: t.arg.id({ required: true }) },
    authScopes: ever('public.read'),
    subscribe: async (_root, { clinicId }, ctx) => {
      await asClinic(ctx, clinicId)
      return authorised({
        context: ctx,
        slot: ctx.live.display(clinicId),
        may: () => true,
        next: (live) => live,
        show: async (live, context) => {
          context.loaders = live.loaders
          const clinic = await asClinic(context, clinicId)
          return displayOf(context, clinic, live.snapshots)
        },
        isShared: true,
      })
    },
    resolve: (display) => display as Display,
  }),
}))
