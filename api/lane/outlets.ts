import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** One open WebSocket as the lane writes to it. */
export type Outlet = {
  socket: WebSocket
  /** The connection under it. Frames are written to it whole, between those that the WebSocket library writes. */
  raw: Socket
  /** Those who have something newer to say once there is room again; null until there is none for the first time. */
  waiting: Set<Waiting> | null
  /** Bytes that were said in this turn and go out at its end. */
  gathered: number
  /** Whether it has to take something within the time that a stalled peer is given. */
  isTimed: boolean
}

type Waiting = { flush: () => void }

/** Above so many bytes that the peer has not taken yet, only the newest value is kept, and written when there is room again. */
const FULL_BYTES = 16_384
/** A peer that keeps asking and never reads is cut off here. */
const MOST_BYTES = 8_000_000
const LOOK_MS = 50
/** A peer that takes nothing for so long, while something waits for it, is told to come back later. */
const STALLED_MS = 10_000
const PARTING_MS = 2_000
/** Try again later: clients reconnect by themselves. */
const STALLED_CLOSE = 1013

const ASCII = /^[\0-\x7f]*$/

/** A text as it is sent: a character for each byte of its UTF-8. */
export const asBytes = (text: string): string => (ASCII.test(text) ? text : Buffer.from(text).toString('latin1'))

/** The header of a text frame, a character for each byte. */
const header = (length: number): string => {
  if (length < 126) return String.fromCharCode(0x81, length)
  if (length < 65_536) return String.fromCharCode(0x81, 126, length >> 8, length & 255)
  const bytes = [24, 16, 8, 0].map((shift) => (length >>> shift) & 255)
  return String.fromCharCode(0x81, 127, 0, 0, 0, 0, ...bytes)
}

export type Outlets = {
  of: (socket: WebSocket, raw: Socket) => Outlet
  /** To be called for each message that came: cuts off a peer that keeps asking and never reads. */
  heed: (outlet: Outlet) => void
  isFull: (outlet: Outlet) => boolean
  /** Sends a text, given as bytes, at the end of this turn. */
  write: (outlet: Outlet, bytes: string) => void
  /** Calls back when the peer has taken enough of what it was sent. */
  whenRoom: (outlet: Outlet, waiting: Waiting) => void
  close: () => void
}

/** The sockets of this instance, none of which may hold much memory however little its peer reads. */
export const createOutlets = (stalledMs = STALLED_MS): Outlets => {
  const full = new Set<Outlet>()
  let timer: NodeJS.Timeout | null = null

  const look = (): void => {
    for (const outlet of full) {
      if (outlet.socket.readyState === outlet.socket.OPEN && outlet.raw.writableLength >= FULL_BYTES / 2) continue
      full.delete(outlet)
      const waiting = [...(outlet.waiting ?? [])]
      outlet.waiting?.clear()
      for (const each of waiting) each.flush()
    }
    if (full.size === 0 && timer) {
      clearInterval(timer)
      timer = null
    }
  }

  /** Only who left something is timed: a timer that is set anew for each message costs more than the rest of writing it. */
  const time = (outlet: Outlet): void => {
    const { socket, raw } = outlet
    outlet.isTimed = true
    raw.setTimeout(stalledMs)
    raw.once('timeout', () => {
      outlet.isTimed = false
      raw.setTimeout(0)
      if (raw.writableLength === 0 || socket.readyState !== socket.OPEN) return
      socket.close(STALLED_CLOSE, 'Too slow; come back and read on.')
      setTimeout(() => socket.terminate(), PARTING_MS).unref()
    })
  }

  let speakers: Outlet[] = []
  let texts: string[] = []

  /** What is said to many in one turn goes out in one go, at which the kernel is quicker than where each is worked out between. */
  const pour = (): void => {
    const [outlets, all] = [speakers, texts]
    speakers = []
    texts = []
    for (let i = 0; i < all.length; i++) {
      const outlet = outlets[i] as Outlet
      const text = all[i] as string
      const { socket, raw } = outlet
      outlet.gathered -= text.length
      if (socket.readyState !== socket.OPEN) continue
      raw.write(header(text.length) + text, 'latin1')
      if (raw.writableLength > 0 && !outlet.isTimed) time(outlet)
    }
  }

  return {
    of: (socket, raw) => ({ socket, raw, waiting: null, gathered: 0, isTimed: false }),
    heed: ({ socket, raw }) => {
      if (raw.writableLength > MOST_BYTES) socket.terminate()
    },
    isFull: (outlet) => {
      // Only the kernel knows how much more it takes.
      if (outlet.gathered >= FULL_BYTES) pour()
      return outlet.raw.writableLength >= FULL_BYTES
    },
    write: (outlet, bytes) => {
      if (texts.length === 0) queueMicrotask(pour)
      outlet.gathered += bytes.length
      speakers.push(outlet)
      texts.push(bytes)
    },
    whenRoom: (outlet, waiting) => {
      outlet.waiting ??= new Set()
      outlet.waiting.add(waiting)
      full.add(outlet)
      timer ??= setInterval(look, LOOK_MS).unref()
    },
    close: () => {
      if (timer) clearInterval(timer)
      full.clear()
    },
  }
}
