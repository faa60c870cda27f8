import { describe, expect, it } from 'vitest'
import { memoryKeyValue } from './key-value.ts'
import { createSession, mayGoOn, type SessionAnswer } from './session.ts'
import { quiet, createDevice as workingDevice } from './test/device.ts'
import { createModelServer } from './test/model-server.ts'

const HOUR = 3_600_000

const viewer = {
  __typename: 'User',
  id: 'u1',
  name: 'Desk',
  role: 'RECEPTIONIST',
  clinic: { id: 'clinic' },
  doctor: null,
} as const

/** A device whose server is the test's to switch off; each session it gives has tokens of its own. */
const createDevice = () => {
  const [texts, secure] = [memoryKeyValue(), memoryKeyValue()]
  const device = { isUp: true, hasEnded: false, now: 1_000 * HOUR, asked: 0, before: async () => {} }
  const request = async (): Promise<SessionAnswer> => {
    if (!device.isUp) throw new TypeError('fetch failed')
    await device.before()
    device.asked++
    if (device.hasEnded) return { data: null, errors: [{ message: 'ended', extensions: { code: 'UNAUTHENTICATED' } }] }
    return {
      data: { session: { accessToken: `access ${device.asked}`, refreshToken: `refresh ${device.asked}`, viewer } },
    }
  }
  const start = () => createSession({ request, texts, secure, wallClock: () => device.now })
  return { device, start, texts, secure }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('a session', () => {
  it('goes on after a restart by its refresh token', async () => {
    const { start, secure } = createDevice()
    await start().logInStaff('reception', 'secret')
    const again = start()
    expect(await again.restore()).toMatchObject({ status: 'LOGGED_IN', isConfirmed: true, person: { userId: 'u1' } })
    expect(await again.token()).toBe('access 2')
    expect(await secure.get('session.refresh')).toBe('refresh 2')
  })

  it('goes on without the server for 24 hours after the last contact, and no longer', async () => {
    const { device, start } = createDevice()
    await start().logInStaff('reception', 'secret')
    device.isUp = false
    device.now += 23 * HOUR
    const again = start()
    expect(await again.restore()).toMatchObject({ status: 'LOGGED_IN', isConfirmed: false })
    await expect(again.token()).rejects.toThrow()
    device.now += 2 * HOUR
    expect(await again.token()).toBeNull()
    expect(again.state()).toEqual({ status: 'LOGGED_OUT', person: null })
    expect(await start().restore()).toMatchObject({ status: 'LOGGED_OUT' })
  })

  it('goes on at once as whoever was here, and the server confirms or ends it', async () => {
    const { device, start } = createDevice()
    await start().logInStaff('reception', 'secret')
    const again = start()
    expect(await again.restore({ atOnce: true })).toMatchObject({ status: 'LOGGED_IN', isConfirmed: false })
    expect(await again.token()).toBe('access 2')
    expect(again.state()).toMatchObject({ isConfirmed: true, person: { userId: 'u1' } })
    device.hasEnded = true
    const ended = start()
    expect(await ended.restore({ atOnce: true })).toMatchObject({ status: 'LOGGED_IN', isConfirmed: false })
    expect(await ended.token()).toBeNull()
    expect(ended.state()).toEqual({ status: 'LOGGED_OUT', person: null })
  })

  it('waits for the server where nobody was here in the last 24 hours', async () => {
    const { device, start, secure } = createDevice()
    expect(await start().restore({ atOnce: true })).toEqual({ status: 'LOGGED_OUT', person: null })
    await start().logInStaff('reception', 'secret')
    const refresh = await secure.get('session.refresh')
    device.now += 25 * HOUR
    expect(await start().restore({ atOnce: true })).toMatchObject({ status: 'LOGGED_IN', isConfirmed: true })
    expect(await secure.get('session.refresh')).not.toBe(refresh)
  })

  it('is over when the server says so', async () => {
    const { device, start, secure } = createDevice()
    const session = start()
    await session.logInStaff('reception', 'secret')
    device.hasEnded = true
    expect(await session.renewed('access 1')).toBeNull()
    expect(session.account()).toBeNull()
    expect(await secure.get('session.refresh')).toBeNull()
  })

  it('asks once for a new token, however many want one', async () => {
    const { device, start } = createDevice()
    const session = start()
    await session.logInStaff('reception', 'secret')
    const tokens = await Promise.all([1, 2, 3].map(() => session.renewed('access 1')))
    expect([new Set(tokens), device.asked]).toEqual([new Set(['access 2']), 2])
  })

  describe('that is ended by its person', () => {
    const atWork = async () => {
      const { device, start, secure } = createDevice()
      const session = start()
      await session.logInStaff('reception', 'secret')
      const server = createModelServer()
      const desk = workingDevice()
      const engine = await desk.tab(server.transport('u1'))
      await quiet(engine)
      server.down(true)
      const unsent = await engine.act('createPatient', { name: 'Ben' })
      return { device, session, secure, desk, engine, unsent, server }
    }

    it('does nothing while there is unsent work, and shows it', async () => {
      const { device, session, desk, engine, unsent } = await atWork()
      const asked = device.asked
      expect(await session.logOut({ engine })).toEqual({ done: false, unsent: [unsent] })
      expect([session.state().status, engine.pending(), device.asked]).toEqual(['LOGGED_IN', [unsent], asked])
      await desk.close()
    })

    it('goes on where the work cannot be sealed', async () => {
      const { session, secure, desk, engine, unsent } = await atWork()
      await expect(session.logOut({ engine, unsent: 'SEAL' })).rejects.toMatchObject({ code: 'CANNOT_SEAL' })
      expect([session.state().status, engine.pending()]).toEqual(['LOGGED_IN', [unsent]])
      expect(await secure.get('session.refresh')).not.toBeNull()
      await desk.close()
    })

    it('leaves the work sealed for the next log-in and no token behind, also without a network', async () => {
      const { device, session, secure, desk, engine, unsent, server } = await atWork()
      await engine.unlock('secret')
      device.isUp = false
      expect(await session.logOut({ engine, unsent: 'SEAL' })).toEqual({ done: true })
      expect([session.state().status, session.account(), await secure.get('session.refresh')]).toEqual([
        ...['LOGGED_OUT', null, null],
      ])
      const next = await desk.tab(server.transport('u1'))
      expect(next.pending()).toEqual([])
      expect(await next.unlock('secret')).toBe(true)
      expect(next.pending().map(({ id }) => id)).toEqual([unsent.id])
      await desk.close()
    })
  })

  it('brings nobody back by a renewal that was under way, or was asked for, when they logged out', async () => {
    const { device, start, texts, secure } = createDevice()
    const session = start()
    await session.logInStaff('reception', 'secret')
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    device.before = () => answered
    const renewing = session.renewed('access 1')
    await settled()
    device.before = async () => {}
    const asked = device.asked
    const given: Promise<string | null>[] = []
    const { delete: erase } = texts
    texts.delete = (key) => {
      given.push(session.token())
      return erase(key)
    }
    expect(await session.logOut({ engine: null })).toEqual({ done: true })
    expect(await Promise.all(given)).toEqual([null])
    answer()
    expect(await renewing).toBeNull()
    expect([session.state().status, await session.token()]).toEqual(['LOGGED_OUT', null])
    expect([await texts.get('session.last'), await secure.get('session.refresh')]).toEqual([null, null])
    // The log-out itself, and the renewal of before.
    expect(device.asked).toBe(asked + 2)
    await session.logInStaff('reception', 'secret')
    expect(session.state()).toMatchObject({ status: 'LOGGED_IN', person: { userId: 'u1' } })
  })

  it('gives no more than 24 hours to a clock that was put back', () => {
    expect([23, 25, -23, -25].map((hours) => mayGoOn({ contactAt: 0 }, hours * HOUR))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })
})
