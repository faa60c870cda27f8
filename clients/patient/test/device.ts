import { memoryKeyValue } from '@anteroom/offline/key-value'
import { nobodyElse, soleHolder } from '@anteroom/offline/ports'
import type { Device } from '../device-port.ts'

let made = 0
let stack = ['/']
const listeners = new Set<() => void>()

const show = (next: string[]): void => {
  stack = next
  for (const listener of [...listeners]) listener()
}

/** What the phone was asked to do. */
export const told: string[] = []

/** The phone, just started, at an address; what it was told before is forgotten. */
export const begin = (path: string): void => {
  told.length = 0
  show([path])
}

export const device: Device = {
  origin: 'http://clinic.example',
  wsUrl: 'ws://clinic.example/graphql',
  ports: {
    clock: { wall: () => Date.now(), mono: () => performance.now(), bootId: '01940000-0000-7000-8000-000000000000' },
    random: Math.random,
    newId: () => `01940000-0000-7000-8000-${String(++made).padStart(12, '0')}`,
    timers: {
      after: (milliseconds, work) => {
        const timer = setTimeout(work, milliseconds) as unknown as { unref?: () => void } & ReturnType<
          typeof setTimeout
        >
        // Nobody waits for what comes after the test.
        timer.unref?.()
        return () => clearTimeout(timer)
      },
    },
    locks: soleHolder,
    channel: nobodyElse,
    witness: { has: () => false, set: () => {} },
    crypto: null,
  },
  texts: memoryKeyValue(),
  secure: memoryKeyValue(),
  openDatabase: () => {
    throw new Error('These screens open no database.')
  },
  languages: () => ['en-US'],
  watch: () => () => {},
  alarm: (text) => void told.push(`alarm: ${text}`),
  allowSound: null,
  addToCalendar: async ({ title, ics }) => void told.push(`calendar: ${title}`, ics),
  save: async (name) => void told.push(`file: ${name}`),
  hasPush: true,
  pushToken: async () => ({ token: 'token-of-this-phone', platform: 'android' }),
  title: () => {},
  insets: { top: 0, bottom: 0 },
  font: {},
  fontSize: (points) => points,
  path: {
    read: () => stack.at(-1) ?? '/',
    go: (path, { replace = false } = {}) => show([...(replace ? stack.slice(0, -1) : stack), path]),
    back: () => {
      if (stack.length < 2) return false
      show(stack.slice(0, -1))
      return true
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  },
}
