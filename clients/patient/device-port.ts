import type { KeyValue } from '@anteroom/offline/key-value'
import type { Ports } from '@anteroom/offline/ports'
import type { StorageOpener } from '@anteroom/offline/storage'

/** An appointment as a calendar takes it. */
export type CalendarEntry = {
  title: string
  startsAt: string
  endsAt: string
  location: string
  notes: string
  ics: string
}

/** What the app needs of what it runs on: `device.ts` is a phone, `device.web.ts` a browser. */
export type Device = {
  /** Where the API is, without a slash at the end; empty where it is the page's own. */
  origin: string
  wsUrl: string
  ports: Ports
  texts: KeyValue
  /** Where the refresh token is kept; null in browsers, which hold it in a cookie that no script reads. */
  secure: KeyValue | null
  openDatabase: () => StorageOpener
  /** The languages that this person reads, the best first, as BCP 47 tags. */
  languages: () => readonly string[]
  /** Told of the network and of whether somebody looks. */
  watch: (on: { online: () => void; offline: () => void; hidden: () => void; shown: () => void }) => () => void
  /** A call came: shakes and sounds, as far as this device may. */
  alarm: (text: string) => void
  /** Browsers play nothing before a touch: null where nothing has to be allowed. */
  allowSound: (() => Promise<boolean>) | null
  addToCalendar: (entry: CalendarEntry) => Promise<void>
  /** Hands a file to the person. */
  save: (name: string, content: string) => Promise<void>
  /** Whether push messages can come here, beside SMS. */
  hasPush: boolean
  /** Asks for leave to send push messages and answers where to send them; null where there are none. */
  pushToken: () => Promise<{ token: string; platform: 'android' | 'ios' } | null>
  /** The title of the window, where there is one. */
  title: (text: string, language: string) => void
  /** What bars of the system cover, in points, where the platform does not keep clear of them by itself. */
  insets: { top: number; bottom: number }
  /** The typeface, where the platform has to be told. */
  font: { fontFamily?: string }
  /** Font sizes that follow what the reader has set. */
  fontSize: (points: number) => number
  /** The app's own address, as in /turn/1234, and how to hear of another one. */
  path: {
    read: () => string
    go: (path: string, options?: { replace?: boolean }) => void
    back: () => boolean
    watch: (listener: () => void) => () => void
  }
}
