import type { GraphQLSchema } from 'graphql'
import { makeServer } from 'graphql-ws'

type Heard = { data: string }
type Closed = { code: number; reason: string; wasClean: boolean }

/** A WebSocket whose other end, in the same process, is a server of graphql-ws over this schema. */
export const createLine = (schema: GraphQLSchema, root: Record<string, () => AsyncIterable<object>>) => {
  const server = makeServer({ schema, roots: { subscription: root } })
  return class Line {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    readonly protocol = 'graphql-transport-ws'
    readyState: number = Line.CONNECTING
    onopen: (() => void) | null = null
    onmessage: ((event: Heard) => void) | null = null
    onclose: ((event: Closed) => void) | null = null
    onerror: ((error: unknown) => void) | null = null
    private toServer: (data: string) => Promise<void> = async () => {}
    private tellServer: (code: number, reason: string) => Promise<void> = async () => {}

    constructor() {
      queueMicrotask(() => {
        this.readyState = Line.OPEN
        this.tellServer = server.opened(
          {
            protocol: this.protocol,
            send: async (data) => queueMicrotask(() => this.onmessage?.({ data: String(data) })),
            close: async (code = 1005, reason = '') => this.end(code, reason),
            onMessage: (take) => {
              this.toServer = take
            },
          },
          {},
        ) as (code: number, reason: string) => Promise<void>
        this.onopen?.()
      })
    }

    send(data: string): void {
      void this.toServer(data)
    }

    close(code = 1005, reason = ''): void {
      this.end(code, reason)
    }

    private end(code: number, reason: string): void {
      if (this.readyState === Line.CLOSED) return
      this.readyState = Line.CLOSED
      void this.tellServer(code, reason)
      queueMicrotask(() => this.onclose?.({ code, reason, wasClean: true }))
    }
  }
}

/** Events that are given while somebody watches. */
export const createFeed = <Event>() => {
  const watchers = new Set<(event: Event) => void>()
  return {
    give: (event: Event): void => {
      for (const watcher of [...watchers]) watcher(event)
    },
    watch: async function* (): AsyncGenerator<Event> {
      const waiting: Event[] = []
      let wake = () => {}
      const watcher = (event: Event) => {
        waiting.push(event)
        wake()
      }
      watchers.add(watcher)
      try {
        while (true) {
          const next = waiting.shift()
          if (next !== undefined) yield next
          else
            await new Promise<void>((resolve) => {
              wake = resolve
            })
        }
      } finally {
        watchers.delete(watcher)
      }
    },
  }
}
