import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sealPass } from '../access/pass.ts'
import { openTokens } from '../access/sessions.ts'
import { qrOfCode } from '../patient/qr.ts'
import { callEntry } from '../queue/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { createVisitLink } from '../visit/store.ts'
import { checkInAtDoor, findAtDoor, joinAtDoor } from './commands.ts'
import { OF_NEW_NUMBERS, OF_SCANS, OF_TICKETS, OF_TRIES } from './limits.ts'

let server: TestServer
let clinic: TestClinic

beforeAll(async () => {
  server = await startTestServer({ demo: false })
})
afterAll(() => server.close())
beforeEach(async () => {
  slots = 0
  clinic = await createTestClinic(server.deps)
  await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { selfCheckIn: true } })
  await server.db.service.update({ where: { id: first() }, data: { doorJoin: true } })
})

const first = () => clinic.serviceIds[0] as string
const second = () => clinic.serviceIds[1] as string

let numbers = 0
const newNumber = () => `+1202555${String(++numbers).padStart(4, '0')}`

type Person = { id: string; phoneNumber: string; born: string; code: string }

/** Somebody on record, with a number unless they have a guardian. */
const person = async (name: string, born: string, guardianId: string | null = null): Promise<Person> => {
  const id = await clinic.addPatient(name)
  const phoneNumber = guardianId ? null : newNumber()
  const code = randomUUID().replaceAll('-', '').slice(0, 22)
  await server.db.patient.update({
    where: { id },
    data: { phoneNumber, dateOfBirth: new Date(born), guardianId, code },
  })
  return { id, phoneNumber: phoneNumber ?? '', born, code }
}

const FIND = `mutation($i: DoorLookupInput!) { findAtDoor(input: $i) {
  person visits { pass givenName startsAt ticket service { id name } } } }`
const TICKET = '{ isNew link service { id } position { entryId ticket status position ahead } }'
const CHECK_IN = `mutation($p: String!) { checkInAtDoor(pass: $p) ${TICKET} }`
const JOIN = `mutation($i: DoorArrivalInput!) { joinAtDoor(input: $i) ${TICKET} }`

const find = async (input: object) => {
  const { data, errors } = await server.request(FIND, { i: { clinicId: clinic.clinicId, ...input } })
  return errors?.[0] ? errors[0].extensions.code : data.findAtDoor
}
const byNumber = ({ phoneNumber, born }: Pick<Person, 'phoneNumber' | 'born'>) =>
  find({ phoneNumber, dateOfBirth: born })
const checkInWith = async (pass: string) => {
  const { data, errors } = await server.request(CHECK_IN, { p: pass })
  return errors?.[0] ? errors[0].extensions.code : data.checkInAtDoor
}
const join = async (input: object) => {
  const i = { clinicId: clinic.clinicId, serviceId: first(), key: randomUUID(), ...input }
  const { data, errors } = await server.request(JOIN, { i })
  return errors?.[0] ? errors[0].extensions.code : data.joinAtDoor
}
let slots = 0
/** A start of a slot of today that nobody else has. */
const soon = () => new Date(Date.now() + 120_000 * ++slots)
const NOTHING = { visits: [], person: null }
const visitBehind = async (link: string) =>
  (await server.request('query($l: String!) { visit(link: $l) { ticket position } }', { l: link })).data.visit
const audited = async () => {
  await server.deps.trail.flush()
  const rows = await server.db.auditEvent.findMany({ where: { clinicId: clinic.clinicId }, orderBy: { id: 'asc' } })
  return rows.filter(({ action }) => action.startsWith('door.')).map(({ action, detail }) => [action, detail])
}

describe('a booked patient at the door', () => {
  test('is found by number and birth date, checked in, and has a live link and a place', async () => {
    const ann = await person('Ann Marie Reed', '1980-02-29')
    const appointmentId = await clinic.book(ann.id, soon())
    const found = await byNumber(ann)
    expect(found).toMatchObject({
      person: null,
      visits: [{ givenName: 'Ann', ticket: null, service: { id: first() } }],
    })
    const ticket = await checkInWith(found.visits[0].pass)
    expect(ticket).toMatchObject({ isNew: true, position: { status: 'WAITING', position: 1, ahead: 0 } })
    expect(await visitBehind(ticket.link)).toEqual({ ticket: ticket.position.ticket, position: 1 })
    const entry = await server.db.queueEntry.findUniqueOrThrow({ where: { id: ticket.position.entryId } })
    expect(entry).toMatchObject({ appointmentId, patientId: ann.id })
    expect(await audited()).toEqual([
      ['door.looked', 'by number'],
      ['door.checkedIn', 'by number'],
    ])
    const moves = await server.db.auditEvent.findMany({ where: { entityId: entry.id, action: 'queue.checked_in' } })
    expect(moves).toMatchObject([{ actorUserId: null, actorPatientId: ann.id }])
  })

  test('may type the number without the country code of the clinic', async () => {
    await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { timeZone: 'America/New_York' } })
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, new Date(Date.now() + 60_000))
    expect((await byNumber({ ...ann, phoneNumber: ann.phoneNumber.slice(2) })).visits).toHaveLength(1)
  })

  test('gets the same ticket again, twice at once, once more, and from a pass of before', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    const { pass } = (await byNumber(ann)).visits[0]
    const answers = [...(await Promise.all([checkInWith(pass), checkInWith(pass)])), await checkInWith(pass)]
    expect(new Set(answers.map(({ position }) => position.ticket)).size).toBe(1)
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1)
    const again = await byNumber(ann)
    expect(again.visits).toMatchObject([{ ticket: answers[0].position.ticket }])
    expect(await checkInWith(again.visits[0].pass)).toMatchObject({ isNew: false })
    expect(await server.db.queueEntry.count({ where: { patientId: ann.id } })).toBe(1)
  })

  test('with several bookings, and wards, chooses; a ward’s birth date shows the ward’s alone', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const [tim, tom] = [await person('Tim Reed', '2019-05-05', ann.id), await person('Tom Reed', '2019-05-05', ann.id)]
    const ida = await person('Ida Reed', '2021-01-01', ann.id)
    await clinic.book(ann.id, soon())
    await clinic.book(ann.id, soon(), { serviceId: second() })
    for (const { id } of [tim, tom, ida]) await clinic.book(id, soon())
    const names = async (born: string) =>
      (await find({ phoneNumber: ann.phoneNumber, dateOfBirth: born })).visits
        .map(({ givenName }: { givenName: string }) => givenName)
        .toSorted()
    expect(await names('1980-02-29')).toEqual(['Ann', 'Ann', 'Ida', 'Tim', 'Tom'])
    expect(await names('2019-05-05')).toEqual(['Tim', 'Tom'])
    expect(await names('2021-01-01')).toEqual(['Ida'])
  })

  test('is known by their code, which finds their wards’ visits too, and by the link of one visit that alone', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const ida = await person('Ida Reed', '2021-01-01', ann.id)
    const own = await clinic.book(ann.id, soon())
    await clinic.book(ida.id, soon())
    const scanned = await find({ scanned: qrOfCode(ann.code) })
    expect(scanned.visits).toHaveLength(2)
    expect(scanned.person).toEqual(expect.any(String))
    expect((await find({ scanned: ann.code })).visits).toHaveLength(2)
    const link = await server.db.$transaction((tx) =>
      createVisitLink(server.deps.config, tx, { patientId: ann.id, appointmentId: own }),
    )
    const behind = await find({ scanned: link })
    expect(behind).toMatchObject({ person: null, visits: [{ givenName: 'Ann' }] })
    expect(await checkInWith(behind.visits[0].pass)).toMatchObject({ isNew: true })
    expect(await find({ scanned: link })).toMatchObject({ visits: [{ ticket: expect.any(String) }] })
  })

  test('finds nothing of another day, clinic or time, of what was cancelled or has ended', async () => {
    const other = await createTestClinic(server.deps)
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, new Date(Date.now() + 86_400_000))
    await other.book(ann.id, soon())
    const gone = await clinic.book(ann.id, new Date(Date.now() + 600_000))
    await server.db.appointment.update({ where: { id: gone }, data: { status: 'CANCELLED' } })
    expect(await byNumber(ann)).toEqual(NOTHING)
    expect((await find({ scanned: ann.code })).visits).toEqual([])
    const link = await server.db.$transaction((tx) =>
      createVisitLink(server.deps.config, tx, { patientId: ann.id, appointmentId: gone }),
    )
    expect(await find({ scanned: link })).toEqual(NOTHING)
  })
})

describe('a guesser at the door', () => {
  test('hears the same of an unknown number, a wrong birth date and no booking today', async () => {
    const [ann, bea] = [await person('Ann Reed', '1980-02-29'), await person('Bea Lind', '1970-01-01')]
    await clinic.book(ann.id, soon())
    const answers = [
      await byNumber({ ...ann, born: '1980-03-01' }),
      await byNumber(bea),
      await byNumber({ phoneNumber: newNumber(), born: '1980-02-29' }),
      await find({ scanned: '/0123456789abcdefghij_-' }),
      await find({ scanned: `${server.deps.config.publicUrl}/t/0123456789abcdefghij_-` }),
      await find({ scanned: 'what is this' }),
    ]
    for (const answer of answers) expect(answer).toEqual(NOTHING)
    expect(JSON.stringify(await audited())).not.toMatch(/Ann|1980|\+1202/)
  })

  test('sends no fewer statements for an unknown number than for a wrong birth date, and no other ones', async () => {
    const statements: string[] = []
    const counted = await startTestServer({ demo: false, onStatement: (sql) => statements.push(sql) })
    try {
      clinic = await createTestClinic(counted.deps)
      await counted.db.clinic.update({ where: { id: clinic.clinicId }, data: { selfCheckIn: true } })
      const id = await clinic.addPatient('Ann Reed')
      const dateOfBirth = new Date('1980-02-29')
      await counted.db.patient.update({ where: { id }, data: { phoneNumber: '+12025559999', dateOfBirth } })
      const sent = async (phoneNumber: string) => {
        statements.length = 0
        const i = { clinicId: clinic.clinicId, phoneNumber, dateOfBirth: '1980-03-01' }
        expect((await counted.request(FIND, { i })).data.findAtDoor).toEqual(NOTHING)
        return statements.filter((sql) => /login_attempts|patients|clinics/.test(sql))
      }
      const [known, unknown] = [await sent('+12025559999'), await sent('+12025558888')]
      expect(known.length).toBeGreaterThan(3)
      expect(unknown).toEqual(known)
    } finally {
      await counted.close()
    }
  })

  test('has few tries for a number, known or not, and the right birth date is then refused too', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    for (const phoneNumber of [ann.phoneNumber, newNumber()]) {
      const born = (day: number) => `1981-01-${String(day).padStart(2, '0')}`
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, day) => find({ phoneNumber, dateOfBirth: born(day + 1) })),
      )
      expect(answers.filter((answer) => answer !== 'TOO_MANY_ATTEMPTS')).toHaveLength(OF_TRIES.number.most)
    }
    expect(await byNumber(ann)).toBe('TOO_MANY_ATTEMPTS')
    expect((await audited()).filter(([action]) => action === 'door.blocked')).toHaveLength(2)
    // A code is no guess.
    expect((await find({ scanned: ann.code })).visits).toHaveLength(1)
  })

  test('who is right is not counted', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    for (let time = 0; time <= OF_TRIES.number.most; time++) expect((await byNumber(ann)).visits).toHaveLength(1)
  })

  test('has few tries from one network, at one clinic, and for one number in a day', async () => {
    const from = (ip: string) => ({ ...contextOf(server.deps, null), ip })
    const look = (ip: string, phoneNumber = newNumber()) =>
      findAtDoor(from(ip), { clinicId: clinic.clinicId, phoneNumber, dateOfBirth: '1980-02-29' }).then(
        () => 'answered',
        ({ code }) => code,
      )
    const count = async (tries: Promise<string>[]) =>
      (await Promise.all(tries)).filter((answer) => answer === 'answered').length
    const many = (length: number, one: (index: number) => Promise<string>) => Array.from({ length }, (_, i) => one(i))
    expect(await count(many(40, () => look('198.51.100.7')))).toBe(OF_TRIES.network.most)
    expect(await look('198.51.100.200')).toBe('TOO_MANY_ATTEMPTS')
    expect(await look('198.51.101.1')).toBe('answered')
    // 31 were counted at the clinic.
    expect(await count(many(80, (i) => look(`203.0.${i}.1`)))).toBe(OF_TRIES.clinic.most - OF_TRIES.network.most - 1)
    clinic = await createTestClinic(server.deps)
    await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { selfCheckIn: true } })
    const number = newNumber()
    let evaluated = 0
    for (let quarter = 0; quarter < 6; quarter++) {
      evaluated += await count(many(6, () => look(`192.0.${quarter}.1`, number)))
      // A quarter of an hour goes by, a day does not.
      await server.db.$executeRaw`
        UPDATE login_attempts SET window_ends_at = clock_timestamp() WHERE window_ends_at < clock_timestamp() + interval '16 minutes'`
    }
    expect(evaluated).toBe(OF_TRIES.numberInADay.most)
  })

  test('fills neither the log with scans nor the tables with links', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    const ctx = { ...contextOf(server.deps, null), ip: '198.51.100.9' }
    const { clinicId } = clinic
    const { pass } = (await findAtDoor(ctx, { clinicId, scanned: ann.code })).visits[0] as { pass: string }
    // As if nearly all had been made already.
    await server.db.$executeRaw`
      UPDATE login_attempts SET failures = ${OF_SCANS.network.most - 5} WHERE window_ends_at > clock_timestamp() AND failures = 1`
    const answers: string[] = []
    const note = (act: Promise<unknown>) =>
      act.then(
        () => answers.push('answered'),
        ({ code }) => answers.push(code),
      )
    for (let time = 0; time < 5; time++) {
      await note(checkInAtDoor(ctx, pass))
      await note(findAtDoor(ctx, { clinicId, scanned: 'what is this' }))
    }
    expect(answers).toEqual([...Array(5).fill('answered'), ...Array(5).fill('TOO_MANY_ATTEMPTS')])
    expect(await server.db.visitLink.count({ where: { patientId: ann.id } })).toBe(3)
    expect((await audited()).filter(([action]) => action === 'door.looked')).toHaveLength(3)
  })

  test('cannot make, change or keep a pass, nor use it elsewhere', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const appointmentId = await clinic.book(ann.id, soon())
    const { pass } = (await byNumber(ann)).visits[0]
    const [body, mark] = pass.split('.')
    const content = { clinicId: clinic.clinicId, patientId: ann.id, appointmentId, entryId: null, how: 'number' }
    const { config } = server.deps
    const old = sealPass(config, 'door visit', { content, expiresAt: new Date(Date.now() - 1000) })
    const foreign = sealPass({ jwtSecret: 'another secret' }, 'door visit', { content, expiresAt: soon() })
    const otherUse = sealPass(config, 'door person', { content, expiresAt: soon() })
    const forged = `${Buffer.from(JSON.stringify({ ...content, until: 9e15 })).toString('base64url')}.${mark}`
    for (const wrong of ['', '.', 'a.b', body, `${body}.`, forged, old, foreign, otherUse])
      expect(await checkInWith(wrong)).toBe('NOT_FOUND')
    expect(await join({ person: pass })).toBe('NOT_FOUND')
    await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { selfCheckIn: false } })
    expect(await checkInWith(pass)).toBe('NOT_SELF')
    expect(await server.db.queueEntry.count({ where: { patientId: ann.id } })).toBe(0)
  })
})

describe('somebody without a booking at the door', () => {
  test('who is new gives name and birth date, and has a ticket and a record that the desk finds', async () => {
    const phoneNumber = newNumber()
    const ticket = await join({ name: ' Olga  Novak ', dateOfBirth: '1999-12-31', phoneNumber, language: 'es' })
    expect(ticket).toMatchObject({ isNew: true, position: { position: 1 }, service: { id: first() } })
    const { patient } = await server.db.queueEntry.findUniqueOrThrow({
      where: { id: ticket.position.entryId },
      include: { patient: { include: { clinics: true } } },
    })
    expect(patient).toMatchObject({ phoneNumber, phoneVerified: false, language: 'es', createdById: null })
    expect(patient.clinics.map(({ clinicId }) => clinicId)).toEqual([clinic.clinicId])
  })

  test('gets one ticket and one record for the same key, however often it is sent', async () => {
    const input = { name: 'Olga Novak', dateOfBirth: '1999-12-31', phoneNumber: newNumber(), key: randomUUID() }
    const answers = [...(await Promise.all([join(input), join(input), join(input)])), await join(input)]
    expect(new Set(answers.map(({ position }) => position.entryId)).size).toBe(1)
    expect(await server.db.patient.count({ where: { name: 'Olga Novak', phoneNumber: input.phoneNumber } })).toBe(1)
    expect(await server.db.queueEntry.count({ where: { clinicId: clinic.clinicId } })).toBe(1)
  })

  test('whom number and birth date make known gets the ticket on their own record, and one ticket only', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const typed = { name: 'Anne Reid', dateOfBirth: ann.born, phoneNumber: ann.phoneNumber }
    const [one, again] = [await join(typed), await join(typed)]
    const entry = await server.db.queueEntry.findUniqueOrThrow({ where: { id: one.position.entryId } })
    expect(entry.patientId).toBe(ann.id)
    expect(again).toMatchObject({ isNew: false, position: { entryId: entry.id } })
    expect((await server.db.patient.findUniqueOrThrow({ where: { id: ann.id } })).name).toBe('Ann Reed')
  })

  test('of twins gets the one whose name they type', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const [, tom] = [await person('Tim Reed', '2019-05-05', ann.id), await person('Tom Réed', '2019-05-05', ann.id)]
    const { position } = await join({ name: 'tom reed', dateOfBirth: '2019-05-05', phoneNumber: ann.phoneNumber })
    expect((await server.db.queueEntry.findUniqueOrThrow({ where: { id: position.entryId } })).patientId).toBe(tom?.id)
  })

  test('with another’s number hears nothing of it: a new record, and the number stays where it was', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const ticket = await join({ name: 'Ann Reed', dateOfBirth: '1981-01-01', phoneNumber: ann.phoneNumber })
    const alone = await join({ name: 'Zed Zorn', dateOfBirth: '1981-01-01' })
    expect(Object.keys(ticket)).toEqual(Object.keys(alone))
    const { patient } = await server.db.queueEntry.findUniqueOrThrow({
      where: { id: ticket.position.entryId },
      include: { patient: true },
    })
    expect(patient).toMatchObject({ phoneNumber: null })
    expect(patient.id).not.toBe(ann.id)
    expect((await server.db.patient.findUniqueOrThrow({ where: { id: ann.id } })).phoneNumber).toBe(ann.phoneNumber)
  })

  test('known by their code needs to type nothing', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    const { person: pass } = await find({ scanned: qrOfCode(ann.code) })
    const { position } = await join({ person: pass })
    const entry = await server.db.queueEntry.findUniqueOrThrow({ where: { id: position.entryId } })
    expect(entry.patientId).toBe(ann.id)
  })

  test('is refused where the clinic or the service does not let the door do it', async () => {
    const typed = { name: 'Olga Novak', dateOfBirth: '1999-12-31' }
    expect(await join({ ...typed, serviceId: second() })).toBe('NOT_REMOTE')
    expect(await join({ ...typed, serviceId: randomUUID() })).toBe('NOT_FOUND')
    await server.db.service.update({ where: { id: first() }, data: { open: false } })
    expect(await join(typed)).toBe('CLOSED')
    await server.db.service.update({ where: { id: first() }, data: { open: true } })
    await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { selfCheckIn: false } })
    expect(await join(typed)).toBe('NOT_SELF')
    expect(await find({ scanned: 'x' })).toBe('NOT_SELF')
    expect(await server.db.queueEntry.count({ where: { clinicId: clinic.clinicId } })).toBe(0)
  })

  test.each([
    [{ dateOfBirth: '1999-12-31' }, 'input.name'],
    [{ name: '  ', dateOfBirth: '1999-12-31' }, 'input.name'],
    [{ name: 'x'.repeat(201), dateOfBirth: '1999-12-31' }, 'input.name'],
    [{ name: 'Olga' }, 'input.dateOfBirth'],
    [{ name: 'Olga', dateOfBirth: '2999-12-31' }, 'input.dateOfBirth'],
    [{ name: 'Olga', dateOfBirth: '1999-12-31', phoneNumber: '12' }, 'input.phoneNumber'],
    [{ name: 'Olga', dateOfBirth: '1999-12-31', key: 'one' }, 'input.key'],
  ])('who types %o is told that %s is wrong', async (typed, field) => {
    const i = { clinicId: clinic.clinicId, serviceId: first(), key: randomUUID(), ...typed }
    expect((await server.request(JOIN, { i })).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field })
  })

  test('may still join from the door where joining from afar is off, and not the other way round', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await server.db.service.update({ where: { id: first() }, data: { doorJoin: false, remoteJoin: true } })
    expect(await join({ name: 'Ann', dateOfBirth: ann.born, phoneNumber: ann.phoneNumber })).toBe('NOT_REMOTE')
  })

  test('floods neither the queue nor other people’s phones', async () => {
    const attack = (index: number, phoneNumber: string | null) =>
      joinAtDoor(
        { ...contextOf(server.deps, null), ip: `203.${index}.1.1` },
        {
          ...{ clinicId: clinic.clinicId, serviceId: first(), key: randomUUID() },
          ...{ name: `Nobody ${index}`, dateOfBirth: '1990-01-01', phoneNumber },
        },
      ).then(
        () => 'ticket',
        ({ code }) => code,
      )
    const answers = []
    for (let at = 0; at < 80; at += 10)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, (_, index) => attack(at + index, newNumber())))))
    expect(answers.filter((answer) => answer === 'ticket')).toHaveLength(OF_TICKETS.clinic.most)
    const kept = { name: { startsWith: 'Nobody' }, phoneNumber: { not: null } }
    expect(await server.db.patient.count({ where: kept })).toBe(OF_NEW_NUMBERS.most)
  })
})

describe('each role', () => {
  test('of those who are logged in has at the door what strangers have: no name, no number, no record', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    const answers = []
    const { deps } = server
    const holders = [{ userId: userOf(clinic.desk) }, { userId: userOf(clinic.admin) }, { patientId: ann.id }]
    for (const holder of [null, ...holders, { userId: clinic.doctors[0]?.viewer.userId as string }]) {
      const token = holder ? (await openTokens(deps, holder)).accessToken : null
      const i = { clinicId: clinic.clinicId, phoneNumber: ann.phoneNumber, dateOfBirth: ann.born }
      const { data } = await server.request(FIND, { i }, token)
      answers.push(data.findAtDoor.visits.map(({ pass: _pass, ...rest }: { pass: string }) => rest))
    }
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(JSON.stringify(answers)).not.toMatch(/Reed|1980|\+1202/)
  })

  test('a visit that is called meanwhile is shown as called, and one that is over is not found', async () => {
    const ann = await person('Ann Reed', '1980-02-29')
    await clinic.book(ann.id, soon())
    const { pass } = (await byNumber(ann)).visits[0]
    const { position } = await checkInWith(pass)
    await callEntry(clinic.desk, position.entryId, { doctorId: null, room: '3' })
    expect(await checkInWith(pass)).toMatchObject({ position: { status: 'CALLED', position: null } })
    await server.db.queueEntry.update({
      where: { id: position.entryId },
      data: { status: 'LEFT', finishedAt: new Date() },
    })
    await server.db.appointment.updateMany({ where: { patientId: ann.id }, data: { status: 'CANCELLED' } })
    expect(await byNumber(ann)).toEqual(NOTHING)
    expect(await checkInWith(pass)).toBe('NOT_BOOKED')
  })
})

const userOf = ({ viewer }: { viewer: unknown }) => (viewer as { userId: string }).userId
