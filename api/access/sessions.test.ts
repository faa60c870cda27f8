import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deactivateUser, updateUser } from '../staff/commands.ts'
import { createContext, createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { databaseNow, measureClock } from './clock.ts'
import { changePassword, loginPatient, loginStaff, logout, openSession, refreshSession } from './commands.ts'
import { sweepAccess } from './jobs.ts'
import { hashPassword } from './passwords.ts'
import { openTokens, rotateTokens } from './sessions.ts'
import { loadViewer } from './store.ts'
import { tokenHash, verifyAccessToken } from './tokens.ts'
import { createViewers } from './viewers.ts'

const PASSWORD = 'anteroom-demo'

let database: TestDatabase
let deps: TestDeps
let clinicId: string
let passwordHash: string

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  await measureClock(deps.db)
  passwordHash = await hashPassword({ ip: '', config: deps.config }, PASSWORD, 'password')
  clinicId = randomUUID()
  await deps.db.clinic.create({ data: { id: clinicId, name: 'Test clinic', timeZone: 'Europe/Berlin' } })
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const newUser = async (
  role: 'ADMIN' | 'DOCTOR' | 'RECEPTIONIST' = 'RECEPTIONIST',
): Promise<{ id: string; username: string }> => {
  const id = randomUUID()
  const username = `user-${id.slice(0, 8)}`
  await deps.db.user.create({ data: { id, clinicId, username, name: 'Somebody', role, passwordHash } })
  return { id, username }
}

let numbers = 0
const newPatient = async (phoneVerified = true): Promise<{ id: string; phoneNumber: string }> => {
  const id = randomUUID()
  const phoneNumber = `+1202555${String(1000 + numbers++)}`
  await deps.db.patient.create({ data: { id, name: 'Somebody', phoneNumber, phoneVerified, passwordHash, code: id } })
  return { id, phoneNumber }
}

const open = async (userId: string) => openTokens(deps, { userId })

const shift = (hash: string, seconds: number) =>
  deps.db.$executeRaw`
    UPDATE refresh_tokens SET used_at = used_at - make_interval(secs => ${seconds}::float8) WHERE hash = ${hash}`

const auditOf = async (entityId: string): Promise<string[]> => {
  await deps.trail.flush()
  const rows = await deps.db.auditEvent.findMany({ where: { entityId }, orderBy: { id: 'asc' } })
  return rows.map((row) => row.action)
}

describe('logging in', () => {
  it('works for staff in any case of letters, and says who it was', async () => {
    const user = await newUser()
    const ctx = await createContext(deps)
    const session = await loginStaff(ctx, { username: ` ${user.username.toUpperCase()} `, password: PASSWORD })
    expect(session.viewer).toMatchObject({
      kind: 'user',
      userId: user.id,
      clinicId,
      role: 'RECEPTIONIST',
      serviceIds: [],
    })
    expect(ctx.viewer).toEqual(session.viewer)
    expect(verifyAccessToken(session.accessToken, deps.config, databaseNow())).toMatchObject({
      sessionId: session.viewer.sessionId,
    })
    expect(await auditOf(user.id)).toEqual(['session.opened'])
  })

  it('works for patients however the number is written, wards included', async () => {
    const patient = await newPatient()
    const ward = randomUUID()
    await deps.db.patient.create({ data: { id: ward, name: 'Child', guardianId: patient.id, code: ward } })
    const typed = `${patient.phoneNumber.slice(0, 2)} (${patient.phoneNumber.slice(2, 5)}) ${patient.phoneNumber.slice(5)}`
    const session = await loginPatient(await createContext(deps), { phoneNumber: typed, password: PASSWORD })
    expect(session.viewer).toMatchObject({ kind: 'patient', patientId: patient.id, wardIds: [ward] })
  })

  it('is refused alike for wrong passwords, unknown accounts, inactive users and unproved numbers', async () => {
    const user = await newUser()
    const gone = await newUser()
    await deps.db.user.update({ where: { id: gone.id }, data: { active: false } })
    const unproved = await newPatient(false)
    const ctx = await createContext(deps)
    const refusals = await Promise.allSettled([
      loginStaff(ctx, { username: user.username, password: 'wrong password' }),
      loginStaff(ctx, { username: 'nobody-at-all', password: PASSWORD }),
      loginStaff(ctx, { username: 'no username \0', password: PASSWORD }),
      loginStaff(ctx, { username: gone.username, password: PASSWORD }),
      loginPatient(ctx, { phoneNumber: unproved.phoneNumber, password: PASSWORD }),
      loginPatient(ctx, { phoneNumber: '+12025550999', password: PASSWORD }),
    ])
    const words = refusals.map((result) =>
      result.status === 'rejected' ? [result.reason.code, result.reason.message] : [],
    )
    expect(new Set(words.map(String)).size).toBe(1)
    expect(words[0]?.[0]).toBe('WRONG_CREDENTIALS')
    expect(ctx.viewer).toBeNull()
    expect(await auditOf(user.id)).toEqual(['session.failed'])
  })

  it('evaluates at most 10 of 200 parallel guesses, for known and unknown accounts alike, and then not even the right one', async () => {
    const user = await newUser()
    for (const username of [user.username, `unknown-${user.username}`]) {
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, async (_, guess) => {
          const ctx = { ...(await createContext(deps)), ip: `10.0.0.${guess % 7}` }
          return loginStaff(ctx, { username, password: `guess number ${guess}` })
        }),
      )
      const codes = Object.groupBy(results, (result) => (result.status === 'rejected' ? result.reason.code : 'in'))
      expect(codes.WRONG_CREDENTIALS).toHaveLength(10)
      expect(codes.TOO_MANY_ATTEMPTS).toHaveLength(190)
      await expect(loginStaff(await createContext(deps), { username, password: PASSWORD })).rejects.toMatchObject({
        code: 'TOO_MANY_ATTEMPTS',
        details: { retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds > 0 && seconds <= 900) },
      })
    }
    await deps.db.$executeRaw`UPDATE login_attempts SET window_ends_at = clock_timestamp()`
    await loginStaff(await createContext(deps), { username: user.username, password: PASSWORD })
  })

  it('forgets failures with the right password, and lets many log in at once with it', async () => {
    const user = await newUser()
    const logIn = async (password: string) =>
      loginStaff(await createContext(deps), { username: user.username, password })
    for (let failure = 0; failure < 9; failure++) await expect(logIn('wrong password')).rejects.toThrow()
    await logIn(PASSWORD)
    // Two are looked at at once, and count as failures until they are found right: one more failure could refuse those behind them.
    for (let failure = 0; failure < 7; failure++) await expect(logIn('wrong password')).rejects.toThrow()
    const sessions = await Promise.all(Array.from({ length: 40 }, () => logIn(PASSWORD)))
    expect(new Set(sessions.map((session) => session.viewer.sessionId)).size).toBe(40)
  })

  it('opens nothing where the password changes between the comparison and the opening', async () => {
    const user = await newUser()
    await expect(openTokens(deps, { userId: user.id }, 'the hash that was compared')).rejects.toMatchObject({
      code: 'WRONG_CREDENTIALS',
    })
    expect(await deps.db.session.count({ where: { userId: user.id } })).toBe(0)
  })
})

describe('refreshing', () => {
  it('gives 40 at once with one token the same successor of one session', async () => {
    const user = await newUser()
    const { refreshToken, sessionId } = await open(user.id)
    const answers = await Promise.all(Array.from({ length: 40 }, () => rotateTokens(deps, refreshToken)))
    expect(new Set(answers.map((tokens) => tokens.refreshToken)).size).toBe(1)
    expect(new Set(answers.map((tokens) => tokens.sessionId))).toEqual(new Set([sessionId]))
    expect(await deps.db.refreshToken.count({ where: { sessionId } })).toBe(2)
    expect(await loadViewer(deps.db, sessionId)).not.toBeNull()
    await rotateTokens(deps, answers[0]?.refreshToken as string)
  })

  it('repeats the successor within 60 s, even after it was used itself', async () => {
    const { refreshToken } = await open((await newUser()).id)
    const first = await rotateTokens(deps, refreshToken)
    await rotateTokens(deps, first.refreshToken)
    await shift(tokenHash(refreshToken), 55)
    expect((await rotateTokens(deps, refreshToken)).refreshToken).toBe(first.refreshToken)
  })

  it('ends the session with all its tokens when a token is used again later', async () => {
    const user = await newUser()
    const { refreshToken, sessionId } = await open(user.id)
    const thief = await rotateTokens(deps, refreshToken)
    await shift(tokenHash(refreshToken), 61)
    await expect(rotateTokens(deps, refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(rotateTokens(deps, thief.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await loadViewer(deps.db, sessionId)).toBeNull()
    expect(await deps.db.session.findUnique({ where: { id: sessionId } })).toMatchObject({ endReason: 'REUSE' })
    expect(await auditOf(sessionId)).toEqual(['session.reused'])
  })

  it('forgets tokens that were used 30 days ago', async () => {
    const { refreshToken, sessionId } = await open((await newUser()).id)
    const second = await rotateTokens(deps, refreshToken)
    await shift(tokenHash(refreshToken), 31 * 86_400)
    await rotateTokens(deps, second.refreshToken)
    expect(await deps.db.refreshToken.count({ where: { sessionId } })).toBe(2)
  })

  it('is refused for unknown tokens, expired sessions and inactive users', async () => {
    const user = await newUser()
    const [expired, inactive] = [await open(user.id), await open(user.id)]
    await deps.db.$executeRaw`
      UPDATE sessions SET expires_at = clock_timestamp() - interval '1 second' WHERE id = ${expired.sessionId}::uuid`
    expect(await loadViewer(deps.db, expired.sessionId)).toBeNull()
    await expect(rotateTokens(deps, expired.refreshToken)).rejects.toThrow()
    await deps.db.user.update({ where: { id: user.id }, data: { active: false } })
    expect(await loadViewer(deps.db, inactive.sessionId)).toBeNull()
    await expect(rotateTokens(deps, inactive.refreshToken)).rejects.toThrow()
    await expect(rotateTokens(deps, 'never given to anybody')).rejects.toThrow()
  })

  it('keeps the token in the cookie of a browser', async () => {
    const user = await newUser()
    const { refreshToken } = await open(user.id)
    const jar: (string | null)[] = []
    const cookies = { refreshToken, set: (token: string | null) => void jar.push(token), setAccess: () => {} }
    const session = await refreshSession({ ...(await createContext(deps)), cookies }, null)
    expect(session.refreshToken).toBeNull()
    expect(jar).toHaveLength(1)
    await refreshSession(
      { ...(await createContext(deps)), cookies: { ...cookies, refreshToken: jar[0] ?? null } },
      null,
    )
    await expect(
      refreshSession({ ...(await createContext(deps)), cookies: { ...cookies, refreshToken: 'stale' } }, null),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(jar.at(-1)).toBeNull()
  })
})

describe('ending', () => {
  it('a log-out ends its session and no other', async () => {
    const user = await newUser()
    const [mine, other] = [await open(user.id), await open(user.id)]
    const ctx = await createContext(deps, mine.sessionId)
    expect(await logout(ctx)).toBe(true)
    expect(ctx.viewer).toBeNull()
    expect(await loadViewer(deps.db, mine.sessionId)).toBeNull()
    expect(await loadViewer(deps.db, other.sessionId)).not.toBeNull()
    expect(await logout(await createContext(deps))).toBe(false)
    expect(await auditOf(user.id)).toEqual(['session.ended'])
  })

  it('a log-out whose access token is gone ends the session of the cookie', async () => {
    const { refreshToken, sessionId } = await open((await newUser()).id)
    const cookies = { refreshToken, set: () => {}, setAccess: () => {} }
    expect(await logout({ ...(await createContext(deps)), cookies })).toBe(true)
    expect(await loadViewer(deps.db, sessionId)).toBeNull()
  })

  it('a new password ends the other sessions; this one goes on with new tokens only', async () => {
    const patient = await newPatient()
    const holder = { patientId: patient.id }
    const [mine, other] = [await openTokens(deps, holder), await openTokens(deps, holder)]
    const ctx = await createContext(deps, mine.sessionId)
    await expect(changePassword(ctx, 'not the present one', 'new password')).rejects.toMatchObject({
      code: 'WRONG_CREDENTIALS',
    })
    await expect(changePassword(ctx, PASSWORD, 'short')).rejects.toMatchObject({ details: { field: 'new' } })
    const session = await changePassword(ctx, PASSWORD, 'new password')
    expect(session.viewer.sessionId).toBe(mine.sessionId)
    expect(await loadViewer(deps.db, other.sessionId)).toBeNull()
    await expect(rotateTokens(deps, mine.refreshToken)).rejects.toThrow()
    await rotateTokens(deps, session.refreshToken as string)
    await loginPatient(await createContext(deps), { phoneNumber: patient.phoneNumber, password: 'new password' })
    expect(await auditOf(patient.id)).toEqual(expect.arrayContaining(['session.failed', 'password.changed']))
  })

  it('of ten parallel changes of one password one is made', async () => {
    const user = await newUser()
    const { sessionId } = await open(user.id)
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, index) =>
        changePassword(await createContext(deps, sessionId), PASSWORD, `new password ${index}`),
      ),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  it('expired sessions are swept away, live ones stay', async () => {
    const user = await newUser()
    const [live, old] = [await open(user.id), await open(user.id)]
    await deps.db.$executeRaw`
      UPDATE sessions SET expires_at = clock_timestamp() - interval '1 second' WHERE id = ${old.sessionId}::uuid`
    await sweepAccess(deps.db)
    expect(await deps.db.session.findMany({ where: { userId: user.id }, select: { id: true } })).toEqual([
      { id: live.sessionId },
    ])
  })
})

describe('watching viewers', () => {
  const seen = () => {
    const states: string[] = []
    const waiting: { wanted: string; resolve: () => void }[] = []
    return {
      states,
      onChange: (viewer: Awaited<ReturnType<typeof loadViewer>>) => {
        states.push(viewer?.kind === 'user' ? viewer.role : (viewer?.kind ?? 'gone'))
        for (const { wanted, resolve } of waiting) if (states.at(-1) === wanted) resolve()
      },
      until: (wanted: string) =>
        states.at(-1) === wanted
          ? Promise.resolve()
          : new Promise<void>((resolve) => waiting.push({ wanted, resolve })),
    }
  }

  it('tells who it is, then each change of rights, then the end', async () => {
    const admin = await newUser('ADMIN')
    const user = await newUser('RECEPTIONIST')
    const adminCtx = await createContext(deps, (await open(admin.id)).sessionId)
    const { sessionId } = await open(user.id)
    const viewers = createViewers(deps)
    const watcher = seen()
    const stop = viewers.watch(sessionId, watcher.onChange)
    await watcher.until('RECEPTIONIST')
    await deactivateUser(adminCtx, user.id)
    await watcher.until('gone')
    expect(watcher.states).toEqual(['RECEPTIONIST', 'gone'])
    expect(await viewers.viewerOf(sessionId)).toBeNull()
    stop()
    viewers.close()
  })

  it('finds a change whose hint was lost', async () => {
    const user = await newUser('RECEPTIONIST')
    const { sessionId } = await open(user.id)
    const deaf = { ...deps, bus: { publish: () => {}, subscribe: () => () => {}, close: async () => {} } }
    const viewers = createViewers(deaf)
    const watcher = seen()
    viewers.watch(sessionId, watcher.onChange)
    await watcher.until('RECEPTIONIST')
    await deps.db.$transaction([
      deps.db.user.update({ where: { id: user.id }, data: { role: 'DOCTOR' } }),
      deps.db.$executeRaw`UPDATE sessions SET changed_at = clock_timestamp() WHERE id = ${sessionId}::uuid`,
    ])
    await watcher.until('DOCTOR')
    await logout(await createContext(deaf, sessionId))
    await watcher.until('gone')
    viewers.close()
  })

  it('answers many that ask at once by one load, and null for who is nobody', async () => {
    const sessions = await Promise.all(Array.from({ length: 30 }, async () => open((await newUser()).id)))
    const viewers = createViewers(deps)
    const found = await Promise.all(sessions.map(({ sessionId }) => viewers.viewerOf(sessionId)))
    expect(found.map((viewer) => viewer?.sessionId)).toEqual(sessions.map(({ sessionId }) => sessionId))
    expect(await viewers.viewerOf(randomUUID())).toBeNull()
    await logout(await createContext(deps, sessions[0]?.sessionId))
    expect(await viewers.viewerOf(sessions[0]?.sessionId as string)).toBeNull()
    viewers.close()
  })
})

describe('taking rights away', () => {
  it('deactivating a user ends all their sessions, and activating revives none', async () => {
    const admin = await newUser('ADMIN')
    const user = await newUser('DOCTOR')
    const sessions = [await open(user.id), await open(user.id)]
    const ctx = await createContext(deps, (await open(admin.id)).sessionId)
    await deactivateUser(ctx, user.id)
    await updateUser(ctx, user.id, { active: true })
    for (const { sessionId, refreshToken } of sessions) {
      expect(await loadViewer(deps.db, sessionId)).toBeNull()
      await expect(rotateTokens(deps, refreshToken)).rejects.toThrow()
    }
    await openSession(await createContext(deps), { userId: user.id })
  })

  it('no session survives a log-in that races with the deactivation', async () => {
    const admin = await newUser('ADMIN')
    const adminSession = (await open(admin.id)).sessionId
    for (let round = 0; round < 10; round++) {
      const user = await newUser()
      const ctx = await createContext(deps, adminSession)
      await Promise.allSettled([
        deactivateUser(ctx, user.id),
        ...Array.from({ length: 5 }, () => openTokens(deps, { userId: user.id }, passwordHash)),
      ])
      expect(await deps.db.session.count({ where: { userId: user.id, endedAt: null } })).toBe(0)
    }
  })
})
