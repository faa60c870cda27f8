import { setTimeout as sleep } from 'node:timers/promises'
import { requestPhoneCode } from '../../access/codes.ts'
import { bookAppointment, cancelAppointment, rescheduleAppointment } from '../../appointment/commands.ts'
import type { Context } from '../../context.ts'
import { uuidv7 } from '../../database/uuid.ts'
import { Refusal } from '../../errors.ts'
import { addWalkIn, callEntry, markNoShow, markServed, recall, undo } from '../../queue/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from '../clinic.ts'
import type { TestDeps } from '../context.ts'
import type { createRandom } from '../random.ts'
import type { Person } from './people.ts'

const PATIENCE_MS = 120_000
const EARSHOT_MS = 4_000

/** Does it until an answer comes: what went wrong because the database was away is done again; a refusal is an answer. */
export const insist = async <T>(act: () => Promise<T>): Promise<T | null> => {
  const began = performance.now()
  for (;;)
    try {
      return await act()
    } catch (error) {
      if (error instanceof Refusal) return null
      if (performance.now() - began > PATIENCE_MS) throw error
      await sleep(100)
    }
}

type Options = {
  deps: TestDeps
  random: ReturnType<typeof createRandom>
  addPerson: (clinicId: string, route: Person['route']) => Promise<Person>
  /** Answers STOP or START in somebody's name; returns once it was acknowledged. */
  answer: (person: Person, word: 'STOP' | 'START') => Promise<void>
  /** Nobody who says so, or is about to have said so, is owed a code. */
  saidStop: (phone: string) => boolean
  isOver: () => boolean
  /** So much is to be told yet that nobody should come meanwhile. */
  isBehind: () => boolean
  /** How many visits go on in each of the 16 queues at once. */
  lanes: number
}

const CLINICS = 4
const SERVICES = 4
/** Far more than ever wait in one queue: whoever comes is told that it is almost their turn. */
const ALMOST_POSITION = 20

/** Patients who come, are called, missed, called back, book, change and cancel, through the real commands, until it is over. */
export const createLoad = async ({
  deps,
  random,
  addPerson,
  answer,
  saidStop,
  isOver,
  isBehind,
  lanes: perQueue,
}: Options) => {
  const clinics: { clinic: TestClinic; route: Person['route'] }[] = []
  for (let index = 0; index < CLINICS; index++) {
    const clinic = await createTestClinic(deps, { services: SERVICES, doctors: 2 })
    const route = index === 0 ? 'PUSH_FIRST' : 'BOTH'
    await deps.db.clinic.update({
      where: { id: clinic.clinicId },
      data: {
        name: 'Riverside',
        dailySmsCap: 10_000_000,
        quietFrom: 0,
        quietTo: 0,
        undoSeconds: 3600,
        messageRoute: route,
      },
    })
    await deps.db.service.updateMany({
      where: { clinicId: clinic.clinicId },
      data: { almostPosition: ALMOST_POSITION },
    })
    clinics.push({ clinic, route })
  }
  const listeners = new Map<string, () => void>()
  /** Something for this number or device was accepted. */
  const heard = (address: string): void => {
    listeners.get(address)?.()
    listeners.delete(address)
  }
  /** Mostly the next step waits until the last one was told; sometimes it comes at once. */
  const pace = async ({ phone, tokens }: Person): Promise<void> => {
    if (random.next() < 0.2) return
    const address = phone ?? tokens[0] ?? ''
    await Promise.race([new Promise<void>((resolve) => listeners.set(address, resolve)), sleep(EARSHOT_MS)])
  }
  /** What was acknowledged must be there at the end. */
  const acknowledged: string[] = []
  /** Numbers for which a code was asked and the answer came. */
  const codesAsked: string[] = []
  const askForCode = async ({ phone }: Person): Promise<void> => {
    const number = phone ?? ''
    const asked = await insist(() => requestPhoneCode(contextOf(deps, null), number, 'REGISTER'))
    if (asked && !saidStop(number)) codesAsked.push(number)
  }
  /** How many were left waiting in each queue: not so many that others are far from the head. */
  const staying = new Map<string, number>()
  const desk = ({ desk }: TestClinic): Context => contextOf(deps, desk.viewer)

  const visit = async (clinic: TestClinic, route: Person['route'], serviceId: string): Promise<void> => {
    const person = await insist(() => addPerson(clinic.clinicId, route))
    if (!person) return
    const id = uuidv7()
    const arrival = { id, patientId: person.id, serviceId, doctorId: null, urgency: null, reason: null }
    if (await insist(() => addWalkIn(desk(clinic), { ...arrival, provisionalTicket: null }))) acknowledged.push(id)
    await pace(person)
    if (person.phone && random.next() < 0.06) await askForCode(person)
    const call = () => insist(() => callEntry(desk(clinic), id, { doctorId: null, room: '7' }))
    const again = async () => {
      await insist(() => recall(desk(clinic), id))
      await pace(person)
    }
    if (person.phone && random.next() < 0.06) {
      await Promise.all([call(), sleep(random.int(400)).then(() => answer(person, 'STOP'))])
      await again()
      if (random.next() < 0.5) {
        await answer(person, 'START')
        await again()
      }
    } else await call()
    await pace(person)
    const fate = random.next()
    if (fate < 0.2) {
      await insist(() => undo(desk(clinic), id, null))
      await pace(person)
      const stays = (staying.get(serviceId) ?? 0) < 3 && random.next() < 0.3
      if (stays) staying.set(serviceId, (staying.get(serviceId) ?? 0) + 1)
      else {
        await call()
        await pace(person)
      }
    } else if (fate < 0.4) await again()
    else if (fate < 0.7) {
      await insist(() => markNoShow(desk(clinic), id))
      await pace(person)
      if (random.next() < 0.4) {
        await insist(() => undo(desk(clinic), id, null))
        await pace(person)
      }
    }
    // Some stay as they are, so that the last word about them is checked too.
    if (random.next() < 0.5) await insist(() => markServed(desk(clinic), id))
  }

  let slots = 0
  const day = new Date()
  day.setUTCHours(0, 0, 0, 0)
  const nextSlot = (): Date => new Date(day.getTime() + 3 * 86_400_000 + slots++ * 900_000)

  const booking = async (clinic: TestClinic, route: Person['route'], serviceId: string): Promise<void> => {
    const person = await insist(() => addPerson(clinic.clinicId, route))
    if (!person) return
    const id = uuidv7()
    const startsAt = nextSlot()
    const wish = { id, patientId: person.id, serviceId, doctorId: random.pick(clinic.doctors).id, startsAt }
    if (await insist(() => bookAppointment(desk(clinic), wish))) acknowledged.push(id)
    await pace(person)
    if (random.next() < 0.4) {
      const startsAt = nextSlot()
      await insist(() => rescheduleAppointment(desk(clinic), { id, startsAt }))
      await pace(person)
    }
    if (random.next() < 0.3) {
      await insist(() => cancelAppointment(desk(clinic), id, null))
      await pace(person)
    }
  }

  /** One queue of its own for each lane of visits; bookings come beside them. */
  const lanes = clinics.flatMap(({ clinic, route }) =>
    clinic.serviceIds.flatMap((serviceId) => [
      ...Array.from({ length: perQueue }, () => () => visit(clinic, route, serviceId)),
      () => (random.next() < 0.7 ? booking(clinic, route, serviceId) : visit(clinic, route, serviceId)),
    ]),
  )
  const run = async (): Promise<void> => {
    await Promise.all(
      lanes.map(async (play) => {
        while (!isOver())
          if (isBehind()) await sleep(50)
          else await play()
      }),
    )
  }
  return { run, heard, acknowledged, codesAsked }
}
