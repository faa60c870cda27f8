import { type Moment, momentOf } from './clock.ts'
import { type Answered, agedOut, entities, type Held, type Keeping, keyOf, newestTime } from './held.ts'
import type { CommandName, FieldOverride, Operation, OperationResult } from './model.ts'
import type { Ports } from './ports.ts'
import { type Storage, StorageError, type Writing } from './storage/storage.ts'
import type { ChangeSet, SyncResult } from './transport.ts'
import type { Sealed } from './vault.ts'

/** The one row that says where this device stands with the server. */
export type DeviceState = {
  /** Given when the database was made; another one means that it is another database. */
  logId: string
  /** Grows by one with every transaction, so that tabs can tell whether they have heard of all. */
  revision: number
  clientId: string
  nextSeq: number
  /** Operations up to here may have reached the server under this clientId. */
  sentThrough: number
  cursor: string | null
  /** Wall-clock time at which the device last knew that it held everything. */
  syncedAt: number | null
  /** When the server last answered. */
  contact: Moment
  /** The user logged out: nothing may be written until they log in again. */
  ended: boolean
}

/** What one transaction changed, as the other tabs are told of it; null is deleted. Records by `keyOf`, the others by id. */
export type Delta = {
  state: DeviceState
  operations: Map<string, Operation | null>
  /** All records were let go of before those that follow. */
  clearedRecords: boolean
  records: Map<string, Held | null>
  answered: Map<string, Answered | null>
}

/** Everything that the database holds. */
export type Contents = { state: DeviceState; operations: Operation[]; records: Held[]; answered: Answered[] }

type Changing = {
  tx: Writing
  state: DeviceState
  putOperation: (operation: Operation) => void
  deleteOperation: (id: string) => void
  putRecord: (held: Held) => void
  deleteRecord: (key: string) => void
  clearRecords: () => void
  putAnswered: (answered: Answered) => void
  deleteAnswered: (id: string) => void
}

/** Unanswered first to last; those with an answer were sent before all others. */
export const inOrder = (operations: Iterable<Operation>): Operation[] =>
  [...operations].sort((a, b) => Number(!a.answer) - Number(!b.answer) || a.seq - b.seq || (a.id < b.id ? -1 : 1))

const unanswered = (operations: Iterable<Operation>): Operation[] => inOrder(operations).filter(({ answer }) => !answer)

const allOperations = (tx: Pick<Writing, 'all'>) => tx.all('operations') as Promise<Operation[]>

export class LogEnded extends Error {
  constructor() {
    super('The user has logged out at this device.')
    this.name = 'LogEnded'
  }
}

const change = <T>(
  storage: Storage,
  work: (changing: Changing) => Promise<T>,
  mayHaveEnded = false,
): Promise<{ result: T; delta: Delta }> =>
  storage.write(async (tx) => {
    const state = (await tx.get('state', 'device')) as DeviceState | undefined
    // A database without its state was wiped and made anew since.
    if (!state) throw new StorageError('LOST')
    if (state.ended && !mayHaveEnded) throw new LogEnded()
    const delta: Delta = {
      state,
      operations: new Map(),
      clearedRecords: false,
      records: new Map(),
      answered: new Map(),
    }
    const result = await work({
      tx,
      state,
      putOperation: (operation) => {
        tx.put('operations', operation.id, operation)
        delta.operations.set(operation.id, operation)
      },
      deleteOperation: (id) => {
        tx.delete('operations', id)
        delta.operations.set(id, null)
      },
      putRecord: (held) => {
        const key = keyOf(held.entity, held.record.id)
        tx.put('records', key, held)
        delta.records.set(key, held)
      },
      deleteRecord: (key) => {
        tx.delete('records', key)
        delta.records.set(key, null)
      },
      clearRecords: () => {
        tx.clear('records')
        delta.clearedRecords = true
        delta.records.clear()
      },
      putAnswered: (answered) => {
        tx.put('answered', answered.id, answered)
        delta.answered.set(answered.id, answered)
      },
      deleteAnswered: (id) => {
        tx.delete('answered', id)
        delta.answered.set(id, null)
      },
    })
    state.revision += 1
    tx.put('state', 'device', state)
    return { result, delta }
  })

const newState = (ports: Ports): DeviceState => ({
  logId: ports.newId(),
  revision: 0,
  clientId: ports.newId(),
  nextSeq: 1,
  sentThrough: 0,
  cursor: null,
  syncedAt: null,
  contact: momentOf(ports.clock),
  ended: false,
})

/**
 * A new clientId, under which all that is unanswered is numbered from 1. What may have been sent under the old one may have
 * arrived: the server then knows it by its id, and it can no longer be taken back.
 */
const renumber = (changing: Changing, operations: readonly Operation[], clientId: string): void => {
  const { state } = changing
  const sent = operations.filter(({ seq }) => seq <= state.sentThrough).length
  operations.forEach((operation, index) => {
    changing.putOperation({ ...operation, clientId, seq: index + 1 })
  })
  state.clientId = clientId
  state.nextSeq = operations.length + 1
  state.sentThrough = sent
}

const readAll = async (tx: Pick<Writing, 'get' | 'all'>): Promise<Contents | null> => {
  const state = (await tx.get('state', 'device')) as DeviceState | undefined
  if (!state) return null
  const operations = await allOperations(tx)
  const records = (await tx.all('records')) as Held[]
  const answered = (await tx.all('answered')) as Answered[]
  return { state, operations, records, answered }
}

/** Numbers under different clientIds say nothing of each other; ids, by their time, do. */
const asActed = (operations: readonly Operation[]): Operation[] => {
  const clientIds = new Set(operations.map(({ clientId }) => clientId))
  const ordered = unanswered(operations)
  return clientIds.size < 2 ? ordered : ordered.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What is known of a log whose database is gone: by a tab that had it open, or by a spare place. */
export type Remembered = {
  operations: readonly Operation[]
  answered: readonly Answered[]
  sealed: readonly StoredSeal[]
}

/**
 * Opens the log, or makes one. What is given as remembered is put where it is missing, in the same transaction: an act that was
 * shown as saved is still the person's act.
 */
export const openLog = async (
  storage: Storage,
  ports: Ports,
  remembered: Remembered = { operations: [], answered: [], sealed: [] },
): Promise<{ contents: Contents; isNew: boolean }> => {
  const found = await storage.read(readAll)
  if (found && Object.values(remembered).every(({ length }) => length === 0)) return { contents: found, isNew: false }
  return storage.write(async (tx) => {
    const known = await readAll(tx)
    const state = known?.state ?? newState(ports)
    const ids = new Set([...(known?.operations ?? []), ...(known?.answered ?? [])].map(({ id }) => id))
    const operations = asActed(remembered.operations)
      .filter(({ id }) => !ids.has(id))
      .map((operation, index) => ({ ...operation, clientId: state.clientId, seq: state.nextSeq + index }))
    const answered = remembered.answered.filter(({ id }) => !ids.has(id))
    for (const operation of operations) tx.put('operations', operation.id, operation)
    for (const one of answered) tx.put('answered', one.id, one)
    for (const one of remembered.sealed) tx.put('sealed', one.id, one)
    if (operations.length > 0) {
      state.nextSeq += operations.length
      state.sentThrough = state.nextSeq - 1
    }
    state.revision += 1
    tx.put('state', 'device', state)
    return {
      contents: {
        state,
        operations: [...(known?.operations ?? []), ...operations],
        records: known?.records ?? [],
        answered: [...(known?.answered ?? []), ...answered],
      },
      isNew: !known,
    }
  })
}

/** Where the log stands, to tell whether anything of it has to be read. */
export const readState = async (storage: Storage): Promise<DeviceState> => {
  const state = (await storage.read((tx) => tx.get('state', 'device'))) as DeviceState | undefined
  if (!state) throw new StorageError('LOST')
  return state
}

export const readLog = async (storage: Storage): Promise<Contents> => {
  const contents = await storage.read(readAll)
  if (!contents) throw new StorageError('LOST')
  return contents
}

type Act = { id: string; command: CommandName; input: Record<string, unknown> }

const appendTo = (changing: Changing, act: Act, at: Moment): Operation => {
  const { state } = changing
  const operation: Operation = { ...act, seq: state.nextSeq, clientId: state.clientId, ...at }
  state.nextSeq += 1
  changing.putOperation(operation)
  return operation
}

/** Gives the act its number, and marks it as sent where it is sent next, in the same transaction that stores it. */
export const append = (storage: Storage, act: Act, at: Moment, isSentNext = false) =>
  change(storage, async (changing) => {
    const operation = appendTo(changing, act, at)
    if (isSentNext) changing.state.sentThrough = operation.seq
    return operation
  })

/** Up to `limit` operations from the oldest on, marked as sent before they are. */
export const nextBatch = (storage: Storage, limit: number) =>
  change(storage, async ({ tx, state }) => {
    const held = unanswered(await allOperations(tx))
    const operations = held.slice(0, limit)
    state.sentThrough = Math.max(state.sentThrough, operations.at(-1)?.seq ?? 0)
    return { clientId: state.clientId, operations, more: held.length > operations.length }
  })

/** Removes an operation that was never sent, and closes the gap in the numbers behind it. */
export const takeBack = (storage: Storage, id: string) =>
  change(storage, async (changing) => {
    const { tx, state } = changing
    const operation = (await tx.get('operations', id)) as Operation | undefined
    if (!operation || operation.answer || operation.seq <= state.sentThrough) return false
    changing.deleteOperation(id)
    for (const later of await allOperations(tx))
      if (!later.answer && later.seq > operation.seq) changing.putOperation({ ...later, seq: later.seq - 1 })
    state.nextSeq -= 1
    return true
  })

const hasFields = ({ command }: Operation): boolean => command === 'updatePatient' || command === 'createPatient'

/** What was heard of an operation, and what else of it lost. */
const withOverrides = (heard: OperationResult, more: readonly FieldOverride[]): OperationResult => {
  const known = heard.overrides ?? []
  return { ...heard, overrides: [...known, ...more.filter(({ field }) => !known.some((one) => one.field === field))] }
}

const answer = async (changing: Changing, result: OperationResult, at: number): Promise<void> => {
  const { tx } = changing
  const operation = (await tx.get('operations', result.id)) as Operation | undefined
  if (!operation || operation.answer) return
  const isRefused = result.outcome === 'REJECTED'
  const heard = (await tx.get('answered', result.id)) as Answered | undefined
  // Its first answer got lost, and a pull told before the second one that it was overridden: that is not taken back by it.
  if (heard && !isRefused)
    changing.putAnswered({ ...heard, operation, result: withOverrides(heard.result, result.overrides ?? []) })
  else
    changing.putAnswered({ id: result.id, operation, result, at, open: isRefused || result.outcome === 'OVERRIDDEN' })
  // What was refused changes nothing that a pull would bring.
  if (isRefused) changing.deleteOperation(result.id)
  else changing.putOperation({ ...operation, answer: result })
}

/**
 * A load, unlike a pull, tells of all overrides of the last weeks again: then only of those that are this device's own, and
 * never twice of the same.
 */
const overriddenSince = async (
  changing: Changing,
  result: OperationResult,
  { at, isLoad }: { at: number; isLoad: boolean },
): Promise<void> => {
  const known = (await changing.tx.get('answered', result.id)) as Answered | undefined
  const operation =
    ((await changing.tx.get('operations', result.id)) as Operation | undefined) ?? known?.operation ?? null
  if (isLoad && !operation) return
  const lost = result.overrides ?? []
  const told = known?.result.overrides ?? []
  const isTold = (one: FieldOverride) =>
    told.some(({ field, at, value }) => field === one.field && at === one.at && value === one.value)
  if (isLoad && lost.every(isTold)) return
  // A field that lost before, and whose notice still stands, is not forgotten over those that lost now.
  const before = known?.open ? told.filter(({ field }) => !lost.some((other) => other.field === field)) : []
  const overrides = [...before, ...lost]
  changing.putAnswered({ id: result.id, operation, result: { ...result, overrides }, at, open: true })
}

const putChanges = async (
  changing: Changing,
  changes: ChangeSet,
  { newest, now, isLoad = false }: { newest: number; now: Moment; isLoad?: boolean },
): Promise<void> => {
  const { state } = changing
  const at = Math.max(newest, newestTime(changes.entries))
  for (const entity of entities) for (const record of changes[entity]) changing.putRecord({ entity, record, at })
  for (const id of changes.removed) for (const entity of entities) changing.deleteRecord(keyOf(entity, id))
  for (const result of changes.overridden) await overriddenSince(changing, result, { at: now.wall, isLoad })
  state.cursor = changes.cursor
  if (!changes.hasMore) await settleAnswered(changing, now)
}

/** All that the server knew has been pulled: what had been answered before is among the records now. */
const settleAnswered = async (changing: Changing, now: Moment): Promise<void> => {
  for (const operation of await allOperations(changing.tx)) if (operation.answer) changing.deleteOperation(operation.id)
  changing.state.syncedAt = now.wall
}

/**
 * Stores what the server answered to a batch, all or nothing: an operation leaves the log because its own id was answered.
 * Records are taken only where they go on from where the log stands, so that a late answer cannot bring old ones back.
 */
export const settle = (
  storage: Storage,
  sent: { clientId: string; cursor: string | null },
  received: SyncResult,
  known: { newest: number; now: Moment; newClientId: string },
) =>
  change(storage, async (changing) => {
    const { tx, state } = changing
    for (const result of received.outcomes) await answer(changing, result, known.now.wall)
    const { changes } = received
    if (changes && changes !== 'CURSOR_EXPIRED' && state.cursor === sent.cursor)
      await putChanges(changing, changes, known)
    if (state.clientId === sent.clientId) {
      const held = unanswered(await allOperations(tx))
      const oldest = held[0]?.seq ?? state.nextSeq
      // Below: the server came back from a backup and lost what it had answered. Above: this device did.
      if (received.nextSeq < oldest || received.nextSeq > state.nextSeq) renumber(changing, held, known.newClientId)
    }
    state.contact = known.now
  })

/** Stores a page of changes; false where the log has gone on from elsewhere since. */
export const applyChanges = (
  storage: Storage,
  cursor: string | null,
  changes: ChangeSet,
  known: { newest: number; now: Moment },
) =>
  change(storage, async (changing) => {
    if (changing.state.cursor !== cursor) return false
    await putChanges(changing, changes, { ...known, isLoad: cursor === null })
    changing.state.contact = known.now
    return true
  })

/** Puts a complete new load in the place of everything that was held. */
export const replaceRecords = (
  storage: Storage,
  cursor: string | null,
  pages: readonly ChangeSet[],
  known: { now: Moment },
) =>
  change(storage, async (changing) => {
    if (changing.state.cursor !== cursor) return false
    changing.clearRecords()
    for (const page of pages) await putChanges(changing, page, { newest: 0, now: known.now, isLoad: true })
    changing.state.contact = known.now
    return true
  })

/** After RESET: nothing of the batch was applied, and this clientId is of no use any more. */
export const startOver = (storage: Storage, clientId: string, newClientId: string) =>
  change(storage, async (changing) => {
    if (changing.state.clientId !== clientId) return
    renumber(changing, unanswered(await allOperations(changing.tx)), newClientId)
  })

/** The server cannot read this operation: from now on only its number is sent. */
export const markDropped = (storage: Storage, id: string) =>
  change(storage, async (changing) => {
    const operation = (await changing.tx.get('operations', id)) as Operation | undefined
    if (operation && !operation.answer) changing.putOperation({ ...operation, dropped: true })
  })

/** What to say again: the lost fields of what was overridden, seen as the record stands now, else the whole act. */
const again = (operation: Operation, result: OperationResult, version: number | null): Omit<Act, 'id'> => {
  const { command, input } = operation
  const seen = version === null ? {} : { seen: version }
  if (result.outcome !== 'OVERRIDDEN')
    return { command, input: command === 'updatePatient' ? { ...input, ...seen } : input }
  const lost = (result.overrides ?? []).map(({ field }) => [field, input[field]])
  return { command: 'updatePatient', input: { id: input.id, ...Object.fromEntries(lost), ...seen } }
}

/** Gives a refused or overridden operation again as a new act; null where it is not known here, or was given again already. */
export const redo = (storage: Storage, id: string, newId: string, at: Moment) =>
  change(storage, async (changing) => {
    const answered = (await changing.tx.get('answered', id)) as Answered | undefined
    if (!answered?.operation || !answered.open) return null
    const patient = keyOf('patients', String(answered.operation.input.id))
    const held = (await changing.tx.get('records', patient)) as Held | undefined
    changing.putAnswered({ ...answered, open: false })
    const act = again(answered.operation, answered.result, held?.record.version ?? null)
    return appendTo(changing, { id: newId, ...act }, at)
  })

export const dismiss = (storage: Storage, id: string) =>
  change(storage, async (changing) => {
    const answered = (await changing.tx.get('answered', id)) as Answered | undefined
    if (answered?.open) changing.putAnswered({ ...answered, open: false })
  })

const HOUR = 3_600_000
const DAYS_30 = 30 * 24 * HOUR

/** Lets go of records that have aged out, and of answers that nobody will ask for. */
export const prune = (storage: Storage, keeping: Keeping, now: number) =>
  change(storage, async (changing) => {
    const records = (await changing.tx.all('records')) as Held[]
    for (const { entity, record } of agedOut(records, await allOperations(changing.tx), keeping))
      changing.deleteRecord(keyOf(entity, record.id))
    for (const { id, operation, at, open } of (await changing.tx.all('answered')) as Answered[]) {
      // Fields can be overridden later; the person then wants to see what they had written.
      const lasting = operation && hasFields(operation) ? DAYS_30 : HOUR
      if (!open && Math.abs(now - at) > lasting) changing.deleteAnswered(id)
    }
  })

/** Sealed operations as they are stored, named by the first of them. */
export type StoredSeal = Sealed & { id: string }

/** What of the log is left after log-out; `sealed` is what SEAL made of the unsent operations. */
export const endLog = (
  storage: Storage,
  unsent: 'KEEP' | 'DISCARD' | { sealed: StoredSeal | null; ids: ReadonlySet<string> },
) =>
  change(
    storage,
    async (changing) => {
      const { tx, state } = changing
      const held = unanswered(await allOperations(tx))
      // An act that came between sealing and this transaction: seal again.
      if (typeof unsent === 'object' && held.some(({ id }) => !unsent.ids.has(id))) return false
      changing.clearRecords()
      tx.clear('answered')
      tx.clear('cache')
      for (const operation of await allOperations(tx))
        if (unsent !== 'KEEP' || operation.answer) changing.deleteOperation(operation.id)
      if (typeof unsent === 'object' && unsent.sealed) tx.put('sealed', unsent.sealed.id, unsent.sealed)
      // What leaves the log leaves a hole in its numbers.
      if (unsent !== 'KEEP' && held.length > 0) {
        state.nextSeq = (held[0] as Operation).seq
        state.sentThrough = Math.min(state.sentThrough, state.nextSeq - 1)
      }
      state.cursor = null
      state.syncedAt = null
      state.ended = true
      return true
    },
    true,
  )

/** The user is logged in again, just now: the log may be written. */
export const resumeLog = (storage: Storage, now: Moment) =>
  change(
    storage,
    async ({ state }) => {
      state.ended = false
      state.contact = now
    },
    true,
  )

/** Puts operations back that had been sealed. They may have been sent before. */
export const putBack = (storage: Storage, sealedKey: string, operations: readonly Operation[]) =>
  change(storage, async (changing) => {
    const { tx, state } = changing
    if ((await tx.get('sealed', sealedKey)) === undefined) return
    tx.delete('sealed', sealedKey)
    for (const operation of operations) {
      changing.putOperation({ ...operation, clientId: state.clientId, seq: state.nextSeq })
      state.nextSeq += 1
    }
    state.sentThrough = state.nextSeq - 1
  })
