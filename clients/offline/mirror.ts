import { type Answered, entities, type Held, keyOf } from './held.ts'
import { type Contents, type Delta, type DeviceState, inOrder } from './log.ts'
import type { Entity, Notice, Operation, Records, StoredRecord } from './model.ts'

/** The database's contents in memory, kept true by what each transaction of each tab changed. */
export type Mirror = {
  state: () => DeviceState
  /** False where something in between was missed: then everything has to be read anew. */
  apply: (delta: Delta) => boolean
  /** Takes what was read, unless more is known already. `keepRecords`: those in memory stay until a new load replaces them. */
  take: (contents: Contents, keepRecords?: boolean) => void
  pending: () => readonly Operation[]
  unanswered: () => readonly Operation[]
  records: () => Records
  held: () => readonly Held[]
  hasRecords: () => boolean
  operation: (id: string) => Operation | undefined
  answered: (id: string) => Answered | undefined
  allAnswered: () => readonly Answered[]
  notices: () => readonly Notice[]
}

type Tables = {
  operations: Map<string, Operation>
  records: Record<Entity, Map<string, StoredRecord>>
  held: Map<string, Held>
  answered: Map<string, Answered>
}

const merge = <V>(map: Map<string, V>, changed: ReadonlyMap<string, V | null>): Map<string, V> => {
  for (const [key, value] of changed)
    if (value === null) map.delete(key)
    else map.set(key, value)
  return map
}

const recordsOf = (held: Iterable<Held>): Tables['records'] => {
  const records: Tables['records'] = { patients: new Map(), appointments: new Map(), entries: new Map() }
  for (const { entity, record } of held) records[entity].set(record.id, record)
  return records
}

export const createMirror = (contents: Contents): Mirror => {
  let state = contents.state
  let tables: Tables = { operations: new Map(), records: recordsOf([]), held: new Map(), answered: new Map() }
  // Screens compare by identity: what has not changed stays the same object.
  let pending: readonly Operation[] | null = null
  let notices: readonly Notice[] | null = null

  const fill = ({ operations, records, answered }: Contents, keepRecords: boolean) => {
    const held = new Map(records.map((one) => [keyOf(one.entity, one.record.id), one]))
    tables = {
      operations: new Map(operations.map((operation) => [operation.id, operation])),
      answered: new Map(answered.map((one) => [one.id, one])),
      held: keepRecords ? tables.held : held,
      records: keepRecords ? tables.records : recordsOf(records),
    }
    pending = null
    notices = null
  }
  fill(contents, false)

  const applyRecords = ({ clearedRecords, records }: Delta) => {
    if (!clearedRecords && records.size === 0) return
    if (clearedRecords) tables.held = new Map()
    merge(tables.held, records)
    if (clearedRecords) {
      tables.records = recordsOf(tables.held.values())
      return
    }
    const changed = new Set<Entity>()
    for (const key of records.keys()) changed.add(key.slice(0, key.indexOf('/')) as Entity)
    for (const entity of entities) if (changed.has(entity)) tables.records[entity] = new Map(tables.records[entity])
    tables.records = { ...tables.records }
    for (const [key, held] of records) {
      const slash = key.indexOf('/')
      const map = tables.records[key.slice(0, slash) as Entity]
      if (held) map.set(held.record.id, held.record)
      else map.delete(key.slice(slash + 1))
    }
  }

  return {
    state: () => state,
    apply: (delta) => {
      if (delta.state.logId !== state.logId) return false
      if (delta.state.revision <= state.revision) return true
      if (delta.state.revision > state.revision + 1) return false
      state = delta.state
      applyRecords(delta)
      if (delta.operations.size > 0) {
        merge(tables.operations, delta.operations)
        pending = null
      }
      if (delta.answered.size > 0) {
        merge(tables.answered, delta.answered)
        notices = null
      }
      return true
    },
    take: (next, keepRecords = false) => {
      if (next.state.logId === state.logId && next.state.revision <= state.revision) return
      state = next.state
      fill(next, keepRecords)
    },
    pending: () => {
      pending ??= inOrder(tables.operations.values())
      return pending
    },
    unanswered: () => {
      pending ??= inOrder(tables.operations.values())
      return pending.filter(({ answer }) => !answer)
    },
    records: () => tables.records,
    held: () => [...tables.held.values()],
    hasRecords: () => tables.held.size > 0,
    operation: (id) => tables.operations.get(id),
    answered: (id) => tables.answered.get(id),
    allAnswered: () => [...tables.answered.values()],
    notices: () => {
      notices ??= [...tables.answered.values()]
        .filter(({ open }) => open)
        .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
        .map(({ id, operation, result, at }) => ({ id, operation, result, at }))
      return notices
    },
  }
}
