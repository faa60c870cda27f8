import { afterEach, expect, it, vi } from 'vitest'
import { createEngine } from '../engine.ts'
import { createFetchTransport } from '../fetch-transport.ts'
import { staffKeeping } from '../held.ts'
import { memoryKeyValue } from '../key-value.ts'
import { createSession } from '../session.ts'
import { createMemoryDisk } from '../storage/memory.ts'
import { testPorts } from '../test/online-device.ts'
import { createOfflineClient } from './client.ts'

afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000
const viewer = { __typename: 'User', id: 'u1', name: 'Desk', role: 'RECEPTIONIST', clinic: { id: 'c1' }, doctor: null }

/** A server that was heard once and is gone; everything that asks for it is counted. */
const openGone = async () => {
  vi.useFakeTimers()
  const asked = { requests: 0, sockets: 0 }
  const gone = async (): Promise<never> => {
    asked.requests++
    throw new TypeError('fetch failed')
  }
  class Nobody extends EventTarget {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    onclose: (event: object) => void = () => {}
    onerror: (event: object) => void = () => {}
    constructor() {
      super()
      asked.sockets++
      setTimeout(() => {
        this.onerror({ message: 'refused' })
        this.onclose({ code: 1006, reason: '', wasClean: false })
      }, 1)
    }
    close() {}
  }
  const ports = { ...testPorts(), random: () => 0.5 }
  const texts = memoryKeyValue()
  const session = createSession({
    request: async () => ({ data: { session: { accessToken: 'token', refreshToken: null, viewer } } }),
    texts,
    secure: null,
    wallClock: ports.clock.wall,
  })
  await session.logInStaff('desk', 'secret')
  const transport = createFetchTransport({
    url: 'http://gone/graphql',
    fetch: gone,
    session,
    reader: { kind: 'user', role: 'RECEPTIONIST' },
    timers: ports.timers,
  })
  const engine = createEngine({ account: 'u1', transport, opener: createMemoryDisk(), ports, keeping: staffKeeping })
  const offline = createOfflineClient({
    engine,
    session,
    httpUrl: 'http://gone/graphql',
    wsUrl: 'ws://gone/graphql',
    texts,
    schema: 'test',
    ports: { ...ports, fetch: gone, webSocketImpl: Nobody },
  })
  await offline.start()
  const during = async (ms: number) => {
    const before = { ...asked }
    await vi.advanceTimersByTimeAsync(ms)
    return { requests: asked.requests - before.requests, sockets: asked.sockets - before.sockets }
  }
  return { engine, during }
}

it('a desk without a server asks less and less often, up to every 30 s at most', async () => {
  const { engine, during } = await openGone()
  const first = await during(MINUTE)
  // Half a second, one, two, four, eight, fifteen … at this dice; with the facts that were asked for at the start.
  expect(first.requests).toBeLessThanOrEqual(10)
  expect(first.sockets).toBeLessThanOrEqual(10)
  expect(engine.status().isOnline).toBe(false)
  const later = await during(10 * MINUTE)
  expect(later.requests).toBeGreaterThanOrEqual(20)
  expect(later.requests).toBeLessThanOrEqual(41)
  expect(later.sockets).toBeGreaterThanOrEqual(20)
  expect(later.sockets).toBeLessThanOrEqual(41)
})

it('it asks at once when the platform says that the network is back, and then backs off anew', async () => {
  const { engine, during } = await openGone()
  await during(10 * MINUTE)
  engine.nudge()
  expect((await during(100)).requests).toBe(1)
  expect((await during(2_000)).requests).toBeGreaterThanOrEqual(1)
})
