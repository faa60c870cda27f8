import { createIndexedDb } from '@anteroom/offline/indexed-db'
import { indexedDbKeyValue } from '@anteroom/offline/key-value'
import { browserPorts } from '@anteroom/offline/ports'
import { createFileSpare, withSpare } from '@anteroom/offline/spare'
import { allowSound, announce } from '@anteroom/web/sound'
import type { Device } from './device-port.ts'

const BASE = '/patient'

const download = (name: string, type: string, content: string): void => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of [...listeners]) listener()
}

/** How many screens of this app are behind the present one. */
let depth = 0

/** The browser that shows /patient. */
export const device: Device = {
  origin: '',
  wsUrl: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
  ports: browserPorts(),
  texts: indexedDbKeyValue(indexedDB, 'anteroom-patient-texts'),
  secure: null,
  openDatabase: () => withSpare(createIndexedDb(indexedDB), createFileSpare),
  languages: () => navigator.languages,
  watch: (on) => {
    const look = () => (document.visibilityState === 'hidden' ? on.hidden() : on.shown())
    addEventListener('online', on.online)
    addEventListener('offline', on.offline)
    addEventListener('pagehide', on.hidden)
    document.addEventListener('visibilitychange', look)
    return () => {
      removeEventListener('online', on.online)
      removeEventListener('offline', on.offline)
      removeEventListener('pagehide', on.hidden)
      document.removeEventListener('visibilitychange', look)
    }
  },
  alarm: () => {
    void announce([])
    navigator.vibrate?.([400, 200, 400, 200, 800])
  },
  allowSound: 'AudioContext' in globalThis ? allowSound : async () => false,
  addToCalendar: async ({ ics }) => download('appointment.ics', 'text/calendar', ics),
  save: async (name, content) => download(name, 'application/json', content),
  hasPush: false,
  pushToken: async () => null,
  title: (text, language) => {
    document.title = text
    document.documentElement.lang = language
  },
  insets: { top: 0, bottom: 0 },
  font: {
    fontFamily:
      'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  },
  // React Native writes numbers as pixels, which do not follow the browser's size of text.
  fontSize: (points) => `${points / 16}rem` as unknown as number,
  path: {
    read: () => location.pathname.slice(BASE.length) || '/',
    go: (path, { replace = false } = {}) => {
      const address = `${BASE}${path === '/' ? '' : path}`
      if (replace) history.replaceState(null, '', address)
      else {
        depth += 1
        history.pushState(null, '', address)
      }
      scrollTo(0, 0)
      tell()
    },
    back: () => {
      if (depth === 0) return false
      depth -= 1
      history.back()
      return true
    },
    watch: (listener) => {
      listeners.add(listener)
      addEventListener('popstate', listener)
      return () => {
        listeners.delete(listener)
        removeEventListener('popstate', listener)
      }
    },
  },
}

if (process.env.NODE_ENV === 'production' && 'serviceWorker' in navigator)
  addEventListener(
    'load',
    () => void navigator.serviceWorker.register(`${BASE}/sw.js`, { scope: BASE }).catch(() => undefined),
  )
