import type { Random } from './chance.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** True time of a history, in milliseconds: it moves only when the history says so, and timers fire in its order. */
export const createTimeline = (start: number) => {
  let now = start
  let nextId = 0
  const timers = new Map<number, { at: number; act: () => void }>()
  const after = (ms: number, act: () => void): (() => void) => {
    const id = nextId++
    timers.set(id, { at: now + Math.max(0, ms), act })
    return () => timers.delete(id)
  }
  const dueBefore = (end: number): [number, { at: number; act: () => void }] | null => {
    let first: [number, { at: number; act: () => void }] | null = null
    for (const timer of timers)
      if (
        timer[1].at <= end &&
        (!first || timer[1].at < first[1].at || (timer[1].at === first[1].at && timer[0] < first[0]))
      )
        first = timer
    return first
  }
  /** Goes on by so many milliseconds; whatever a timer starts has come to rest before the next one fires. */
  const advance = async (ms: number, settle: () => Promise<void>): Promise<void> => {
    const end = now + ms
    for (let timer = dueBefore(end); timer; timer = dueBefore(end)) {
      timers.delete(timer[0])
      now = Math.max(now, timer[1].at)
      timer[1].act()
      await settle()
    }
    now = end
  }
  /** Hours pass while the devices sleep: what was due meanwhile fires late. */
  const leap = async (ms: number, settle: () => Promise<void>): Promise<void> => {
    now += ms
    await advance(0, settle)
  }
  return { now: () => now, after, advance, leap, waiting: () => timers.size }
}

export type Timeline = ReturnType<typeof createTimeline>

/** A device's clocks: the wall clock is wrong by as much as it likes and is set now and then, the monotonic one begins anew with each boot. */
export const createDeviceClock = (timeline: Timeline, random: Random, isTrusty: boolean) => {
  let offset = isTrusty ? random.int(2_000) - 1_000 : Math.round((random.next() * 2 - 1) * 24 * HOUR)
  let booted = timeline.now() - random.int(10 * HOUR)
  let bootId = `boot-${random.int(1e9)}`
  return {
    wall: () => Math.round(timeline.now() + offset),
    mono: () => timeline.now() - booted,
    bootId: () => bootId,
    /** Somebody, or the network, sets the clock. */
    step: () => {
      offset = random.next() < 0.3 ? 0 : Math.round((random.next() * 2 - 1) * 24 * HOUR)
    },
    reboot: () => {
      booted = timeline.now()
      bootId = `boot-${random.int(1e9)}`
    },
  }
}

export type DeviceClock = ReturnType<typeof createDeviceClock>

const CALM_TURNS = 3

/** Waits until nothing runs any more but what waits for the network or for time to pass. `busy` counts storage calls under way. */
export const createSettle = (busy: () => number) => async (): Promise<void> => {
  for (let calm = 0, turns = 0; calm < CALM_TURNS; turns++) {
    if (turns > 20_000) throw new Error('the devices never come to rest')
    await new Promise<void>((resolve) => setImmediate(resolve))
    calm = busy() === 0 ? calm + 1 : 0
  }
}
