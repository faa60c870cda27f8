import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { addClinic, addPatient, ask, asPatient, dayIn, inDays, type SceneClinic } from '../test/scene.ts'

const statements: string[] = []
let database: TestDatabase
let deps: TestDeps
let clinic: SceneClinic
let other: SceneClinic

beforeAll(async () => {
  database = await createTestDatabase({ max: 16, onStatement: (sql) => statements.push(sql) })
  deps = createTestDeps(database)
  clinic = await addClinic(database.db, { doctors: 2 })
  other = await addClinic(database.db, { letter: 'X' })
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const BOOK = `mutation ($input: BookAppointmentInput!) { bookAppointment(input: $input) {
  id status startsAt endsAt bound version urgency doctor { id } patient { id } } }`

const book = async (viewer: Viewer | null, input: Record<string, unknown>) => {
  const { data, codes, errors } = await ask(deps, viewer, BOOK, { input: { serviceId: clinic.serviceId, ...input } })
  return { appointment: data?.bookAppointment ?? null, code: codes[0] ?? null, errors }
}

const newPatient = () => addPatient(database.db, { clinics: [clinic] })

/** Books for a new patient through the desk. */
const bookAtDesk = async (input: Record<string, unknown>) =>
  book(clinic.receptionist, { patientId: await newPatient(), ...input })

const slots = async (args: Record<string, unknown>) => {
  const { data, codes } = await ask(
    deps,
    null,
    `query ($serviceId: ID!, $doctorId: ID, $from: Date!, $to: Date!) {
      availableSlots(serviceId: $serviceId, doctorId: $doctorId, from: $from, to: $to) { startsAt endsAt doctor { id } } }`,
    { serviceId: clinic.serviceId, ...args },
  )
  return { slots: data?.availableSlots as { startsAt: string; doctor: { id: string } }[], code: codes[0] ?? null }
}

// Each test has days of its own, so that none sees another's bookings.
let days = 10
const nextDay = () => days++

describe('free slots', () => {
  test('are shown to anybody, for each doctor, and go when they are booked', async () => {
    const day = nextDay()
    const range = { from: dayIn(day), to: dayIn(day) }
    expect((await slots(range)).slots).toHaveLength(32)
    await bookAtDesk({ doctorId: clinic.doctorIds[0], startsAt: inDays(day, '08:15') })
    const left = (await slots({ ...range, doctorId: clinic.doctorIds[0] })).slots
    expect(left).toHaveLength(15)
    expect(left.map(({ startsAt }) => startsAt)).not.toContain(inDays(day, '08:15'))
    expect((await slots(range)).slots).toHaveLength(31)
  })

  test('of unknown services and foreign doctors are none; a wrong range is refused', async () => {
    const range = { from: dayIn(1), to: dayIn(2) }
    expect((await slots({ ...range, serviceId: uuidv7() })).slots).toEqual([])
    expect((await slots({ ...range, doctorId: other.doctorIds[0] })).slots).toEqual([])
    expect((await slots({ from: dayIn(2), to: dayIn(1) })).code).toBe('BAD_INPUT')
    expect((await slots({ from: dayIn(1), to: dayIn(63) })).code).toBe('BAD_INPUT')
    expect((await slots({ from: dayIn(1), to: dayIn(62) })).code).toBeNull()
  })

  test('every slot that is offered can be booked', async () => {
    const day = nextDay()
    const { slots: offered } = await slots({ from: dayIn(day), to: dayIn(day) })
    for (const { startsAt, doctor } of offered.slice(0, 6))
      expect((await bookAtDesk({ startsAt, doctorId: doctor.id })).code).toBeNull()
  })

  test('cost the same number of statements however many days are asked for', async () => {
    const counted = async (to: number) => {
      statements.length = 0
      const { errors } = await ask(
        deps,
        null,
        `{ availableSlots(serviceId: "${clinic.serviceId}", from: "${dayIn(1)}", to: "${dayIn(to)}") { startsAt doctor { name services { name } } } }`,
      )
      expect(errors).toEqual([])
      return statements.length
    }
    const ofDay = await counted(1)
    expect(ofDay).toBeGreaterThan(4)
    expect(await counted(30)).toBe(ofDay)
    expect(await counted(62)).toBe(ofDay)
  })
})

describe('booking', () => {
  test('a patient books for themself and is linked to the clinic', async () => {
    const patientId = await addPatient(database.db)
    const startsAt = inDays(nextDay(), '09:00')
    const { appointment } = await book(asPatient(patientId), {
      startsAt,
      doctorId: clinic.doctorIds[1],
      reason: 'Cough',
    })
    expect(appointment).toMatchObject({
      status: 'BOOKED',
      startsAt,
      bound: true,
      version: 1,
      urgency: 'ROUTINE',
      doctor: { id: clinic.doctorIds[1] },
      patient: { id: patientId },
    })
    const link = { clinicId_patientId: { clinicId: clinic.id, patientId } }
    expect(await database.db.clinicPatient.findUnique({ where: link })).not.toBeNull()
  })

  test('a guardian books for a ward, and nobody for strangers', async () => {
    const guardianId = await addPatient(database.db)
    const wardId = await addPatient(database.db, { guardianId })
    const startsAt = inDays(nextDay(), '09:00')
    const guardian = asPatient(guardianId, [wardId])
    expect((await book(guardian, { startsAt, patientId: wardId })).appointment.patient.id).toBe(wardId)
    expect((await book(guardian, { startsAt, patientId: await newPatient() })).code).toBe('NOT_FOUND')
    expect((await book(null, { startsAt })).code).toBe('UNAUTHENTICATED')
    expect((await book(clinic.doctor, { startsAt, patientId: wardId })).code).toBe('FORBIDDEN')
  })

  test('the desk names a patient, of its own clinic or one it knows the id of', async () => {
    const startsAt = inDays(nextDay(), '09:00')
    const foreign = await addPatient(database.db, { clinics: [other] })
    expect((await book(clinic.receptionist, { startsAt, patientId: foreign })).code).toBeNull()
    expect((await book(clinic.receptionist, { startsAt })).code).toBe('BAD_INPUT')
    expect((await book(clinic.receptionist, { startsAt, patientId: uuidv7() })).code).toBe('NOT_FOUND')
    expect((await book(other.receptionist, { startsAt, patientId: foreign })).code).toBe('NOT_FOUND')
  })

  test('urgency is for staff', async () => {
    const startsAt = inDays(nextDay(), '09:00')
    const patientId = await newPatient()
    expect((await book(asPatient(patientId), { startsAt, urgency: 'URGENT' })).code).toBe('FORBIDDEN')
    expect((await book(asPatient(patientId), { startsAt, urgency: 'ROUTINE' })).code).toBeNull()
    expect((await bookAtDesk({ startsAt, urgency: 'EMERGENCY' })).appointment.urgency).toBe('EMERGENCY')
  })

  test('refuses what is no slot, in the past, taken, elsewhere or at the same time as another of the patient', async () => {
    const day = nextDay()
    const [first, second] = clinic.doctorIds
    const startsAt = inDays(day, '10:00')
    const patientId = await newPatient()
    expect((await book(clinic.receptionist, { patientId, startsAt, doctorId: first })).code).toBeNull()
    const refusals = [
      [{ startsAt: inDays(-1, '10:00') }, 'IN_THE_PAST'],
      [{ startsAt: inDays(day, '12:00') }, 'OUTSIDE_HOURS'],
      [{ startsAt: inDays(day, '10:05') }, 'OUTSIDE_HOURS'],
      [{ startsAt: inDays(day, '07:45') }, 'OUTSIDE_HOURS'],
      [{ startsAt, doctorId: first }, 'SLOT_TAKEN'],
      [{ startsAt, doctorId: second, patientId }, 'PATIENT_BUSY'],
      [{ startsAt, doctorId: other.doctorIds[0] }, 'NOT_FOUND'],
      [{ startsAt, doctorId: uuidv7() }, 'NOT_FOUND'],
      [{ startsAt, serviceId: uuidv7() }, 'NOT_FOUND'],
      [{ startsAt, serviceId: other.serviceId }, 'NOT_FOUND'],
    ] as const
    for (const [input, code] of refusals) expect([input, (await bookAtDesk(input)).code]).toEqual([input, code])
  })

  test('a doctor gives only their services, and one who has left none', async () => {
    const own = await addClinic(database.db, { doctors: 2, letter: 'S' })
    const serviceId = uuidv7()
    await database.db.service.create({
      data: { id: serviceId, clinicId: own.id, name: 'Vaccination', ticketLetter: 'V', slotMinutes: 15 },
    })
    const [leaver, stayer] = own.doctorIds as [string, string]
    const startsAt = inDays(nextDay(), '08:00')
    const input = { patientId: await addPatient(database.db, { clinics: [own] }), startsAt }
    const wrong = await book(own.receptionist, { ...input, serviceId, doctorId: stayer })
    expect(wrong.code).toBe('NOT_THEIR_SERVICE')
    await database.db.doctor.update({ where: { id: leaver }, data: { active: false } })
    expect((await book(own.receptionist, { ...input, serviceId: own.serviceId, doctorId: leaver })).code).toBe(
      'NOT_FOUND',
    )
    const free = await book(own.receptionist, { ...input, serviceId: own.serviceId })
    expect(free.appointment.doctor.id).toBe(stayer)
  })

  test('an id that the caller has stored answers that booking; anybody else’s is taken', async () => {
    const id = uuidv7()
    const patientId = await newPatient()
    const input = { id: id.toUpperCase(), patientId, startsAt: inDays(nextDay(), '09:00') }
    const [one, two] = await Promise.all([book(clinic.receptionist, input), book(clinic.receptionist, input)])
    expect([one.appointment?.id, two.appointment?.id]).toEqual([id, id])
    const repeated = await book(clinic.receptionist, { ...input, startsAt: inDays(-5, '09:00') })
    expect(repeated.appointment).toEqual(one.appointment)
    expect((await book(asPatient(await newPatient()), { ...input, patientId: undefined })).code).toBe('ID_TAKEN')
    expect((await book(asPatient(patientId), { ...input, patientId: undefined })).code).toBe('ID_TAKEN')
  })

  test('without a doctor the one with fewer bookings is reserved, and the booking is not bound', async () => {
    const day = nextDay()
    const [first, second] = clinic.doctorIds
    await bookAtDesk({ doctorId: first, startsAt: inDays(day, '08:00') })
    const { appointment } = await bookAtDesk({ startsAt: inDays(day, '09:00') })
    expect(appointment).toMatchObject({ bound: false, doctor: { id: second } })
    expect((await bookAtDesk({ startsAt: inDays(day, '09:00') })).appointment.doctor.id).toBe(first)
    expect((await bookAtDesk({ startsAt: inDays(day, '09:00') })).code).toBe('SLOT_TAKEN')
  })

  test('is audited without the reason', async () => {
    const { appointment } = await bookAtDesk({ startsAt: inDays(nextDay(), '09:00'), reason: 'canary-of-the-reason' })
    const rows = await database.db.auditEvent.findMany({ where: { entityId: appointment.id } })
    expect(rows.map(({ action, actorUserId }) => [action, actorUserId])).toEqual([
      ['appointment.booked', clinic.receptionist.userId],
    ])
    expect(JSON.stringify(rows)).not.toContain('canary')
  })
})

describe('races', () => {
  test('of two who book one slot, one wins and the other gets SLOT_TAKEN, fifty times', async () => {
    const seed = testSeed()
    console.info(`booking race: TEST_SEED=${seed}`)
    const random = createRandom(seed)
    for (let round = 0; round < 50; round++) {
      if (round % 16 === 0) nextDay()
      const startsAt = inDays(
        days - 1,
        `${`${8 + Math.floor((round % 16) / 4)}`.padStart(2, '0')}:${['00', '15', '30', '45'][round % 4]}`,
      )
      const [one, two] = [await newPatient(), await newPatient()]
      const input = { startsAt, doctorId: clinic.doctorIds[0] }
      const race = [() => book(asPatient(one), input), () => book(clinic.receptionist, { ...input, patientId: two })]
      if (random.next() < 0.5) race.reverse()
      const results = await Promise.all(race.map((run) => run()))
      expect(results.map(({ code }) => code).toSorted()).toEqual(['SLOT_TAKEN', null].toSorted())
      expect(results.filter(({ appointment }) => appointment !== null)).toHaveLength(1)
    }
  })

  test('of more racers than doctors for the first free one, exactly as many win as there are doctors', async () => {
    const wide = await addClinic(database.db, { doctors: 5, letter: 'W' })
    for (const time of ['08:00', '08:15', '08:30']) {
      const startsAt = inDays(days, time)
      const patients = await Promise.all(Array.from({ length: 12 }, () => addPatient(database.db, { clinics: [wide] })))
      const results = await Promise.all(
        patients.map((patientId) => book(wide.receptionist, { patientId, startsAt, serviceId: wide.serviceId })),
      )
      const won = results.filter(({ code }) => code === null)
      expect(won).toHaveLength(5)
      expect(new Set(won.map(({ appointment }) => appointment.doctor.id)).size).toBe(5)
      expect(results.filter(({ code }) => code === 'SLOT_TAKEN')).toHaveLength(7)
    }
    nextDay()
  })

  test('one patient booking with several doctors at once gets one', async () => {
    const wide = await addClinic(database.db, { doctors: 4, letter: 'P' })
    const patientId = await addPatient(database.db, { clinics: [wide] })
    const startsAt = inDays(nextDay(), '08:00')
    const results = await Promise.all(
      wide.doctorIds.map((doctorId) =>
        book(wide.receptionist, { patientId, startsAt, doctorId, serviceId: wide.serviceId }),
      ),
    )
    expect(results.map(({ code }) => code).filter((code) => code === null)).toHaveLength(1)
    expect(results.map(({ code }) => code).filter((code) => code === 'PATIENT_BUSY')).toHaveLength(3)
  })

  test('many moving to one slot: one gets there, the others keep what they had', async () => {
    const day = nextDay()
    const booked = await Promise.all(
      ['08:00', '08:15', '08:30', '08:45', '09:00'].map((time) =>
        bookAtDesk({ doctorId: clinic.doctorIds[0], startsAt: inDays(day, time) }),
      ),
    )
    const startsAt = inDays(day, '11:00')
    const results = await Promise.all(
      booked.map(({ appointment }) => reschedule(clinic.receptionist, { id: appointment.id, startsAt })),
    )
    expect(results.filter(({ code }) => code === null)).toHaveLength(1)
    expect(results.filter(({ code }) => code === 'SLOT_TAKEN')).toHaveLength(4)
    for (const [index, { code }] of results.entries()) {
      const before = booked[index]?.appointment
      const row = await database.db.appointment.findUniqueOrThrow({ where: { id: before.id } })
      expect(row.startsAt.toISOString()).toBe(code === null ? startsAt : before.startsAt)
    }
  })

  test('no booking lands outside hours that change meanwhile', async () => {
    const small = await addClinic(database.db, { doctors: 1, letter: 'H' })
    const [doctorId] = small.doctorIds as [string]
    const setHours = (from: string, to: string) =>
      ask(deps, small.admin, `mutation ($input: DoctorHoursInput!) { setDoctorHours(input: $input) { id } }`, {
        input: { doctorId, hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to })) },
      })
    const booked = () => database.db.appointment.count({ where: { doctorId } })
    for (let round = 0; round < 12; round++) {
      const day = nextDay()
      const patients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => addPatient(database.db, { clinics: [small] })))
      let bookedAtChange = -1
      const results = await Promise.all([
        ...patients.map((patientId, index) =>
          book(small.receptionist, {
            patientId,
            serviceId: small.serviceId,
            startsAt: inDays(day, ['08:00', '08:15', '08:30', '08:45', '09:00', '09:15'][index] as string),
          }),
        ),
        setHours('13:00', '17:00').then(async () => {
          bookedAtChange = await booked()
          return { code: null }
        }),
      ])
      expect(results.every(({ code }) => code === null || code === 'OUTSIDE_HOURS')).toBe(true)
      // Whoever was not booked when the hours had changed was not booked afterwards either.
      expect(await booked()).toBe(bookedAtChange)
      await setHours('08:00', '12:00')
    }
  })
})

const reschedule = async (viewer: Viewer | null, input: Record<string, unknown>) => {
  const { data, codes } = await ask(
    deps,
    viewer,
    `mutation ($input: RescheduleAppointmentInput!) { rescheduleAppointment(input: $input) { id startsAt endsAt bound version doctor { id } } }`,
    { input },
  )
  return { appointment: data?.rescheduleAppointment ?? null, code: codes[0] ?? null }
}

const cancel = async (viewer: Viewer | null, id: string, reason?: string) => {
  const { data, codes } = await ask(
    deps,
    viewer,
    `mutation ($id: ID!, $reason: String) { cancelAppointment(id: $id, reason: $reason) { id status version queueEntry { status } } }`,
    { id, reason },
  )
  return { appointment: data?.cancelAppointment ?? null, code: codes[0] ?? null, codes }
}

describe('rescheduling', () => {
  test('a bound booking keeps its doctor; naming another binds to that one', async () => {
    const day = nextDay()
    const [first, second] = clinic.doctorIds
    const { appointment } = await bookAtDesk({ doctorId: first, startsAt: inDays(day, '08:00') })
    await bookAtDesk({ doctorId: first, startsAt: inDays(day, '10:00') })
    expect((await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(day, '10:00') })).code).toBe(
      'SLOT_TAKEN',
    )
    const moved = await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(day, '09:00') })
    expect(moved.appointment).toMatchObject({
      startsAt: inDays(day, '09:00'),
      version: 2,
      bound: true,
      doctor: { id: first },
    })
    const rebound = await reschedule(clinic.receptionist, {
      id: appointment.id,
      startsAt: inDays(day, '10:00'),
      doctorId: second,
    })
    expect(rebound.appointment).toMatchObject({ version: 3, bound: true, doctor: { id: second } })
  })

  test('an unbound one stays with its doctor where that one is free, else goes to another', async () => {
    const day = nextDay()
    const [first, second] = clinic.doctorIds
    const { appointment } = await bookAtDesk({ startsAt: inDays(day, '08:00') })
    const has = appointment.doctor.id
    const stays = await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(day, '08:15') })
    expect(stays.appointment).toMatchObject({ bound: false, doctor: { id: has } })
    await bookAtDesk({ doctorId: has, startsAt: inDays(day, '09:00') })
    const goes = await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(day, '09:00') })
    expect(goes.appointment).toMatchObject({ bound: false, doctor: { id: has === first ? second : first } })
  })

  test('half a slot later is possible, since its own time does not stand in its way', async () => {
    const day = nextDay()
    const { appointment } = await bookAtDesk({ doctorId: clinic.doctorIds[0], startsAt: inDays(day, '08:00') })
    await database.db.hoursException.create({
      data: {
        id: uuidv7(),
        doctorId: clinic.doctorIds[0] as string,
        day: new Date(`${dayIn(day)}T00:00:00Z`),
        kind: 'LEAVE',
        fromMinute: 480,
        toMinute: 485,
      },
    })
    expect(
      (await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(day, '08:05') })).code,
    ).toBeNull()
  })

  test('is refused for the past, for no slot, for the patient’s own other booking, and after cancelling', async () => {
    const day = nextDay()
    const patientId = await newPatient()
    const [first, second] = clinic.doctorIds
    const { appointment } = await book(clinic.receptionist, {
      patientId,
      doctorId: first,
      startsAt: inDays(day, '08:00'),
    })
    await book(clinic.receptionist, { patientId, doctorId: second, startsAt: inDays(day, '09:00') })
    const to = (startsAt: string) => reschedule(asPatient(patientId), { id: appointment.id, startsAt })
    expect((await to(inDays(-1, '09:00'))).code).toBe('IN_THE_PAST')
    expect((await to(inDays(day, '13:00'))).code).toBe('OUTSIDE_HOURS')
    expect((await to(inDays(day, '09:00'))).code).toBe('PATIENT_BUSY')
    const stranger = asPatient(await newPatient())
    expect((await reschedule(stranger, { id: appointment.id, startsAt: inDays(day, '10:00') })).code).toBe('NOT_FOUND')
    await cancel(asPatient(patientId), appointment.id)
    expect((await to(inDays(day, '10:00'))).code).toBe('NOT_BOOKED')
  })
})

describe('cancelling', () => {
  test('frees the slot, and cannot be done twice', async () => {
    const startsAt = inDays(nextDay(), '09:00')
    const input = { doctorId: clinic.doctorIds[0], startsAt }
    const { appointment } = await bookAtDesk(input)
    expect((await cancel(other.receptionist, appointment.id)).code).toBe('NOT_FOUND')
    expect((await cancel(clinic.doctor, appointment.id)).code).toBe('FORBIDDEN')
    expect((await cancel(clinic.receptionist, appointment.id, 'ill')).appointment).toMatchObject({
      status: 'CANCELLED',
      version: 2,
    })
    expect((await bookAtDesk(input)).code).toBeNull()
    expect((await cancel(clinic.receptionist, appointment.id)).code).toBe('NOT_ACTIVE')
  })

  test('of a checked-in patient ends the queue entry as LEFT', async () => {
    const { appointment } = await bookAtDesk({ startsAt: inDays(nextDay(), '09:00') })
    await database.db.appointment.update({
      where: { id: appointment.id },
      data: { startsAt: new Date(Date.now() + 60_000), endsAt: new Date(Date.now() + 960_000) },
    })
    const { codes } = await ask(
      deps,
      clinic.receptionist,
      `mutation { checkIn(appointmentId: "${appointment.id}") { id } }`,
    )
    expect(codes).toEqual([])
    expect(
      (await reschedule(clinic.receptionist, { id: appointment.id, startsAt: inDays(nextDay(), '09:00') })).code,
    ).toBe('NOT_BOOKED')
    const cancelled = await cancel(clinic.receptionist, appointment.id)
    expect(cancelled.appointment).toMatchObject({ status: 'CANCELLED', queueEntry: { status: 'LEFT' } })
  })
})

describe('reading appointments', () => {
  const LIST = `query ($clinicId: ID!, $from: Date!, $to: Date!, $doctorId: ID, $first: Int, $after: String) {
    appointments(clinicId: $clinicId, from: $from, to: $to, doctorId: $doctorId, first: $first, after: $after) {
      edges { node { id startsAt } cursor } pageInfo { hasNextPage endCursor } } }`

  test('pages never skip or repeat', async () => {
    const day = nextDay()
    const made = []
    for (const time of ['08:00', '08:15', '08:30', '09:00', '11:45'])
      for (const doctorId of clinic.doctorIds)
        made.push((await bookAtDesk({ startsAt: inDays(day, time), doctorId })).appointment.id)
    const range = { clinicId: clinic.id, from: dayIn(day), to: dayIn(day) }
    const seen: { id: string; startsAt: string }[] = []
    let after: string | null = null
    do {
      const { data } = await ask(deps, clinic.receptionist, LIST, { ...range, first: 3, after })
      seen.push(...data.appointments.edges.map((edge: { node: { id: string; startsAt: string } }) => edge.node))
      after = data.appointments.pageInfo.hasNextPage ? data.appointments.pageInfo.endCursor : null
    } while (after)
    expect(seen.map(({ id }) => id).toSorted()).toEqual(made.toSorted())
    expect(seen).toEqual(seen.toSorted((a, b) => a.startsAt.localeCompare(b.startsAt) || a.id.localeCompare(b.id)))
    const one = await ask(deps, clinic.receptionist, LIST, { ...range, doctorId: clinic.doctorIds[0] })
    expect(one.data.appointments.edges).toHaveLength(5)
    const asDoctor = await ask(deps, clinic.doctor, LIST, range)
    expect(asDoctor.data.appointments.edges).toHaveLength(10)
  })

  test('a broken cursor and a range that ends before it begins are refused', async () => {
    const range = { clinicId: clinic.id, from: dayIn(1), to: dayIn(1) }
    expect((await ask(deps, clinic.receptionist, LIST, { ...range, after: 'x' })).codes).toEqual(['BAD_INPUT'])
    const forged = Buffer.from(JSON.stringify(['no date', uuidv7()])).toString('base64url')
    expect((await ask(deps, clinic.receptionist, LIST, { ...range, after: forged })).codes).toEqual(['BAD_INPUT'])
    expect((await ask(deps, clinic.receptionist, LIST, { ...range, to: dayIn(0) })).codes).toEqual(['BAD_INPUT'])
  })

  test('each sees their own, and reasons only the patient and the doctor', async () => {
    const patientId = await newPatient()
    const { appointment } = await book(clinic.receptionist, {
      patientId,
      startsAt: inDays(nextDay(), '09:00'),
      reason: 'Cough',
    })
    const read = async (viewer: Viewer | null) => {
      const { data, codes } = await ask(
        deps,
        viewer,
        `query ($id: ID!) { appointment(id: $id) { id reason createdBy { name } patient { name phoneNumber } } }`,
        { id: appointment.id },
      )
      return { seen: data?.appointment, codes }
    }
    expect((await read(asPatient(patientId))).seen).toMatchObject({ reason: 'Cough', createdBy: null })
    expect(await read(clinic.receptionist)).toMatchObject({
      seen: { reason: null, createdBy: { name: 'RECEPTIONIST' } },
      codes: ['FORBIDDEN'],
    })
    expect(await read(clinic.doctor)).toMatchObject({
      seen: { reason: 'Cough', patient: { phoneNumber: null } },
      codes: ['FORBIDDEN'],
    })
    expect(await read(clinic.admin)).toMatchObject({ seen: null, codes: ['FORBIDDEN'] })
    expect(await read(null)).toMatchObject({ seen: null, codes: ['UNAUTHENTICATED'] })
    expect(await read(other.receptionist)).toEqual({ seen: null, codes: [] })
    expect(await read(asPatient(await newPatient()))).toEqual({ seen: null, codes: [] })
    const list = await ask(deps, other.receptionist, LIST, { clinicId: clinic.id, from: dayIn(1), to: dayIn(2) })
    expect([list.data.appointments, list.codes]).toEqual([null, ['FORBIDDEN']])
  })
})
