import type { Engine, Operation, OperationResult } from '../model.ts'
import type { Channel, Locks, Ports } from '../ports.ts'
import { StorageError, type StorageOpener } from '../storage/storage.ts'
import type { Transport } from '../transport.ts'
import type { Seat } from './acts.ts'
import type { Random } from './chance.ts'
import { createLife, type Disk, type Life } from './disks.ts'
import { createEngineOn } from './library.ts'
import type { Network } from './network.ts'
import { createDeviceClock, type DeviceClock, type Timeline } from './time.ts'

/** An act that the device showed as saved. */
export type Saved = {
  operation: Operation
  device: string
  account: string
  /** True time of the act. */
  at: number
  outcome: OperationResult | null
  /** The library keeps no answer any more: it was done, long ago. */
  isGone: boolean
}

export type Tab = { engine: Engine; life: Life }

export type Device = {
  name: string
  seat: Seat
  clock: DeviceClock
  disk: Disk
  tabs: Tab[]
  isOn: () => boolean
  open: () => Promise<void>
  /** The process is gone between two instructions. */
  crash: () => Promise<void>
  /** One tab of several is gone. */
  closeTab: () => void
  openTab: () => Promise<void>
  busy: () => number
  dispose: () => Promise<void>
}

export const accountOf = (seat: Seat): string => (seat.kind === 'patient' ? seat.patientId : seat.userId)

/** What a planted bug may use of its device. */
export type Around = { random: Random; clock: DeviceClock; trueTime: () => number }

type Options = {
  name: string
  seat: Seat
  disk: Disk
  timeline: Timeline
  network: Network
  random: Random
  isTrusty: boolean
  /** Between the library and its network: where planted bugs sit. */
  changeTransport?: (transport: Transport, around: Around) => Transport
  changeStorage?: (opener: StorageOpener, around: Around) => StorageOpener
}

/** Locks and channels between the tabs of one device. */
const createTabs = () => {
  const queues = new Map<string, { run: () => void; isDead: () => boolean }[]>()
  const held = new Map<string, () => boolean>()
  const next = (name: string) => {
    const isDead = held.get(name)
    if (isDead && !isDead()) return
    held.delete(name)
    const queue = queues.get(name) ?? []
    for (let one = queue.shift(); one; one = queue.shift())
      if (!one.isDead()) {
        held.set(name, one.isDead)
        one.run()
        return
      }
  }
  const locksOf = (isDead: () => boolean): Locks => ({
    request: (name, signal, work) =>
      new Promise<void>((resolve, reject) => {
        const queue = queues.get(name) ?? []
        queues.set(name, queue)
        const gone = () => isDead() || signal.aborted
        signal.addEventListener('abort', () => {
          const index = queue.findIndex((one) => one.run === run)
          if (index >= 0) {
            queue.splice(index, 1)
            reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))
          }
        })
        const run = () => {
          work()
            .then(resolve, reject)
            .finally(() => {
              if (isDead()) return
              held.delete(name)
              next(name)
            })
        }
        queue.push({ run, isDead: gone })
        next(name)
      }),
  })
  const listeners = new Map<string, Set<{ hear: (message: unknown) => void; isDead: () => boolean }>>()
  const channelOf =
    (isDead: () => boolean) =>
    (name: string): Channel => {
      const all = listeners.get(name) ?? new Set()
      listeners.set(name, all)
      let own: { hear: (message: unknown) => void; isDead: () => boolean } | null = null
      return {
        post: (message) => {
          if (isDead()) return
          const copy = structuredClone(message)
          for (const other of all)
            if (other !== own && !other.isDead())
              queueMicrotask(() => (other.isDead() || !all.has(other) ? undefined : other.hear(copy)))
        },
        listen: (listener) => {
          own = { hear: listener, isDead }
          all.add(own)
        },
        close: () => void (own && all.delete(own)),
      }
    }
  /** Whatever a dead tab held goes to whoever waits for it. */
  const release = () => {
    for (const name of [...queues.keys()]) next(name)
  }
  return { locksOf, channelOf, release }
}

/** A device of a history: its disk and clock stay, the processes on it come and go. */
export const createDevice = (options: Options): Device => {
  const { name, seat, disk, timeline, network, random } = options
  const clock = createDeviceClock(timeline, random, options.isTrusty)
  const shared = createTabs()
  const witnesses = new Set<string>()
  const tabs: Tab[] = []
  const kill = (tab: Tab) => {
    tab.life.die()
    const index = tabs.indexOf(tab)
    if (index >= 0) tabs.splice(index, 1)
  }
  const openTab = async () => {
    const life = createLife(disk)
    const around: Around = { random, clock, trueTime: timeline.now }
    const isAlive = () => !life.isDead()
    const ports: Ports = {
      clock: { wall: clock.wall, mono: clock.mono, bootId: clock.bootId() },
      random: random.next,
      newId: random.uuid,
      timers: { after: (ms, work) => timeline.after(ms, () => (isAlive() ? work() : undefined)) },
      locks: shared.locksOf(life.isDead),
      channel: shared.channelOf(life.isDead),
      crypto: null,
      witness: {
        has: (key) => witnesses.has(key),
        set: (key, exists) => void (exists ? witnesses.add(key) : witnesses.delete(key)),
      },
    }
    const engine = createEngineOn({
      opener: options.changeStorage?.(life.opener, around) ?? life.opener,
      ports,
      seat,
      fetch: network.fetchOf(name, { isAlive, moment: () => ({ sentAt: timeline.now(), bootId: clock.bootId() }) }),
      changeTransport: (transport) => options.changeTransport?.(transport, around) ?? transport,
    })
    const tab = { engine, life }
    tabs.push(tab)
    // A start that the power ends never resolves: nobody waits for it. Without room for its first database the app does not start.
    engine.start().catch((error) => {
      if (!isAlive()) return
      if (!(error instanceof StorageError) || error.fault !== 'FULL') throw error
      kill(tab)
      shared.release()
    })
  }
  return {
    name,
    seat,
    clock,
    disk,
    tabs,
    isOn: () => tabs.some(({ life }) => !life.isDead()),
    open: openTab,
    openTab,
    crash: async () => {
      for (const tab of [...tabs]) kill(tab)
      await disk.powerOff()
      shared.release()
    },
    closeTab: () => {
      const tab = tabs[0]
      if (tab) kill(tab)
      shared.release()
    },
    busy: () => tabs.reduce((sum, { life }) => sum + (life.isDead() ? 0 : life.busy()), 0),
    dispose: async () => {
      for (const tab of [...tabs]) kill(tab)
      await disk.dispose()
    },
  }
}
