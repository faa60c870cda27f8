import type { Shown, ShownVisit } from '@anteroom/api/visit/shown'
import { createClient } from 'graphql-ws'
import { pauseMs } from './backoff.ts'
import { isOver } from './news.ts'

const PING_MS = 12_000
const ANSWER_MS = 6_000
const REQUEST_MS = 10_000
/** Four journeys there and back, in the slowest of networks. */
const OPENING_MS = 20_000
/** A page that was asleep for longer asks whether the line still stands before it claims to be live. */
const ASLEEP_MS = PING_MS + ANSWER_MS
/** Not checked in yet: asked again about this often. */
const EARLY_MS = 20_000
/** From so many failures on the page itself is asked too: some networks let no WebSocket through. */
const SOCKETLESS_AFTER = 2

const WATCH = `subscription ($link: String!) {
  visitUpdated(link: $link) { ticket status position ahead room estimate { lowMinutes highMinutes } }
}`
const STOP = 'mutation ($link: String!) { stopVisitMessages(link: $link) }'

/** Whom the line tells. */
export type Listener = {
  visit: (visit: ShownVisit) => void
  /** The server was heard: what is shown is what the clinic has. */
  heard: () => void
  live: () => void
  lost: () => void
  shown: (shown: Shown) => void
}

/** The page carries what it begins with as data, beside its markup. */
export const readShown = (page: Document): Shown => JSON.parse(page.getElementById('shown')?.textContent ?? 'null')

/** Asks for the page anew and takes the data from it; null where it does not come. */
export const askAgain = async (): Promise<Shown | null> => {
  try {
    const answer = await fetch(location.pathname + location.search, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(REQUEST_MS),
    })
    return readShown(new DOMParser().parseFromString(await answer.text(), 'text/html'))
  } catch {
    return null
  }
}

export const stopMessages = async (link: string): Promise<boolean> => {
  try {
    const answer = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      credentials: 'omit',
      body: JSON.stringify({ query: STOP, variables: { link } }),
      signal: AbortSignal.timeout(REQUEST_MS),
    })
    const { data } = (await answer.json()) as { data?: { stopVisitMessages?: boolean } }
    return data?.stopVisitMessages === true
  } catch {
    return false
  }
}

/** Waits, but no longer than until the network or the reader is back. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const look = () => {
      if (!document.hidden) done()
    }
    const timer = setTimeout(done, ms)
    addEventListener('online', done)
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', done)
  })

/** One connection until it ends: lost, or finished by the server (completed or refused). */
const listen = (link: string, listener: Listener, signal: AbortSignal) =>
  new Promise<{ isLost: boolean; wasLive: boolean }>((resolve) => {
    let wasLive = false
    let heardAt = Date.now()
    let unanswered: ReturnType<typeof setTimeout> | undefined
    const hear = () => {
      heardAt = Date.now()
      clearTimeout(unanswered)
      if (wasLive) listener.heard()
    }
    const client = createClient({
      url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
      retryAttempts: 0,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: REQUEST_MS,
      on: {
        message: hear,
        ping: (isReceived) => {
          if (!isReceived) unanswered = setTimeout(cut, ANSWER_MS)
        },
      },
    })
    const cut = () => client.terminate()
    const look = () => {
      if (!document.hidden && Date.now() - heardAt > ASLEEP_MS) cut()
    }
    const end = (isLost: boolean) => {
      clearTimeout(unanswered)
      clearTimeout(opening)
      removeEventListener('offline', cut)
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', cut)
      void client.dispose()
      resolve({ isLost, wasLive })
    }
    addEventListener('offline', cut)
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', cut)
    // A network that swallows everything answers nothing, not even no.
    const opening = setTimeout(() => {
      if (!wasLive) cut()
    }, OPENING_MS)
    client.subscribe<{ visitUpdated: ShownVisit }>(
      { query: WATCH, variables: { link } },
      {
        next: ({ data }) => {
          if (!data) return
          wasLive = true
          listener.live()
          listener.visit(data.visitUpdated)
        },
        // GraphQL errors come as a list; whatever closed the socket does not.
        error: (error) => end(!Array.isArray(error)),
        complete: () => end(false),
      },
    )
  })

/**
 * Keeps what is shown true for as long as the page is open: a socket, again and again after a loss, and the page's own data where
 * the server says that there is nothing to watch.
 */
export const watchVisit = (link: string, first: Shown, listener: Listener): (() => void) => {
  const stop = new AbortController()
  const { signal } = stop
  let known = first
  const tell = (shown: Shown | null) => {
    // Old news with their age are better than none.
    if (!shown || (shown.state === 'away' && known.visit)) return listener.lost()
    const isSaid = shown.state === 'ended' && isOver(known.visit)
    // How it ended is better told by the visit's last state.
    known = isSaid ? { ...known, state: 'ended' } : shown
    if (!isSaid) listener.shown(shown)
  }
  const heeding: Listener = {
    ...listener,
    visit: (visit) => {
      known = { ...known, state: 'visit', visit }
      listener.visit(visit)
    },
  }
  const run = async () => {
    let failures = 0
    const rest = () => pause(pauseMs(failures++, document.hidden, Math.random()), signal)
    while (!signal.aborted && known.state !== 'ended' && known.state !== 'unknown') {
      let isLost = false
      if (known.state === 'visit') {
        const end = await listen(link, heeding, signal)
        if (end.wasLive) failures = 0
        isLost = end.isLost
        if (isLost) listener.lost()
      } else await (known.state === 'early' ? pause(EARLY_MS * (0.5 + Math.random()), signal) : rest())
      // Most losses heal by connecting again; only a network without sockets, or a server that has nothing to watch, needs more.
      if (!signal.aborted && (!isLost || failures >= SOCKETLESS_AFTER)) tell(await askAgain())
      if (known.state === 'visit') await rest()
    }
  }
  void run()
  return () => stop.abort()
}
