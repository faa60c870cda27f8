import type { LineEvent } from '@anteroom/offline/apollo/client'
import { useSyncExternalStore } from 'react'

/** Live: what is shown is what the clinic has. Lost: since when, and from when the last news is. */
export type Link = { isLive: boolean; since: number; heardAt: number }

/** Whether the server can be heard, told to whoever shows it. */
export const createConnection = () => {
  // A screen that watches nothing needs no line, and misses none.
  let link: Link = { isLive: true, since: Date.now(), heardAt: 0 }
  const listeners = new Set<() => void>()
  const set = (next: Link) => {
    link = next
    for (const listener of listeners) listener()
  }
  const lost = () => {
    if (link.isLive) set({ ...link, isLive: false, since: Date.now() })
  }
  return {
    hear: (event: LineEvent) => {
      if (event.is === 'open') set({ isLive: true, since: Date.now(), heardAt: Date.now() })
      // Not told on: the age of what is shown is only read while the connection is lost.
      else if (event.is === 'heard') link.heardAt = Date.now()
      else if (event.isWanted) lost()
    },
    lost,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    read: () => link,
  }
}

export type Connection = ReturnType<typeof createConnection>

export const useLink = (connection: Connection): Link => useSyncExternalStore(connection.subscribe, connection.read)
