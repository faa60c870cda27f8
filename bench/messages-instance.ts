import { randomUUID } from 'node:crypto'
import { bookAppointment } from '../api/appointment/commands.ts'
import { parseConfig } from '../api/config.ts'
import { connect } from '../api/database/client.ts'
import { uuidv7 } from '../api/database/uuid.ts'
import { createMessaging } from '../api/messaging/create.ts'
import { addWalkIn, callNext, moveEntry } from '../api/queue/commands.ts'
import { contextOf, createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'

export type Latencies = { book: number[]; call: number[]; move: number[] }

/** Of each command in one round. */
const TIMES = 40
/** Patients who wait all the time in the queue where some are moved. */
const WAITING = 20

const url = process.env.DATABASE_URL ?? ''
const db = connect(url)
const deps = createTestDeps({ db, url })
Object.assign(deps.messaging, createMessaging(parseConfig(process.env), deps.log))
await deps.jobs.start()
const clinic = await createTestClinic(deps, { services: 3, doctors: 2 })
const [forBookings = '', forCalls = '', forMoves = ''] = clinic.serviceIds
await db.clinic.update({ where: { id: clinic.clinicId }, data: { dailySmsCap: 1_000_000 } })

let people = 0
/** With a phone, every second with a device as well: each news goes out on one or two ways. */
const person = async (): Promise<string> => {
  const id = uuidv7()
  const number = people++
  const devices = number % 2 === 0 ? { create: { id: uuidv7(), pushToken: `token-${id}`, platform: 'ios' } } : undefined
  await db.patient.create({
    data: {
      ...{ id, name: 'A patient', code: randomUUID(), phoneNumber: `+1${2_020_000_000 + number}` },
      clinics: { create: { clinicId: clinic.clinicId } },
      ...(devices ? { devices } : {}),
    },
  })
  return id
}
const desk = () => contextOf(deps, clinic.desk.viewer)
const walkIn = async (serviceId: string): Promise<string> => {
  const patientId = await person()
  const wish = { id: null, patientId, serviceId, doctorId: null, urgency: null, reason: null, provisionalTicket: null }
  return (await addWalkIn(desk(), wish)).id
}
const day = new Date()
day.setUTCHours(0, 0, 0, 0)
let slots = 0
const nextSlot = (): Date => new Date(day.getTime() + 2 * 86_400_000 + slots++ * 900_000)

const waiting: string[] = []
while (waiting.length < WAITING) waiting.push(await walkIn(forMoves))

const timed = async (into: number[], act: () => Promise<unknown>): Promise<void> => {
  const began = performance.now()
  await act()
  into.push(performance.now() - began)
}

/** The three commands beside each other, as at a busy desk; what prepares them is not measured. */
const play = async (): Promise<Latencies> => {
  const latencies: Latencies = { book: [], call: [], move: [] }
  const times = async (act: () => Promise<void>): Promise<void> => {
    for (let count = 0; count < TIMES; count++) await act()
  }
  await Promise.all([
    times(async () => {
      const wish = { patientId: await person(), serviceId: forBookings, startsAt: nextSlot() }
      await timed(latencies.book, () => bookAppointment(desk(), wish))
    }),
    times(async () => {
      await walkIn(forCalls)
      await timed(latencies.call, () => callNext(desk(), { serviceId: forCalls, doctorId: null, room: '7' }))
    }),
    times(async () => {
      const id = waiting.shift() as string
      waiting.push(id)
      await timed(latencies.move, () => moveEntry(desk(), id, null, 'A benchmark'))
    }),
  ])
  return latencies
}

process.on('disconnect', () => process.exit())
process.on('message', async () => {
  process.send?.(await play())
})
process.send?.('ready')
