import { randomUUID } from 'node:crypto'
import type { Context, Deps } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import { ask } from './scene.ts'

const SYNC = `mutation($input: SyncInput!) { sync(input: $input) {
  outcomes { id outcome code message overrides { field by at value } } nextSeq } }`

const PULL = `query($cursor: String) { changes(cursor: $cursor) { cursor hasMore removed
  patients { id version name phoneNumber dateOfBirth language }
  appointments { id version status startsAt patient { id } }
  entries { id version ticket status arrivedAt patient { id } service { id } }
  overridden { id outcome code overrides { field by at value } } } }`

export type TestOperation = { id: string; seq: number; ageMs: number } & Record<string, unknown>

export type TestOutcome = {
  id: string
  outcome: string
  code: string | null
  message: string | null
  overrides: { field: string; by: string; at: string; value: string | null }[] | null
}

type Row = { id: string; version: number } & Record<string, any>
type Changes = {
  cursor: string
  hasMore: boolean
  removed: string[]
  patients: Row[]
  appointments: Row[]
  entries: Row[]
  overridden: TestOutcome[]
}

/** The least that a device is: a numbered log, a cursor, and the records that it was given. */
export const createDevice = (deps: Deps, viewer: Context['viewer'], clientId: string = randomUUID()) => {
  let seq = 0
  const held = new Map<string, Row>()
  const overridden: TestOutcome[] = []
  const device = {
    clientId,
    held,
    overridden,
    cursor: null as string | null,
    /** Pages of the last pull. */
    pages: [] as Changes[],
    operation: (command: string, input: object, ageMs = 0): TestOperation => ({
      id: uuidv7(),
      seq: ++seq,
      ageMs,
      [command]: input,
    }),
    send: async (operations: readonly TestOperation[], more: object = {}) => {
      const { data, codes, errors } = await ask(deps, viewer, SYNC, { input: { clientId, operations, ...more } })
      return { outcomes: (data?.sync?.outcomes ?? []) as TestOutcome[], nextSeq: data?.sync?.nextSeq, codes, errors }
    },
    /** One act that is sent at once; its outcome. */
    act: async (command: string, input: object, ageMs = 0): Promise<TestOutcome> => {
      const { outcomes, errors } = await device.send([device.operation(command, input, ageMs)])
      if (!outcomes[0]) throw new Error(JSON.stringify(errors))
      return outcomes[0]
    },
    pullPage: async (): Promise<Changes | string> => {
      const { data, codes } = await ask(deps, viewer, PULL, { cursor: device.cursor })
      const set = data?.changes as Changes | null
      if (!set) return codes[0] as string
      for (const row of [...set.patients, ...set.appointments, ...set.entries]) held.set(row.id, row)
      for (const id of set.removed) held.delete(id)
      overridden.push(...set.overridden)
      device.cursor = set.cursor
      return set
    },
    /** Pulls until there is no more; the code where it was refused. */
    pull: async (): Promise<string | null> => {
      device.pages = []
      for (;;) {
        const page = await device.pullPage()
        if (typeof page === 'string') return page
        device.pages.push(page)
        if (!page.hasMore) return null
      }
    },
  }
  return device
}

export type TestDevice = ReturnType<typeof createDevice>
