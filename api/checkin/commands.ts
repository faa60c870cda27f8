import { setTimeout as pause } from 'node:timers/promises'
import { databaseNow } from '../access/clock.ts'
import { networkOf } from '../access/code-caps.ts'
import { demand } from '../access/demand.ts'
import { idOf, openPass, sealPass } from '../access/pass.ts'
import { accountKey, countGuess, type Limit, takeGuessBack } from '../access/throttle.ts'
import type { Context } from '../context.ts'
import { badInput, notFound, Refusal } from '../errors.ts'
import type { ClinicRow, EntryRow, ServiceRow } from '../loaders.ts'
import { birthDay } from '../patient/birth.ts'
import { createPatientAtDoor } from '../patient/commands.ts'
import { codeOfQr } from '../patient/qr.ts'
import { matchPatient } from '../patient/store.ts'
import { addWalkIn, checkIn } from '../queue/commands.ts'
import { loadSnapshot, type PositionState, positionState } from '../queue/store.ts'
import { createVisitLink, findOpenLink } from '../visit/store.ts'
import { OF_NEW_NUMBERS, OF_SCANS, OF_TICKETS, OF_TRIES } from './limits.ts'
import { numberAt } from './number.ts'
import { type FoundVisit, openEntry, peopleBorn, visitsByNumber, visitsOfPatient } from './store.ts'

/** An answer takes so long at least, whatever was found. */
const PACE_MS = 300
const PASS_MINUTES = 5
const LINK = /\/t\/([\w-]{22})$/

type How = 'number' | 'code' | 'link'
type VisitPass = { clinicId: string; patientId: string; appointmentId: string | null; entryId: string | null; how: How }
type PersonPass = { clinicId: string; patientId: string }

/** The clinic, where its door has a tablet. */
const atDoor = async (ctx: Context, clinicId: string): Promise<ClinicRow> => {
  demand(ctx.viewer, 'door.use')
  const clinic = await ctx.loaders.clinic.load(clinicId)
  if (!clinic) throw notFound('clinic')
  if (!clinic.selfCheckIn) throw new Refusal('NOT_SELF')
  return clinic
}

const seal = (ctx: Context, purpose: 'door visit' | 'door person', content: VisitPass | PersonPass): string =>
  sealPass(ctx.config, purpose, { content, expiresAt: new Date(databaseNow().getTime() + PASS_MINUTES * 60_000) })

type Tries = { account: string; limit: Limit; what: string }

/** Counts a try everywhere it counts before it is looked at; one too many is refused, and told to the audit log once. */
const countTries = async (ctx: Context, clinicId: string, tries: readonly Tries[]): Promise<void> => {
  for (const { account, limit, what } of tries)
    if ((await countGuess(ctx.db, account, limit)) === limit.most)
      ctx.trail.record({
        ...{ action: 'door.blocked', entity: 'Clinic', entityId: clinicId, clinicId },
        detail: `${limit.most} tries in ${limit.minutes} minutes: ${what}`,
      })
}

const ofNetwork = ({ ip }: Context, kind: string, limit: Limit): Tries[] => {
  const network = networkOf(ip)
  return network ? [{ account: accountKey(`door ${kind}`, network), limit, what: 'one network' }] : []
}

const ofNumber = (phoneNumber: string): Tries[] => [
  { account: accountKey('door number', phoneNumber), limit: OF_TRIES.number, what: 'one number' },
  { account: accountKey('door number in a day', phoneNumber), limit: OF_TRIES.numberInADay, what: 'one number' },
]

const countScan = (ctx: Context, clinicId: string): Promise<void> =>
  countTries(ctx, clinicId, [
    ...ofNetwork(ctx, 'scans of a network', OF_SCANS.network),
    { account: accountKey('door scans', clinicId), limit: OF_SCANS.clinic, what: 'scans at the clinic' },
  ])

const triesOf = (ctx: Context, clinicId: string, phoneNumber: string): Tries[] => [
  ...ofNetwork(ctx, 'network', OF_TRIES.network),
  ...ofNumber(phoneNumber),
  { account: accountKey('door clinic', clinicId), limit: OF_TRIES.clinic, what: 'the clinic' },
]

export type DoorVisit = FoundVisit & { pass: string }
export type DoorFound = { visits: DoorVisit[]; person: string | null }

const withPasses = (ctx: Context, clinicId: string, visits: readonly FoundVisit[], how: How): DoorVisit[] =>
  visits.map((visit) => {
    const { patientId, appointmentId, entryId } = visit
    return { ...visit, pass: seal(ctx, 'door visit', { clinicId, patientId, appointmentId, entryId, how }) }
  })

const byScan = async (ctx: Context, clinicId: string, scanned: string): Promise<DoorFound & { how: How }> => {
  await countScan(ctx, clinicId)
  const link = LINK.exec(scanned)?.[1]
  if (link) {
    const open = await findOpenLink(ctx.db, link)
    const visits = open ? await visitsOfPatient(ctx.db, clinicId, open.row.patientId) : []
    // Whoever has a link has this one visit, not what else there is of the patient.
    const own = visits.filter(({ appointmentId, entryId }) =>
      open?.entry ? entryId === open.entry.id : appointmentId !== null && appointmentId === open?.row.appointmentId,
    )
    return { visits: withPasses(ctx, clinicId, own, 'link'), person: null, how: 'link' }
  }
  const code = codeOfQr(scanned)
  const patient = code ? await matchPatient(ctx.db, { code }) : null
  if (!patient || patient.deletedAt) return { visits: [], person: null, how: 'code' }
  const visits = await visitsOfPatient(ctx.db, clinicId, patient.id)
  const person = seal(ctx, 'door person', { clinicId, patientId: patient.id })
  return { visits: withPasses(ctx, clinicId, visits, 'code'), person, how: 'code' }
}

const byNumber = async (
  ctx: Context,
  clinicId: string,
  { phoneNumber, dateOfBirth }: { phoneNumber: string; dateOfBirth: string },
): Promise<DoorFound & { how: How }> => {
  const tries = triesOf(ctx, clinicId, phoneNumber)
  await countTries(ctx, clinicId, tries)
  const visits = await visitsByNumber(ctx.db, { clinicId, phoneNumber, dateOfBirth })
  if (visits.length > 0) for (const { account } of tries) await takeGuessBack(ctx.db, account)
  return { visits: withPasses(ctx, clinicId, visits, 'number'), person: null, how: 'number' }
}

export type DoorLookup = {
  clinicId: string
  phoneNumber?: string | null
  dateOfBirth?: string | null
  scanned?: string | null
}

/**
 * What somebody at the door has here today, by number and birth date or by what was scanned. An unknown number, a wrong birth
 * date and no booking today are one answer, in the same time; only a code, which nobody guesses, also says that it is known.
 */
export const findAtDoor = async (ctx: Context, input: DoorLookup): Promise<DoorFound> => {
  const clinic = await atDoor(ctx, input.clinicId)
  const look = () => {
    if (input.scanned != null) return byScan(ctx, clinic.id, input.scanned.trim().slice(0, 300))
    if (input.phoneNumber == null) throw badInput('input.phoneNumber', 'must be given, or scanned')
    if (input.dateOfBirth == null) throw badInput('input.dateOfBirth', 'must be given with phoneNumber')
    return byNumber(ctx, clinic.id, {
      phoneNumber: numberAt(input.phoneNumber, clinic.timeZone, 'input.phoneNumber'),
      dateOfBirth: birthDay(input.dateOfBirth, databaseNow(), 'input.dateOfBirth'),
    })
  }
  const [{ how, ...found }] = await Promise.all([look(), pause(PACE_MS)])
  const entityId = found.visits[0]?.patientId ?? null
  const detail = `by ${how}${entityId ? '' : ', nothing found'}`
  ctx.trail.record({ action: 'door.looked', entity: 'Patient', entityId, clinicId: clinic.id, detail })
  return found
}

export type DoorTicket = { isNew: boolean; link: string; service: ServiceRow; position: PositionState }

/** Acts as the patient who was made known at the door: what follows is on the record as theirs. */
const asPatient = (ctx: Context, { clinicId, patientId }: PersonPass): Context => ({
  ...ctx,
  viewer: { kind: 'patient', sessionId: '', patientId, wardIds: [], atDoorOf: clinicId },
})

type Taken = { entry: EntryRow; isNew: boolean }

/** The new ticket, or the one that the patient has already. */
const ticketOr = async (taken: Promise<EntryRow>, present: () => Promise<EntryRow | null>): Promise<Taken> => {
  try {
    return { entry: await taken, isNew: true }
  } catch (error) {
    const entry = error instanceof Refusal && error.code === 'ALREADY_WAITING' ? await present() : null
    if (!entry) throw error
    return { entry, isNew: false }
  }
}

const shown = async (ctx: Context, { entry, isNew }: Taken): Promise<DoorTicket> => {
  const { patientId, appointmentId, id: entryId } = entry
  const visit = appointmentId ? { patientId, appointmentId } : { patientId, entryId }
  const link = await ctx.db.$transaction((tx) => createVisitLink(ctx.config, tx, visit))
  const [service, queue] = await Promise.all([
    ctx.loaders.service.load(entry.serviceId),
    loadSnapshot(ctx.db, entry.serviceId),
  ])
  if (!service || !queue) throw notFound('service')
  return { isNew, link, service, position: positionState(queue.entries.get(entryId) ?? entry, queue) }
}

/** Checks in the visit that a pass names; of one that has its ticket already, the same ticket is shown. */
export const checkInAtDoor = async (ctx: Context, pass: string): Promise<DoorTicket> => {
  demand(ctx.viewer, 'door.use')
  const visit = openPass<VisitPass>(ctx.config, 'door visit', pass, databaseNow())
  if (!visit) throw notFound('visit')
  const { clinicId, patientId, appointmentId, entryId, how } = visit
  await atDoor(ctx, clinicId)
  await countScan(ctx, clinicId)
  const present = () => openEntry(ctx.db, { patientId, clinicId, entryId, appointmentId })
  if (entryId || !appointmentId) {
    const entry = await present()
    if (!entry) throw notFound('visit')
    return shown(ctx, { entry, isNew: false })
  }
  const taken = await ticketOr(checkIn(asPatient(ctx, visit), appointmentId), present)
  const { id } = taken.entry
  if (taken.isNew)
    ctx.trail.record({ action: 'door.checkedIn', entity: 'QueueEntry', entityId: id, clinicId, detail: `by ${how}` })
  return shown(ctx, taken)
}

export type DoorArrival = {
  clinicId: string
  serviceId: string
  key: string
  person?: string | null
  name?: string | null
  dateOfBirth?: string | null
  phoneNumber?: string | null
  language?: string | null
}

const newNumberOf = async (ctx: Context, clinicId: string, phoneNumber: string | null): Promise<string | null> => {
  if (!phoneNumber) return null
  const tries = { account: accountKey('door new numbers', clinicId), limit: OF_NEW_NUMBERS, what: 'new numbers' }
  const isAllowed = await countTries(ctx, clinicId, [tries]).then(
    () => true,
    () => false,
  )
  return isAllowed ? phoneNumber : null
}

const alike = (one: string, other: string): boolean =>
  one.localeCompare(other.trim(), 'en', { sensitivity: 'base' }) === 0

/** The record of who typed this: one of the number's people with this birth date, else a new one. Which it was, nobody is told. */
const personTyped = async (ctx: Context, clinic: ClinicRow, input: DoorArrival): Promise<string> => {
  const { name, language } = input
  if (name == null || name.trim() === '') throw badInput('input.name', 'must be given, or person')
  if (input.dateOfBirth == null) throw badInput('input.dateOfBirth', 'must be given with name')
  const dateOfBirth = birthDay(input.dateOfBirth, databaseNow(), 'input.dateOfBirth')
  const phoneNumber = input.phoneNumber ? numberAt(input.phoneNumber, clinic.timeZone, 'input.phoneNumber') : null
  await countTries(ctx, clinic.id, [
    ...ofNetwork(ctx, 'tickets of a network', OF_TICKETS.network),
    ...(phoneNumber ? ofNumber(phoneNumber) : []),
    { account: accountKey('door tickets', clinic.id), limit: OF_TICKETS.clinic, what: 'tickets of the clinic' },
  ])
  const people = phoneNumber ? await peopleBorn(ctx.db, phoneNumber, dateOfBirth) : []
  const known = people.length === 1 ? people[0] : people.find((person) => alike(person.name, name))
  if (known) return known.id
  const kept = await newNumberOf(ctx, clinic.id, phoneNumber)
  const id = idOf(ctx.config, `door patient ${clinic.id} ${input.key}`)
  const details = { name, dateOfBirth, phoneNumber: kept, ...(language && { language }) }
  return (await createPatientAtDoor(ctx, { id, clinicId: clinic.id, input: details })).id
}

const personOf = async (ctx: Context, clinic: ClinicRow, input: DoorArrival): Promise<string> => {
  if (input.person == null) return personTyped(ctx, clinic, input)
  const person = openPass<PersonPass>(ctx.config, 'door person', input.person, databaseNow())
  if (person?.clinicId !== clinic.id) throw notFound('person')
  await countScan(ctx, clinic.id)
  return person.patientId
}

/** A ticket for somebody without a booking, known by their code or by what they type. The same key again answers the same ticket. */
export const joinAtDoor = async (ctx: Context, input: DoorArrival): Promise<DoorTicket> => {
  const clinic = await atDoor(ctx, input.clinicId)
  const service = await ctx.loaders.service.load(input.serviceId)
  if (!service || service.clinicId !== clinic.id) throw notFound('service')
  if (!service.doorJoin) throw new Refusal('NOT_REMOTE')
  if (!service.open) throw new Refusal('CLOSED')
  const [patientId] = await Promise.all([personOf(ctx, clinic, input), pause(PACE_MS)])
  const walkIn = {
    id: idOf(ctx.config, `door entry ${clinic.id} ${patientId} ${input.key}`),
    ...{ patientId, serviceId: service.id, doctorId: null, urgency: null, reason: null, provisionalTicket: null },
  }
  const taken = await ticketOr(addWalkIn(asPatient(ctx, { clinicId: clinic.id, patientId }), walkIn), () =>
    openEntry(ctx.db, { patientId, clinicId: clinic.id, serviceId: service.id }),
  )
  const { id } = taken.entry
  if (taken.isNew) ctx.trail.record({ action: 'door.joined', entity: 'QueueEntry', entityId: id, clinicId: clinic.id })
  return shown(ctx, taken)
}
