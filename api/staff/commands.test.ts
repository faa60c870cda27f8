import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginStaff } from '../access/commands.ts'
import { openTokens } from '../access/sessions.ts'
import { changedSessions, loadViewer } from '../access/store.ts'
import type { Context } from '../context.ts'
import type { Role } from '../database/generated/enums.ts'
import { createContext, createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createUser, deactivateUser, updateUser } from './commands.ts'
import { usersOf } from './store.ts'

let database: TestDatabase
let deps: TestDeps

type Clinic = { clinicId: string; serviceIds: [string, string]; adminId: string; admin: Context }

let numbers = 0

/** A clinic with two services and one admin, who asks. */
const newClinic = async (): Promise<Clinic> => {
  const [clinicId, adminId] = [randomUUID(), randomUUID()]
  const serviceIds: [string, string] = [randomUUID(), randomUUID()]
  await deps.db.clinic.create({ data: { id: clinicId, name: 'Clinic', timeZone: 'UTC' } })
  for (const [index, id] of serviceIds.entries())
    await deps.db.service.create({
      data: { id, clinicId, name: `Service ${index}`, ticketLetter: 'GV'[index] as string, slotMinutes: 15 },
    })
  await deps.db.user.create({
    data: {
      id: adminId,
      clinicId,
      username: `admin-${adminId}`.slice(0, 40),
      name: 'Admin',
      role: 'ADMIN',
      passwordHash: '-',
    },
  })
  return { clinicId, serviceIds, adminId, admin: await as(adminId) }
}

const as = async (userId: string): Promise<Context> =>
  createContext(deps, (await openTokens(deps, { userId })).sessionId)

const input = (clinicId: string, role: Role, serviceIds?: string[]) => ({
  clinicId,
  username: `Somebody.${numbers++}`,
  name: ' Somebody New ',
  password: 'first password',
  role,
  ...(serviceIds && { serviceIds }),
})

const doctorOf = (userId: string) => deps.db.doctor.findUnique({ where: { userId }, include: { services: true } })

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

describe('adding staff', () => {
  it('makes a user who can log in, and writes it down', async () => {
    const { clinicId, admin, adminId } = await newClinic()
    const user = await createUser(admin, input(clinicId, 'RECEPTIONIST'))
    expect(user).toMatchObject({ clinicId, name: 'Somebody New', role: 'RECEPTIONIST', active: true })
    expect(user.username).toBe(user.username.toLowerCase())
    const session = await loginStaff(await createContext(deps), { username: user.username, password: 'first password' })
    expect(session.viewer).toMatchObject({ userId: user.id, doctorId: null })
    const audit = await deps.db.auditEvent.findMany({ where: { entityId: user.id, action: 'user.created' } })
    expect(audit).toMatchObject([{ actorUserId: adminId, clinicId }])
    expect(JSON.stringify(audit)).not.toContain('password')
  })

  it('gives a doctor record with the services named, and to every DOCTOR', async () => {
    const { clinicId, serviceIds, admin } = await newClinic()
    const solo = await createUser(admin, input(clinicId, 'ADMIN', serviceIds))
    const junior = await createUser(admin, input(clinicId, 'DOCTOR'))
    expect((await doctorOf(solo.id))?.services.map((link) => link.serviceId).sort()).toEqual([...serviceIds].sort())
    expect(await doctorOf(junior.id)).toMatchObject({ active: true, onDuty: false, services: [], name: 'Somebody New' })
  })

  it.each([
    ['a short username', { username: 'ab' }, 'input.username'],
    ['a username with blanks', { username: 'a b c' }, 'input.username'],
    ['no name', { name: '  ' }, 'input.name'],
    ['a short password', { password: 'short' }, 'input.password'],
    ['a long password', { password: 'x'.repeat(73) }, 'input.password'],
    ['an unknown service', { serviceIds: [randomUUID()] }, 'input.serviceIds'],
    ['a service that is no id', { serviceIds: ['G'] }, 'input.serviceIds'],
  ])('is refused with %s', async (_name, wrong, field) => {
    const { clinicId, admin } = await newClinic()
    await expect(createUser(admin, { ...input(clinicId, 'DOCTOR'), ...wrong })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field },
    })
    expect(await deps.db.user.count({ where: { clinicId } })).toBe(1)
  })

  it("is refused with another clinic's services, and a taken username over all clinics in any case of letters", async () => {
    const [mine, other] = [await newClinic(), await newClinic()]
    await expect(createUser(mine.admin, input(mine.clinicId, 'DOCTOR', other.serviceIds))).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    const taken = input(other.clinicId, 'RECEPTIONIST')
    await createUser(other.admin, taken)
    await expect(
      createUser(mine.admin, { ...input(mine.clinicId, 'RECEPTIONIST'), username: taken.username.toUpperCase() }),
    ).rejects.toMatchObject({ code: 'USERNAME_TAKEN' })
  })

  it('is for admins of that clinic', async () => {
    const [mine, other] = [await newClinic(), await newClinic()]
    const receptionist = await as((await createUser(mine.admin, input(mine.clinicId, 'RECEPTIONIST'))).id)
    const attempt = (ctx: Context) => createUser(ctx, input(mine.clinicId, 'RECEPTIONIST'))
    await expect(attempt(await createContext(deps))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(attempt(receptionist)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(attempt(other.admin)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('changing staff', () => {
  it('carries the name over to the doctor record, without ending sessions', async () => {
    const { clinicId, serviceIds, admin } = await newClinic()
    const user = await createUser(admin, input(clinicId, 'DOCTOR', serviceIds))
    const { sessionId } = await openTokens(deps, { userId: user.id })
    await updateUser(admin, user.id, { name: 'Dr. New Name' })
    expect(await doctorOf(user.id)).toMatchObject({ name: 'Dr. New Name', active: true })
    expect(await loadViewer(deps.db, sessionId)).not.toBeNull()
  })

  it('a new role or password ends their sessions', async () => {
    const { clinicId, admin } = await newClinic()
    const user = await createUser(admin, input(clinicId, 'RECEPTIONIST'))
    for (const change of [{ role: 'DOCTOR' as const }, { password: 'second password' }]) {
      const { sessionId } = await openTokens(deps, { userId: user.id })
      await updateUser(admin, user.id, change)
      expect(await loadViewer(deps.db, sessionId)).toBeNull()
    }
    await loginStaff(await createContext(deps), { username: user.username, password: 'second password' })
  })

  it('services make, change, rest and revive the doctor record; open sessions follow', async () => {
    const { clinicId, serviceIds, admin } = await newClinic()
    const user = await createUser(admin, input(clinicId, 'RECEPTIONIST'))
    const { sessionId } = await openTokens(deps, { userId: user.id })
    const rights = async () => {
      const viewer = await loadViewer(deps.db, sessionId)
      return viewer?.kind === 'user' ? [viewer.doctorId !== null, viewer.serviceIds] : null
    }
    await updateUser(admin, user.id, { serviceIds: [serviceIds[0]] })
    expect(await rights()).toEqual([true, [serviceIds[0]]])
    expect((await changedSessions(deps.db, null)).changedAt.has(sessionId)).toBe(true)
    await updateUser(admin, user.id, { serviceIds: [serviceIds[1], serviceIds[1].toUpperCase()] })
    expect(await rights()).toEqual([true, [serviceIds[1]]])
    await deps.db.doctor.update({ where: { userId: user.id }, data: { onDuty: true } })
    const { version } = await deps.db.queueState.findUniqueOrThrow({ where: { serviceId: serviceIds[1] } })
    await updateUser(admin, user.id, { serviceIds: [] })
    expect(await rights()).toEqual([false, []])
    expect(await doctorOf(user.id)).toMatchObject({ active: false, onDuty: false })
    expect(await deps.db.queueState.findUniqueOrThrow({ where: { serviceId: serviceIds[1] } })).toEqual({
      serviceId: serviceIds[1],
      version: version + 1,
    })
    expect(await doctorOf(user.id)).toMatchObject({ services: [] })
    await updateUser(admin, user.id, { serviceIds })
    expect(await rights()).toEqual([true, [...serviceIds].sort()])
  })

  it("another clinic's user is not found", async () => {
    const [mine, other] = [await newClinic(), await newClinic()]
    await expect(updateUser(mine.admin, other.adminId, { name: 'Mine' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(deactivateUser(mine.admin, 'no id')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('taking the log-in away', () => {
  it('ends sessions, rests the doctor record, and can be undone', async () => {
    const { clinicId, serviceIds, admin } = await newClinic()
    const user = await createUser(admin, input(clinicId, 'DOCTOR', serviceIds))
    await deps.db.doctor.update({ where: { userId: user.id }, data: { onDuty: true } })
    const { sessionId } = await openTokens(deps, { userId: user.id })
    expect(await deactivateUser(admin, user.id)).toMatchObject({ active: false })
    expect(await loadViewer(deps.db, sessionId)).toBeNull()
    expect(await doctorOf(user.id)).toMatchObject({ active: false, onDuty: false })
    await expect(
      loginStaff(await createContext(deps), { username: user.username, password: 'first password' }),
    ).rejects.toMatchObject({ code: 'WRONG_CREDENTIALS' })
    await updateUser(admin, user.id, { active: true })
    const session = await loginStaff(await createContext(deps), { username: user.username, password: 'first password' })
    expect(session.viewer).toMatchObject({ serviceIds: [...serviceIds].sort() })
  })

  it('is refused for oneself and for the last active admin', async () => {
    const { clinicId, adminId, admin } = await newClinic()
    await expect(deactivateUser(admin, adminId)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(updateUser(admin, adminId, { role: 'RECEPTIONIST' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('last active admin'),
    })
    await createUser(admin, input(clinicId, 'ADMIN'))
    await updateUser(admin, adminId, { role: 'RECEPTIONIST' })
    expect(admin.viewer).toMatchObject({ role: 'RECEPTIONIST' })
  })

  it('two admins who demote each other at once leave one', async () => {
    for (let round = 0; round < 5; round++) {
      const { clinicId, adminId, admin } = await newClinic()
      const second = await createUser(admin, input(clinicId, 'ADMIN'))
      // Logged in before the race: afterwards the second may be gone already.
      const other = await as(second.id)
      const results = await Promise.allSettled([deactivateUser(admin, second.id), deactivateUser(other, adminId)])
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
      expect(await deps.db.user.count({ where: { clinicId, role: 'ADMIN', active: true } })).toBe(1)
    }
  })
})

describe('listing staff', () => {
  it('pages through the own clinic in the order of adding', async () => {
    const { clinicId, adminId, admin } = await newClinic()
    const added: string[] = []
    for (let index = 0; index < 3; index++) added.push((await createUser(admin, input(clinicId, 'RECEPTIONIST'))).id)
    const all = await usersOf(deps.db, clinicId, {})
    expect(all.edges.map((edge) => edge.node.id).sort()).toEqual([adminId, ...added].sort())
    const first = await usersOf(deps.db, clinicId, { first: 2 })
    const rest = await usersOf(deps.db, clinicId, { first: 2, after: first.pageInfo.endCursor })
    expect([...first.edges, ...rest.edges]).toEqual(all.edges)
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false])
  })
})
