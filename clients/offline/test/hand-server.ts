import { createEngine } from '../engine.ts'
import { staffKeeping } from '../held.ts'
import type { Engine, Entity, OperationResult, Records, StoredRecord } from '../model.ts'
import { nobodyElse, type Ports, soleHolder } from '../ports.ts'
import { createMemoryDisk } from '../storage/memory.ts'
import { type ChangeSet, type SyncResult, type Transport, TransportError } from '../transport.ts'
import { NOON, recordsOf } from './records.ts'

const entities: readonly Entity[] = ['patients', 'appointments', 'entries']

type Waiting = { ids: string[]; resolve: (result: SyncResult) => void; reject: (error: Error) => void; seq: number }

/** The engine of a device, started, with the test in place of its server: it says what is confirmed, and answers operations. */
export const startByHand = async (account: string) => {
  let isUp = true
  let confirmed: Records = recordsOf({})
  let news: StoredRecord[] = []
  let cursor = 0
  const waiting: Waiting[] = []
  const hasNow = (entity: Entity) => news.filter(({ id }) => confirmed[entity].has(id))
  const changes = (): ChangeSet => {
    const page = {
      cursor: `c${++cursor}`,
      hasMore: false,
      patients: hasNow('patients'),
      appointments: hasNow('appointments'),
      entries: hasNow('entries'),
      removed: [],
      overridden: [],
    }
    news = []
    return page
  }
  const transport: Transport = {
    account: () => account,
    changes: async () => {
      if (!isUp) throw new TransportError('NETWORK')
      return changes()
    },
    sync: ({ operations }) =>
      new Promise((resolve, reject) => {
        if (isUp)
          waiting.push({ ids: operations.map(({ id }) => id), resolve, reject, seq: operations.at(-1)?.seq ?? 0 })
        else reject(new TransportError('NETWORK'))
      }),
  }
  let ids = 0
  const ports: Ports = {
    clock: { wall: () => NOON.getTime(), mono: () => 0, bootId: 'boot' },
    random: () => 0.5,
    newId: () => `op${++ids}`,
    timers: {
      after: (ms, work) => {
        const timer = setTimeout(work, Math.min(ms, 50))
        return () => clearTimeout(timer)
      },
    },
    locks: soleHolder,
    channel: nobodyElse,
    witness: { has: () => false, set: () => {} },
    crypto: null,
  }
  const engine: Engine = createEngine({ account, transport, opener: createMemoryDisk(), ports, keeping: staffKeeping })
  await engine.start()

  const until = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; !holds(); tries++) {
      if (tries > 1_000) throw new Error('The engine did not come to it.')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  await until(() => engine.status().syncedAt !== null)

  const answer = async (result: (id: string) => OperationResult): Promise<void> => {
    await until(() => waiting.length > 0)
    const { ids: asked, resolve, seq } = waiting.shift() as Waiting
    resolve({ outcomes: asked.map(result), nextSeq: seq + 1, changes: changes() })
    await until(() => !engine.pending().some(({ id }) => asked.includes(id)))
  }
  const take = (next: Partial<Records>): void => {
    for (const entity of entities)
      for (const [id, record] of next[entity] ?? []) if (confirmed[entity].get(id) !== record) news.push(record)
    confirmed = { ...confirmed, ...next }
  }
  const hasTaken = () =>
    // Patients to whom nothing refers are not kept for ever.
    (['entries', 'appointments'] as const).every((entity) =>
      [...confirmed[entity].values()].every(({ id, version }) => engine.records()[entity].get(id)?.version === version),
    )

  return {
    engine,
    /** The server tells of records as they are now. */
    confirm: async (next: Partial<Records>) => {
      take(next)
      engine.nudge()
      await until(hasTaken)
    },
    /** The server has applied what was sent, and so the records are as given. */
    apply: (next: Partial<Records>) => {
      take(next)
      return answer((id) => ({ id, outcome: 'APPLIED', code: null, message: null, overrides: null }))
    },
    refuse: (code: string) =>
      answer((id) => ({ id, outcome: 'REJECTED', code, message: `It was refused: ${code}`, overrides: null })),
    setOnline: async (isOnline: boolean) => {
      isUp = isOnline
      for (const { reject } of waiting.splice(0)) reject(new TransportError('NETWORK'))
      engine.nudge()
      await until(() => engine.status().isOnline === isOnline)
    },
  }
}
