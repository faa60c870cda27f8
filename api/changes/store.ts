import { createHash } from 'node:crypto'
import { can } from '../access/can.ts'
import { databaseNow } from '../access/clock.ts'
import { demand } from '../access/demand.ts'
import type { Viewer } from '../access/viewer.ts'
import { addDays, clinicDay, clinicDayBounds } from '../clinic/day.ts'
import type { Context } from '../context.ts'
import type { Db } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import { Refusal } from '../errors.ts'
import {
  type AppointmentRow,
  type ClinicRow,
  type EntryRow,
  type PatientRow,
  patientLinks,
  toPatientRow,
} from '../loaders.ts'
import { mayOn } from '../patient/commands.ts'
import type { FieldOverride } from '../patient/store.ts'
import type { OperationResult } from '../sync/commands.ts'
import { type Cursor, cursorOf, cursorParts, type LoadPlace } from './cursor.ts'

/** So many records, or changes, are given at once. */
export const PAGE = 500
const DAYS_AHEAD = 14
const PAST_MS = 90 * 86_400_000

export type ChangeSet = {
  cursor: string
  hasMore: boolean
  patients: PatientRow[]
  appointments: AppointmentRow[]
  entries: EntryRow[]
  removed: string[]
  overridden: OperationResult[]
}

/** The stream that a viewer pulls: their clinic's, or a patient's own, in which their wards are too. */
export const streamOf = (viewer: Viewer): string => (viewer.kind === 'user' ? viewer.clinicId : viewer.patientId)

/** What makes two viewers of one stream see different records; wards come and go in the stream itself. */
const sightOf = (viewer: Viewer): string => {
  if (viewer.kind === 'patient') return 'patient'
  const rights = [viewer.role, viewer.doctorId, ...[...viewer.serviceIds].sort()].join(' ')
  return createHash('sha256').update(rights).digest('base64url').slice(0, 8)
}

const textOf = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursorParts(cursor))).toString('base64url')

const parse = (text: string): Cursor | null => {
  try {
    return cursorOf(JSON.parse(Buffer.from(text, 'base64url').toString()))
  } catch {
    return null
  }
}

type Newest = { number: number; at: number }

/** The number and the time of the last change of these streams; streams without any are missing. */
export const newestOf = async (db: Db, streamIds: readonly string[]): Promise<Map<string, Newest>> => {
  const rows = await db.$queryRaw<{ id: string; number: bigint; at: bigint }[]>`
    SELECT s.id::text, s.last AS number, (extract(epoch FROM c.at) * 1000000)::bigint AS at
    FROM streams s JOIN changes c ON c.stream_id = s.id AND c.number = s.last
    WHERE s.id = ANY(${[...streamIds]}::uuid[])`
  return new Map(rows.map(({ id, number, at }) => [id, { number: Number(number), at: Number(at) }]))
}

const clinicOf = async (ctx: Context, viewer: Viewer): Promise<ClinicRow | null> =>
  viewer.kind === 'user' ? ctx.loaders.clinic.load(viewer.clinicId) : null

const horizonOf = (clinic: ClinicRow | null): string | null =>
  clinic && addDays(clinicDay(databaseNow(), clinic), DAYS_AHEAD)

/** The cursor of somebody who has read all that there is at this moment. */
export const cursorAt = (viewer: Viewer, newest: Newest | undefined, clinic: ClinicRow | null): string =>
  textOf({
    streamId: streamOf(viewer),
    ...(newest ?? { number: 0, at: 0 }),
    horizon: horizonOf(clinic),
    sight: sightOf(viewer),
    load: null,
  })

const expired = (): Refusal => new Refusal('CURSOR_EXPIRED')

/** A cursor stands as long as its last change does, made at exactly that time: a database that came back from a backup is noticed. */
const readCursor = async (db: Db, viewer: Viewer, text: string): Promise<Cursor> => {
  const cursor = parse(text)
  if (!cursor || cursor.streamId !== streamOf(viewer) || cursor.sight !== sightOf(viewer)) throw expired()
  const [row] = await db.$queryRaw<{ stands: boolean }[]>`
    SELECT CASE WHEN ${cursor.number}::bigint = 0
      THEN coalesce((SELECT min(number) FROM changes WHERE stream_id = ${cursor.streamId}::uuid), 1) = 1
      ELSE EXISTS (SELECT 1 FROM changes WHERE stream_id = ${cursor.streamId}::uuid AND number = ${cursor.number}::bigint
        AND (extract(epoch FROM at) * 1000000)::bigint = ${cursor.at}::bigint)
      END AS stands`
  if (!row?.stands) throw expired()
  return cursor
}

const firstCursor = async (ctx: Context, viewer: Viewer): Promise<Cursor> => {
  const streamId = streamOf(viewer)
  const newest = (await newestOf(ctx.db, [streamId])).get(streamId) ?? { number: 0, at: 0 }
  const clinic = await clinicOf(ctx, viewer)
  const from = clinic && addDays(clinicDay(databaseNow(), clinic), -1)
  const load: LoadPlace = { from, bookingsOnly: false, part: 'entries', after: null }
  return { streamId, ...newest, horizon: horizonOf(clinic), sight: sightOf(viewer), load }
}

/** SQL: which entries and which bookings a device of this viewer holds from a first load. */
const windowsOf = async (ctx: Context, viewer: Viewer, { horizon, load }: Cursor) => {
  if (viewer.kind === 'patient') {
    const own = Prisma.sql`patient_id = ANY(${[viewer.patientId, ...viewer.wardIds]}::uuid[])`
    const since = new Date(databaseNow().getTime() - PAST_MS)
    return {
      entries: Prisma.sql`${own} AND (arrived_at >= ${since} OR finished_at IS NULL)`,
      appointments: Prisma.sql`${own} AND starts_at >= ${since}`,
    }
  }
  const clinic = (await clinicOf(ctx, viewer)) as ClinicRow
  const inSight = can(viewer, 'entry.read', { clinicId: viewer.clinicId })
    ? Prisma.sql`clinic_id = ${viewer.clinicId}::uuid`
    : Prisma.sql`clinic_id = ${viewer.clinicId}::uuid AND service_id = ANY(${[...viewer.serviceIds]}::uuid[])`
  const today = clinicDay(databaseNow(), clinic)
  const { start } = clinicDayBounds(load?.from ?? today, clinic)
  const { end } = clinicDayBounds(horizon ?? today, clinic)
  return {
    entries: Prisma.sql`${inSight} AND (ticket_day = ${today}::date OR finished_at IS NULL)`,
    appointments: Prisma.sql`${inSight} AND starts_at >= ${start} AND starts_at < ${end}`,
  }
}

const idsBehind = async (db: Db, rows: Prisma.Sql, after: string | null, take: number): Promise<string[]> => {
  const behind = after ? Prisma.sql`WHERE id > ${after}::uuid` : Prisma.empty
  const found = await db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM (${rows}) r(id) ${behind} ORDER BY r.id LIMIT ${take}`
  return found.map(({ id }) => id)
}

const empty = { patients: [], appointments: [], entries: [], removed: [], overridden: [] }

// Most pulls bring a single change, and nothing is asked of the tables that it is not in.
const findEntries = async (db: Db, ids: string[]): Promise<EntryRow[]> =>
  ids.length === 0 ? [] : db.queueEntry.findMany({ where: { id: { in: ids } } })

const findAppointments = async (db: Db, ids: string[]): Promise<AppointmentRow[]> =>
  ids.length === 0 ? [] : db.appointment.findMany({ where: { id: { in: ids } } })

const findPatients = async (db: Db, ids: string[]): Promise<PatientRow[]> =>
  ids.length === 0
    ? []
    : (await db.patient.findMany({ where: { id: { in: ids } }, include: patientLinks })).map(toPatientRow)

const nextPart = { entries: 'appointments', appointments: 'patients', patients: null } as const

/** One page of a first load, or of bookings that came into sight: entries, then bookings, then the patients of both, each by id. */
const loadPage = async (ctx: Context, viewer: Viewer, cursor: Cursor & { load: LoadPlace }): Promise<ChangeSet> => {
  const { db } = ctx
  const windows = await windowsOf(ctx, viewer, cursor)
  const { bookingsOnly } = cursor.load
  const sources = {
    entries: Prisma.sql`SELECT id FROM queue WHERE ${windows.entries}`,
    appointments: Prisma.sql`SELECT id FROM appointments WHERE ${windows.appointments}`,
    patients:
      viewer.kind === 'patient'
        ? Prisma.sql`SELECT unnest(${[viewer.patientId, ...viewer.wardIds]}::uuid[])`
        : bookingsOnly
          ? Prisma.sql`SELECT DISTINCT patient_id FROM appointments WHERE ${windows.appointments}`
          : Prisma.sql`SELECT patient_id FROM queue WHERE ${windows.entries}
              UNION SELECT patient_id FROM appointments WHERE ${windows.appointments}`,
  }
  const ids: Record<LoadPlace['part'], string[]> = { entries: [], appointments: [], patients: [] }
  let place: LoadPlace | null = cursor.load
  for (let room = PAGE; place && room > 0; ) {
    const found: string[] = await idsBehind(db, sources[place.part], place.after, room)
    ids[place.part].push(...found)
    const next: LoadPlace['part'] | null = nextPart[place.part]
    if (found.length === room) place = { ...place, after: found.at(-1) as string }
    else place = next && { ...place, part: next, after: null }
    room -= found.length
  }
  const { streamId } = cursor
  const newest = (await newestOf(db, [streamId])).get(streamId)?.number ?? 0
  const patients = await findPatients(db, ids.patients)
  const seen = await Promise.all(patients.map((patient) => mayOn('patient.read', patient, ctx)))
  return {
    ...empty,
    cursor: textOf({ ...cursor, load: place }),
    hasMore: place !== null || newest > cursor.number,
    entries: await findEntries(db, ids.entries),
    appointments: await findAppointments(db, ids.appointments),
    patients: patients.filter((_, index) => seen[index]),
  }
}

type ChangeLine = { number: bigint; at: bigint; entity: string; record_id: string }

/** The operations of this viewer that others have overridden since. */
const overriddenOf = async (
  db: Db,
  viewer: Viewer,
  where: Prisma.SyncOperationWhereInput,
): Promise<OperationResult[]> => {
  const accountId = viewer.kind === 'user' ? viewer.userId : viewer.patientId
  const rows = await db.syncOperation.findMany({
    where: { ...where, accountId, isRepeat: false, beaten: { not: Prisma.DbNull } },
    orderBy: { at: 'asc' },
  })
  return rows.map(({ opId, beaten }) => ({
    id: opId,
    outcome: 'OVERRIDDEN',
    code: 'OVERRIDDEN',
    message: 'It was applied, and somebody has changed the same since; overrides says who.',
    overrides: beaten as FieldOverride[],
  }))
}

/** Those whom the viewer sees. */
const inSight = async (ctx: Context, patients: readonly PatientRow[]): Promise<PatientRow[]> => {
  const isSeen = await Promise.all(
    patients.map(async (row) => row.mergedIntoId === null && (await mayOn('patient.read', row, ctx))),
  )
  return patients.filter((_, index) => isSeen[index])
}

/** The next changes behind the cursor: each record once as it is now, or its id where the viewer does not hold it any more. */
const changesPage = async (ctx: Context, viewer: Viewer, cursor: Cursor): Promise<ChangeSet> => {
  const { db } = ctx
  const lines = await db.$queryRaw<ChangeLine[]>`
    SELECT number, (extract(epoch FROM at) * 1000000)::bigint AS at, entity, record_id::text
    FROM changes WHERE stream_id = ${cursor.streamId}::uuid AND number > ${cursor.number}::bigint
    ORDER BY number LIMIT ${PAGE + 1}`
  const given = lines.slice(0, PAGE)
  const idsOf = (entity: string) => [
    ...new Set(given.filter((line) => line.entity === entity).map(({ record_id }) => record_id)),
  ]
  const [entryIds, appointmentIds, changedIds, overriddenIds] = [idsOf('E'), idsOf('A'), idsOf('P'), idsOf('O')]
  const allEntries = await findEntries(db, entryIds)
  const allAppointments = await findAppointments(db, appointmentIds)
  const entries = allEntries.filter((row) => can(viewer, 'entry.read', row))
  const appointments = allAppointments.filter((row) => can(viewer, 'appointment.read', row))
  // Who comes into sight with a visit may have been on record for years; and for a doctor, patients leave with their visit.
  const seesAll = viewer.kind === 'patient' || can(viewer, 'patient.read', { clinicIds: [viewer.clinicId] })
  const visits = seesAll ? [...entries, ...appointments] : [...allEntries, ...allAppointments]
  const patientIds = [...new Set([...changedIds, ...visits.map(({ patientId }) => patientId)])]
  const allPatients = await findPatients(db, patientIds)
  const patients = await inSight(ctx, allPatients)
  // A record names its guardian only to who sees both: whoever comes into sight, or leaves it, changes their wards' records.
  const wards =
    viewer.kind === 'user' && patientIds.length > 0
      ? await db.patient.findMany({
          where: { guardianId: { in: patientIds }, id: { notIn: patientIds } },
          include: patientLinks,
        })
      : []
  const held = new Set([...entries, ...appointments, ...patients].map(({ id }) => id))
  const last = given.at(-1)
  return {
    cursor: textOf({ ...cursor, ...(last && { number: Number(last.number), at: Number(last.at) }) }),
    hasMore: lines.length > PAGE,
    patients: [...patients, ...(await inSight(ctx, wards.map(toPatientRow)))],
    appointments,
    entries,
    removed: [...entryIds, ...appointmentIds, ...patientIds].filter((id) => !held.has(id)),
    overridden: overriddenIds.length > 0 ? await overriddenOf(db, viewer, { opId: { in: overriddenIds } }) : [],
  }
}

const LATELY_MS = 30 * 86_400_000

/**
 * A device that loads anew begins behind the changes that told of these: it may have acted before its first load, or its cursor
 * has expired. It knows which of them it has shown already.
 */
const overriddenLately = (db: Db, viewer: Viewer): Promise<OperationResult[]> =>
  overriddenOf(db, viewer, { at: { gte: new Date(databaseNow().getTime() - LATELY_MS) } })

const noteFirstLoad = (ctx: Context, viewer: Viewer): void => {
  if (viewer.kind !== 'user') return
  const { clinicId, userId: actorUserId } = viewer
  ctx.trail.record({ action: 'read.changes', entity: 'ChangeSet', entityId: null, clinicId, actorUserId })
}

/**
 * All that changed for this viewer since the cursor; without one, all that a device needs to work offline.
 * A day that begins brings the bookings of one more day into sight: they are loaded before the changes go on.
 */
export const pull = async (ctx: Context, text: string | null | undefined): Promise<ChangeSet> => {
  const viewer = demand(ctx.viewer, 'sync.use') as Viewer
  if (text == null) noteFirstLoad(ctx, viewer)
  const cursor = text == null ? await firstCursor(ctx, viewer) : await readCursor(ctx.db, viewer, text)
  const { load } = cursor
  if (load) {
    const page = await loadPage(ctx, viewer, { ...cursor, load })
    return text == null ? { ...page, overridden: await overriddenLately(ctx.db, viewer) } : page
  }
  const horizon = horizonOf(await clinicOf(ctx, viewer))
  if (cursor.horizon === null || horizon === null || cursor.horizon >= horizon) return changesPage(ctx, viewer, cursor)
  const come: LoadPlace = { from: addDays(cursor.horizon, 1), bookingsOnly: true, part: 'appointments', after: null }
  return loadPage(ctx, viewer, { ...cursor, horizon, load: come })
}
