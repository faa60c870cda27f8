import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { connect } from '../database/client.ts'
import { uuidv7 } from '../database/uuid.ts'
import { mergePatients, updatePatient } from '../patient/commands.ts'
import { addWalkIn, callEntry, hold, leaveQueue, returnToQueue, transfer } from '../queue/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { cloneDatabase, createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createDevice } from '../test/device.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { ask } from '../test/scene.ts'
import { sweepChanges } from './jobs.ts'
import { newCursors } from './live.ts'

vi.setConfig({ testTimeout: 90_000 })

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
beforeAll(async () => {
  database = await createTestDatabase({ max: 12, queryMs: 30_000 })
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const walkIn = (patientId: string, serviceId = clinic.serviceIds[0] as string) =>
  addWalkIn(clinic.desk, {
    ...{ id: null, patientId, serviceId, doctorId: null, urgency: null, reason: null, provisionalTicket: null },
  })
const deviceOf = (viewer: Viewer | null, on: TestDeps = deps) => createDevice(on, viewer)
const patientViewer = (patientId: string, wardIds: string[] = []): Viewer => ({
  ...{ kind: 'patient', sessionId: uuidv7(), patientId, wardIds },
})

describe('change numbers', () => {
  it('have no gap, and a reader who pulls all the time misses nothing while many write', async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    const own = await createTestClinic(deps)
    const patients = await Promise.all(Array.from({ length: 12 }, () => own.addPatient()))
    const write = async (patientId: string, turn: number) => {
      const entry = await addWalkIn(own.desk, {
        ...{ id: null, patientId, serviceId: own.serviceIds[turn % 2] as string, doctorId: null, urgency: null },
        ...{ reason: null, provisionalTicket: null },
      })
      if (random.int(2)) await hold(own.desk, entry.id)
      if (random.int(2)) await updatePatient(own.desk, patientId, { name: `Name ${turn}` })
      // Refused and rolled back: its numbers are nobody's.
      await expect(updatePatient(own.desk, patientId, { phoneNumber: '1' })).rejects.toThrow()
      await leaveQueue(own.desk, entry.id)
    }
    const seen: number[] = []
    let isDone = false
    onTestFinished(() => {
      isDone = true
    })
    const reader = (async () => {
      let after = 0
      for (let last = false; ; last = isDone) {
        const rows = await deps.db.change.findMany({
          where: { streamId: own.clinicId, number: { gt: after } },
          orderBy: { number: 'asc' },
        })
        seen.push(...rows.map(({ number }) => Number(number)))
        after = seen.at(-1) ?? 0
        if (last) return
      }
    })()
    const device = deviceOf(own.desk.viewer)
    await device.pull()
    await Promise.all(
      patients.map(async (patientId) => {
        for (let turn = 0; turn < 4; turn++) {
          await write(patientId, turn)
          if (random.int(3) === 0) await device.pullPage()
        }
      }),
    )
    isDone = true
    await reader
    expect(seen, `seed ${seed}`).toEqual(seen.map((_, i) => i + 1))
    expect(seen.length).toBeGreaterThan(100)
    await device.pull()
    const rows = await deps.db.queueEntry.findMany({ where: { clinicId: own.clinicId } })
    for (const { id, version, status } of rows)
      expect(device.held.get(id), `seed ${seed}`).toMatchObject({ version, status })
    const records = await deps.db.patient.findMany({ where: { id: { in: patients } } })
    for (const { id, version, name } of records)
      expect(device.held.get(id), `seed ${seed}`).toMatchObject({ version, name })
  })
})

describe('a first load', () => {
  it('of a clinic with 500 patients in the day is a few pages and less than 300 KB compressed', async () => {
    const own = await createTestClinic(deps, { doctors: 5 })
    const { clinicId, serviceIds, doctors } = own
    const names = ['Ada Lovelace', 'Grace Hopper', 'Emmy Noether', 'Katherine Johnson', 'Jürgen Müller-Lüdenscheidt']
    const patients = Array.from({ length: 500 }, (_, i) => ({
      ...{ id: randomUUID(), code: randomUUID(), name: `${names[i % 5]} ${i}`, phoneNumber: `+4930${1_000_000 + i}` },
      dateOfBirth: new Date(Date.UTC(1930 + (i % 90), i % 12, 1 + (i % 28))),
    }))
    await deps.db.patient.createMany({ data: patients })
    await deps.db.clinicPatient.createMany({ data: patients.map(({ id }) => ({ clinicId, patientId: id })) })
    const day = new Date()
    await deps.db.appointment.createMany({
      data: patients.map(({ id }, i) => ({
        ...{ id: uuidv7(), clinicId, serviceId: serviceIds[i % 2] as string, doctorId: doctors[i % 5]?.id as string },
        ...{ patientId: id, startsAt: new Date(day.getTime() + 86_400_000 + i * 60_000) },
        endsAt: new Date(day.getTime() + 86_400_000 + i * 60_000 + 30_000),
      })),
    })
    await deps.db.queueEntry.createMany({
      data: patients.map(({ id }, i) => ({
        ...{ id: uuidv7(), clinicId, serviceId: serviceIds[i % 2] as string, patientId: id },
        ...{ ticketServiceId: serviceIds[i % 2] as string, ticketDay: day, ticketNumber: 1 + Math.floor(i / 2) },
        ...{ ticket: `A-${i}`, rank: 2, dueAt: day, ownDueAt: day, subRank: String(i), arrivedAt: day },
      })),
    })
    const LOAD = `query($cursor: String) { changes(cursor: $cursor) { cursor hasMore removed
      patients { id version name phoneNumber dateOfBirth language guardian { id } }
      appointments { id version status urgency startsAt endsAt bound service { id } doctor { id } patient { id } }
      entries { id version ticket provisionalTicket status urgency room arrivedAt dueAt calledAt startedAt finishedAt
        service { id } doctor { id } boundDoctor { id } patient { id } appointment { id }
        place { rank subRank arrivalSeq ownDueAt } }
      overridden { id } } }`
    let cursor: string | null = null
    let bytes = 0
    let pages = 0
    const ids = new Set<string>()
    for (let more = true; more; pages++) {
      const { data, errors } = await ask(deps, own.desk.viewer, LOAD, { cursor })
      expect(errors).toEqual([])
      bytes += gzipSync(JSON.stringify({ data })).length
      for (const row of [...data.changes.patients, ...data.changes.appointments, ...data.changes.entries])
        ids.add(row.id)
      cursor = data.changes.cursor
      more = data.changes.hasMore
    }
    expect(ids.size).toBe(1500)
    expect(pages).toBeLessThanOrEqual(5)
    expect(bytes).toBeLessThan(300_000)
  })

  it('goes on to what changed while it was under way', async () => {
    const own = await createTestClinic(deps)
    const patients = Array.from({ length: 510 }, (_, i) => ({ id: randomUUID(), code: randomUUID(), name: `P ${i}` }))
    await deps.db.patient.createMany({ data: patients })
    await deps.db.clinicPatient.createMany({
      data: patients.map(({ id }) => ({ clinicId: own.clinicId, patientId: id })),
    })
    await deps.db.queueEntry.createMany({
      data: patients.map(({ id }, i) => ({
        ...{ id: uuidv7(), clinicId: own.clinicId, serviceId: own.serviceIds[0] as string, patientId: id },
        ...{
          ticketServiceId: own.serviceIds[0] as string,
          ticketDay: new Date(),
          ticketNumber: 1 + i,
          ticket: `A-${i}`,
        },
        ...{ rank: 2, dueAt: new Date(), ownDueAt: new Date(), subRank: '0', arrivedAt: new Date() },
      })),
    })
    const device = deviceOf(own.desk.viewer)
    await device.pullPage()
    const renamed = patients.map(({ id }) => id).filter((id) => !device.held.has(id))
    await updatePatient(own.desk, renamed[0] as string, { name: 'Renamed meanwhile' })
    await updatePatient(own.desk, renamed[9] as string, { name: 'Renamed, too' })
    const entry = await addWalkIn(own.desk, {
      ...{ id: null, patientId: await own.addPatient('New'), serviceId: own.serviceIds[1] as string, doctorId: null },
      ...{ urgency: null, reason: null, provisionalTicket: null },
    })
    await device.pull()
    expect(device.held.get(renamed[0] as string)?.name).toBe('Renamed meanwhile')
    expect(device.held.get(renamed[9] as string)?.name).toBe('Renamed, too')
    expect(device.held.get(entry.id)).toBeDefined()
    expect([...device.held.values()].filter(({ ticket }) => ticket)).toHaveLength(511)
  })

  it('of a day that begins brings the bookings that come into sight, and their patients', async () => {
    const own = await createTestClinic(deps)
    const patientId = await own.addPatient('In two weeks')
    const device = deviceOf(own.desk.viewer)
    await device.pull()
    const booking = await own.book(patientId, new Date(Date.now() + 13.5 * 86_400_000))
    // As if the device had last pulled three days ago, and heard of nothing since.
    const parts = JSON.parse(Buffer.from(device.cursor as string, 'base64url').toString())
    const [newest] = await deps.db.$queryRaw<{ number: bigint; at: bigint }[]>`
      SELECT number, (extract(epoch FROM at) * 1000000)::bigint AS at FROM changes
      WHERE stream_id = ${own.clinicId}::uuid ORDER BY number DESC LIMIT 1`
    parts[2] = Number(newest?.number)
    parts[3] = Number(newest?.at)
    parts[4] = new Date(Date.parse(`${parts[4]}T00:00:00Z`) - 3 * 86_400_000).toISOString().slice(0, 10)
    device.cursor = Buffer.from(JSON.stringify(parts)).toString('base64url')
    device.held.clear()
    await device.pull()
    expect([...device.held.keys()].sort()).toEqual([booking, patientId].sort())
    expect(device.pages.flatMap(({ entries }) => entries)).toEqual([])
  })
})

describe('what a viewer holds', () => {
  it('is their clinic’s for staff; linking a patient gives the record, and a patient known for years comes with their visit', async () => {
    const other = await createTestClinic(deps)
    const device = deviceOf(clinic.desk.viewer)
    await device.pull()
    const patientId = await other.addPatient('Of another clinic')
    await device.pull()
    expect(device.held.has(patientId)).toBe(false)
    const entry = await walkIn(patientId)
    await device.pull()
    expect(device.held.get(patientId)?.name).toBe('Of another clinic')
    expect(device.held.get(entry.id)?.status).toBe('WAITING')
    const theirs = deviceOf(other.desk.viewer)
    await theirs.pull()
    expect(theirs.held.has(entry.id)).toBe(false)
    await leaveQueue(clinic.desk, entry.id)
  })

  it('leaves a doctor with the transfer, patient and all, and comes back with the next', async () => {
    const doctor = await clinic.addDoctor([clinic.serviceIds[0] as string])
    const device = deviceOf(doctor.viewer)
    await device.pull()
    const patientId = await clinic.addPatient('To and fro')
    const { id } = await walkIn(patientId)
    await device.pull()
    expect([device.held.has(id), device.held.has(patientId)]).toEqual([true, true])
    await transfer(clinic.desk, id, { serviceId: clinic.serviceIds[1] as string, doctorId: null })
    await device.pull()
    expect([device.held.has(id), device.held.has(patientId)]).toEqual([false, false])
    await transfer(clinic.desk, id, { serviceId: clinic.serviceIds[0] as string, doctorId: null })
    await device.pull()
    expect([device.held.has(id), device.held.has(patientId)]).toEqual([true, true])
    await leaveQueue(clinic.desk, id)
  })

  it('shows a ward’s guardian as soon as the guardian comes into sight, and no longer', async () => {
    const [doctor] = clinic.doctors as [(typeof clinic.doctors)[number]]
    const guardianId = await clinic.addPatient('Guardian')
    const id = await clinic.addPatient('Ward')
    await deps.db.patient.update({ where: { id }, data: { guardianId } })
    const held = deviceOf(doctor.viewer)
    const shown = async () => {
      const { data } = await ask(
        deps,
        doctor.viewer,
        'query($cursor: String) { changes(cursor: $cursor) { cursor patients { id guardian { id } } } }',
        { cursor: held.cursor },
      )
      held.cursor = data.changes.cursor
      return data.changes.patients.find((patient: { id: string }) => patient.id === id)
    }
    await walkIn(id)
    await held.pull()
    const entry = await walkIn(guardianId)
    expect(await shown()).toEqual({ id, guardian: { id: guardianId } })
    const elsewhere = uuidv7()
    await deps.db.service.create({
      data: { id: elsewhere, clinicId: clinic.clinicId, name: 'Elsewhere', ticketLetter: 'X', slotMinutes: 15 },
    })
    await transfer(clinic.desk, entry.id, { serviceId: elsewhere, doctorId: null })
    expect(await shown()).toEqual({ id, guardian: null })
  })

  it('is loaded anew when the viewer’s rights are others', async () => {
    const doctor = await clinic.addDoctor([clinic.serviceIds[0] as string])
    const device = deviceOf(doctor.viewer)
    await device.pull()
    const moved = deviceOf({ ...doctor.viewer, serviceIds: [clinic.serviceIds[1] as string] })
    moved.cursor = device.cursor
    expect(await moved.pull()).toBe('CURSOR_EXPIRED')
  })

  it('is a patient’s own and their wards’, and nobody else’s', async () => {
    const [parent, stranger] = [await clinic.addPatient('Parent'), await clinic.addPatient('Stranger')]
    const child = randomUUID()
    const device = deviceOf(patientViewer(parent, [child]))
    await device.pull()
    await deps.db.patient.create({ data: { id: child, name: 'Child', code: randomUUID(), guardianId: parent } })
    const own = await walkIn(parent)
    const ward = await walkIn(child)
    await walkIn(stranger)
    await device.pull()
    expect([...device.held.keys()].sort()).toEqual([parent, child, own.id, ward.id].sort())
    const fresh = deviceOf(patientViewer(parent, [child]))
    await fresh.pull()
    expect([...fresh.held.keys()].sort()).toEqual([...device.held.keys()].sort())
    await callEntry(clinic.desk, ward.id, { doctorId: null, room: null })
    await device.pull()
    expect(device.held.get(ward.id)?.status).toBe('CALLED')
  })

  it('changes with a merge: the dropped record goes, its visits are those of the kept one, and of their guardians', async () => {
    const [oldGuardian, newGuardian] = [await clinic.addPatient('Old'), await clinic.addPatient('New')]
    const add = async (name: string, guardianId: string | null) => {
      const id = await clinic.addPatient(name)
      await deps.db.patient.update({ where: { id }, data: { guardianId } })
      return id
    }
    const [keep, drop] = [await add('Kept', newGuardian), await add('Dropped', oldGuardian)]
    const entry = await walkIn(drop)
    const staff = deviceOf(clinic.desk.viewer)
    const before = deviceOf(patientViewer(oldGuardian, [drop]))
    const after = deviceOf(patientViewer(newGuardian, [keep]))
    for (const device of [staff, before, after]) await device.pull()
    expect(before.held.has(entry.id)).toBe(true)
    await mergePatients(clinic.desk, { keep, drop, endLogin: true })
    const [then, now] = [deviceOf(patientViewer(oldGuardian)), deviceOf(patientViewer(newGuardian, [keep]))]
    then.cursor = before.cursor
    now.cursor = after.cursor
    for (const device of [staff, then, now]) await device.pull()
    expect(staff.held.has(drop)).toBe(false)
    expect(staff.held.get(entry.id)?.patient.id).toBe(keep)
    expect(then.pages.flatMap(({ removed }) => removed)).toEqual(expect.arrayContaining([drop, entry.id]))
    expect(now.held.get(entry.id)?.patient.id).toBe(keep)
    await leaveQueue(clinic.desk, entry.id)
  })
})

describe('a pull', () => {
  it('ends while others write without a pause, gives a record once in a page, and repeats nothing for ever', async () => {
    const own = await createTestClinic(deps)
    const device = deviceOf(own.desk.viewer)
    await device.pull()
    const entry = await addWalkIn(own.desk, {
      ...{ id: null, patientId: await own.addPatient(), serviceId: own.serviceIds[0] as string, doctorId: null },
      ...{ urgency: null, reason: null, provisionalTicket: null },
    })
    let isDone = false
    onTestFinished(() => {
      isDone = true
    })
    const writer = (async () => {
      while (!isDone) {
        await hold(own.desk, entry.id)
        await returnToQueue(own.desk, entry.id)
      }
    })()
    for (let i = 0; i < 10; i++) {
      expect(await device.pull()).toBeNull()
      for (const { entries } of device.pages) expect(entries.length).toBeLessThanOrEqual(1)
    }
    isDone = true
    await writer
    await device.pull()
    const { version } = await deps.db.queueEntry.findUniqueOrThrow({ where: { id: entry.id } })
    expect(device.held.get(entry.id)?.version).toBe(version)
    await device.pull()
    expect(device.pages).toMatchObject([{ entries: [], patients: [], appointments: [], removed: [], hasMore: false }])
  })

  it.each([
    ['no cursor', () => 'nonsense'],
    [
      'of another stream',
      async () => {
        const other = deviceOf((await createTestClinic(deps)).desk.viewer)
        await other.pull()
        return other.cursor
      },
    ],
    ['of another version', () => Buffer.from('[99]').toString('base64url')],
  ])('with a cursor that is %s says CURSOR_EXPIRED', async (_what, cursorOf) => {
    const device = deviceOf(clinic.desk.viewer)
    device.cursor = await cursorOf()
    expect(await device.pull()).toBe('CURSOR_EXPIRED')
  })

  it('from more than thirty days ago says CURSOR_EXPIRED; one at the newest change never does', async () => {
    const own = await createTestClinic(deps)
    const [old, quiet] = [deviceOf(own.desk.viewer), deviceOf((await createTestClinic(deps)).desk.viewer)]
    await own.addPatient()
    await old.pull()
    const cursor = old.cursor
    await own.addPatient()
    await old.pull()
    await deps.db.$transaction(async (tx) => {
      await tx.$executeRaw`ALTER TABLE changes DISABLE TRIGGER changes_insert_only`
      await tx.$executeRaw`UPDATE changes SET at = at - interval '31 days' WHERE stream_id = ${own.clinicId}::uuid`
      await tx.$executeRaw`ALTER TABLE changes ENABLE TRIGGER changes_insert_only`
    })
    const ages = (text: string | null): string => {
      const parts = JSON.parse(Buffer.from(text as string, 'base64url').toString())
      parts[3] -= 31 * 86_400 * 1_000_000
      return Buffer.from(JSON.stringify(parts)).toString('base64url')
    }
    const newest = ages(old.cursor)
    old.cursor = ages(cursor)
    expect(await old.pull()).toBeNull()
    await quiet.pull()
    await sweepChanges(deps)
    old.cursor = ages(cursor)
    expect(await old.pull()).toBe('CURSOR_EXPIRED')
    old.cursor = newest
    expect(await old.pull()).toBeNull()
    expect(await quiet.pull()).toBeNull()
  })

  it('is FORBIDDEN for admins, who see no patients', async () => {
    expect(await deviceOf(clinic.admin.viewer).pull()).toBe('FORBIDDEN')
    expect(await deviceOf(null).pull()).toBe('UNAUTHENTICATED')
  })
})

describe('a database that came back from a backup', () => {
  it('is noticed by the cursor, even where as many changes were made since, and by the seq that it expects', async () => {
    const first = await createTestDatabase()
    const before = createTestDeps(first)
    const own = await createTestClinic(before)
    const device = createDevice(before, own.desk.viewer)
    const create = () => ({ id: randomUUID(), name: 'Made before' })
    await device.act('createPatient', create())
    await device.pull()
    await before.close()
    await first.db.$disconnect()
    const backup = await cloneDatabase(first)

    const live = { ...first, db: connect(first.url, { max: 4 }) }
    const goingOn = createTestDeps(live)
    const again = createDevice(goingOn, own.desk.viewer, device.clientId)
    const operation = { ...device.operation('createPatient', create()) }
    await again.send([operation])
    again.cursor = device.cursor
    await again.pull()

    const restored = createTestDeps(backup)
    const there = createDevice(restored, own.desk.viewer, device.clientId)
    expect((await there.send([])).nextSeq).toBe(2)
    there.cursor = device.cursor
    expect(await there.pull()).toBeNull()
    await createDevice(restored, own.desk.viewer).act('createPatient', create())
    there.cursor = again.cursor
    expect(await there.pull()).toBe('CURSOR_EXPIRED')
    await goingOn.close()
    await restored.close()
    await live.db.$disconnect()
    await backup.drop()
    await first.drop()
  })
})

describe('changesAvailable', () => {
  it('tells of a change on every instance, coalesced, with a cursor that is good for a pull', async () => {
    const other = createTestDeps(database)
    const own = await createTestClinic(deps)
    const patientId = await own.addPatient()
    const here = newCursors(own.desk)
    const there = newCursors(contextOf(other, own.desk.viewer))
    const [first] = [await here.next(), await there.next()]
    const device = deviceOf(own.desk.viewer)
    device.cursor = first.value as string
    expect(await device.pull()).toBeNull()
    expect(device.pages).toHaveLength(1)
    const told = Promise.all([here.next(), there.next()])
    await updatePatient(own.desk, patientId, { name: 'Renamed' })
    const [a, b] = await told
    for (const { value } of [a, b]) {
      const at = deviceOf(own.desk.viewer)
      at.cursor = value as string
      await at.pull()
      expect(at.pages[0]).toMatchObject({ patients: [], hasMore: false })
    }
    await device.pull()
    expect(device.held.get(patientId)?.name).toBe('Renamed')
    await here.return(undefined)
    await there.return(undefined)
    await other.close()
  })

  it('ends with the right to it', async () => {
    const own = await createTestClinic(deps)
    const ctx = { ...own.desk }
    const cursors = newCursors(ctx)
    await cursors.next()
    const next = cursors.next()
    ctx.viewer = own.admin.viewer
    await own.addPatient()
    await expect(next).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})
