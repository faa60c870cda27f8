import type { Random } from './chance.ts'

/** One request of a device on its way: to the server, or with its answer on the way back. */
export type Packet = {
  id: number
  device: string
  /** When the device sent it, by true time and by its own boot. */
  sentAt: number
  bootId: string
  stage: 'request' | 'at server' | 'reply'
  /** A copy that a network made: its answer goes nowhere. */
  isCopy: boolean
  body: string
  send: () => Promise<Response>
  answer: { status: number; headers: Headers; text: string } | null
  resolve: (response: Response) => void
  reject: (error: Error) => void
}

type Sender = { isAlive: () => boolean; moment: () => { sentAt: number; bootId: string } }

export type Exchange = { device: string; answer: unknown }

export type NetworkOptions = {
  /** Where requests really go. */
  origin: () => string
  /** Told of every request that goes to the server, whether it is answered or not. */
  onRequest?: (packet: Packet) => (() => void) | undefined
  /** Told of every exchange that the server answered, also of copies. */
  onExchange?: (exchange: Exchange) => void
}

const unreachable = (): Error => new TypeError('fetch failed')

/** A network that does nothing by itself: requests and replies wait until the history delivers, drops, copies or forgets them. */
export const createNetwork = ({ origin, onRequest, onExchange }: NetworkOptions) => {
  let nextId = 0
  let packets: Packet[] = []
  const cut = new Set<string>()

  const remove = (packet: Packet) => {
    packets = packets.filter((other) => other !== packet)
  }

  /** What a device is given as fetch. Nothing reaches a device of which `isAlive` is no longer true. */
  const fetchOf =
    (device: string, { isAlive, moment }: Sender): typeof fetch =>
    (input, init) =>
      new Promise<Response>((resolve, reject) => {
        if (!isAlive()) return
        if (cut.has(device)) return reject(unreachable())
        const path = String(input instanceof Request ? input.url : input).replace(/^https?:\/\/[^/]+/, '')
        const { signal, ...rest } = init ?? {}
        const packet: Packet = {
          id: nextId++,
          device,
          ...moment(),
          stage: 'request',
          isCopy: false,
          body: typeof init?.body === 'string' ? init.body : '',
          send: () => fetch(`${origin()}${path}`, rest),
          answer: null,
          resolve: (response) => {
            if (isAlive()) resolve(response)
          },
          reject: (error) => {
            if (isAlive()) reject(error)
          },
        }
        packets.push(packet)
        signal?.addEventListener('abort', () => {
          // What it sent may be on its way all the same.
          if (packet.stage === 'reply' || packets.length > 4) remove(packet)
          packet.isCopy = true
          packet.reject(Object.assign(new Error('aborted'), { name: 'AbortError' }))
        })
      })

  /** Brings a request to the server and waits until that has answered, or is gone. */
  const deliver = async (packet: Packet): Promise<void> => {
    packet.stage = 'at server'
    const answered = onRequest?.(packet)
    try {
      const response = await packet.send()
      const text = await response.text()
      answered?.()
      packet.answer = { status: response.status, headers: response.headers, text }
      if (onExchange) {
        let answer: unknown = null
        try {
          answer = JSON.parse(text)
        } catch {}
        onExchange({ device: packet.device, answer })
      }
      packet.stage = 'reply'
      if (packet.isCopy) remove(packet)
    } catch {
      answered?.()
      remove(packet)
      packet.reject(unreachable())
    }
  }

  /** Brings an answer back. */
  const reply = (packet: Packet): void => {
    remove(packet)
    if (!packet.answer) return
    const { status, headers, text } = packet.answer
    packet.resolve(new Response(text, { status, headers: { 'content-type': headers.get('content-type') ?? '' } }))
  }

  /** The request or its answer is lost; the device hears of it at once, or has to find out by itself. */
  const drop = (packet: Packet, isHeard: boolean): void => {
    remove(packet)
    if (isHeard) packet.reject(unreachable())
  }

  /** The same request once more, to be delivered whenever the history likes. */
  const copy = (packet: Packet): Packet => {
    const made: Packet = {
      ...packet,
      id: nextId++,
      stage: 'request',
      isCopy: true,
      answer: null,
      resolve: () => {},
      reject: () => {},
    }
    packets.push(made)
    return made
  }

  return {
    fetchOf,
    deliver,
    reply,
    drop,
    copy,
    packets: (): readonly Packet[] => packets,
    /** Nothing leaves or reaches the device until it is mended; what is under way fails. */
    cutOff: (device: string, random: Random): void => {
      cut.add(device)
      for (const packet of packets) if (packet.device === device && !packet.isCopy) drop(packet, random.chance(0.7))
    },
    mend: (device: string): void => void cut.delete(device),
    isCut: (device: string): boolean => cut.has(device),
  }
}

export type Network = ReturnType<typeof createNetwork>
