import { createHash } from 'node:crypto'
import { demand } from '../access/demand.ts'
import type { Viewer } from '../access/viewer.ts'
import { type Booking, bookAppointment, cancelAppointment, rescheduleAppointment } from '../appointment/commands.ts'
import type { Context } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import type { Urgency } from '../database/generated/enums.ts'
import { type Batch, behindSavepoint, isToRepeat, isUnavailable, tellOf } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import { badInput, Refusal } from '../errors.ts'
import { createLoaders } from '../loaders.ts'
import { createPatient, mergePatient, type NewPatient } from '../patient/commands.ts'
import type { DetailsInput } from '../patient/details.ts'
import type { FieldOverride } from '../patient/store.ts'
import {
  addWalkIn,
  callEntry,
  checkIn,
  hold,
  leaveQueue,
  markNoShow,
  markServed,
  moveEntry,
  recall,
  returnToQueue,
  setUrgency,
  startService,
  transfer,
  type WalkIn,
} from '../queue/commands.ts'
import { commandOf, hasClash, placeOf, type SyncCommand, type SyncedOperation, wrongId } from './operation.ts'
import { instantOfStamp, stampOf } from './stamp.ts'
import {
  type AuditRow,
  clinicsOf,
  type Log,
  lockClinics,
  lockLog,
  lockPatients,
  nextSeqOf,
  type StoredOperation,
  saveLog,
  storedOperations,
} from './store.ts'

export const MOST_OPERATIONS = 100

type Maybe<Fields> = { [Name in keyof Fields]?: Fields[Name] | null | undefined }
type Target = { id: string }

/** What each command takes, as it comes from a device. */
export type SyncInputs = {
  createPatient: NewPatient
  updatePatient: Target & Maybe<{ seen: number }> & DetailsInput
  bookAppointment: Booking
  rescheduleAppointment: Target & { startsAt: Date } & Maybe<{ doctorId: string }>
  cancelAppointment: Target & Maybe<{ reason: string }>
  checkIn: Target
  addWalkIn: { patientId: string; serviceId: string } & Maybe<Omit<WalkIn, 'patientId' | 'serviceId'>>
  setUrgency: Target & { urgency: Urgency } & Maybe<{ reason: string }>
  callEntry: Target & Maybe<{ doctorId: string; room: string }>
  recall: Target
  startService: Target
  markServed: Target
  markNoShow: Target
  hold: Target
  returnToQueue: Target
  transfer: Target & Maybe<{ serviceId: string; doctorId: string }>
  moveEntry: Target & { reason: string } & Maybe<{ after: string }>
  leaveQueue: Target
}

export type Operation = SyncedOperation<Maybe<SyncInputs>>
export type SyncRequest = { clientId: string; operations: readonly Operation[]; more?: boolean | null | undefined }

export type Outcome = 'APPLIED' | 'DUPLICATE' | 'OVERRIDDEN' | 'REJECTED'
export type OperationResult = {
  id: string
  outcome: Outcome
  code: string | null
  message: string | null
  overrides: FieldOverride[] | null
}

/** Every command as anybody gives it, with its rights and its rules; only what was overridden is told beside. */
const run: { [Name in SyncCommand]: (ctx: Context, input: SyncInputs[Name]) => Promise<FieldOverride[] | unknown> } = {
  createPatient,
  updatePatient: async (ctx, { id, seen, ...details }) =>
    (await mergePatient(ctx, id, details, seen ?? null)).overrides,
  bookAppointment,
  rescheduleAppointment,
  cancelAppointment: (ctx, { id, reason }) => cancelAppointment(ctx, id, reason),
  checkIn: (ctx, { id }) => checkIn(ctx, id),
  addWalkIn: (ctx, input) =>
    addWalkIn(ctx, {
      id: input.id ?? null,
      patientId: input.patientId,
      serviceId: input.serviceId,
      doctorId: input.doctorId ?? null,
      urgency: input.urgency ?? null,
      reason: input.reason?.trim() || null,
      provisionalTicket: input.provisionalTicket ?? null,
    }),
  setUrgency: (ctx, { id, urgency, reason }) => setUrgency(ctx, id, urgency, reason?.trim() || null),
  callEntry: (ctx, { id, doctorId, room }) => callEntry(ctx, id, { doctorId: doctorId ?? null, room: room ?? null }),
  recall: (ctx, { id }) => recall(ctx, id),
  startService: (ctx, { id }) => startService(ctx, id),
  markServed: (ctx, { id }) => markServed(ctx, id),
  markNoShow: (ctx, { id }) => markNoShow(ctx, id),
  hold: (ctx, { id }) => hold(ctx, id),
  returnToQueue: (ctx, { id }) => returnToQueue(ctx, id),
  transfer: (ctx, { id, serviceId, doctorId }) =>
    transfer(ctx, id, { serviceId: serviceId ?? null, doctorId: doctorId ?? null }),
  moveEntry: (ctx, { id, after, reason }) => moveEntry(ctx, id, after ?? null, reason),
  leaveQueue: (ctx, { id }) => leaveQueue(ctx, id),
}

/** An operation's id as it is kept; what is no UUID, by its hash. */
const keyOf = (id: string): string => uuidOf(id) ?? createHash('sha256').update(id).digest('hex')

export const accountOf = (viewer: Viewer): string => (viewer.kind === 'user' ? viewer.userId : viewer.patientId)

const rejected = (code: string, message: string): Omit<StoredOperation, 'opId' | 'command'> => ({
  outcome: 'REJECTED',
  code,
  message,
  overrides: null,
})

const OVERRIDDEN = 'Some of the fields were changed by somebody whose change counts more; overrides names them.'

/** Runs one operation behind a savepoint; no failure of it reaches the others, unless the transaction itself is lost. */
const judge = async (ctx: Context, operation: Operation): Promise<Omit<StoredOperation, 'opId' | 'command'>> => {
  const asked = commandOf(operation)
  if ('wrong' in asked) return rejected('MALFORMED', asked.wrong)
  const { command } = asked
  const input = operation[command] as SyncInputs[typeof command]
  const field = wrongId(input)
  if (field) return rejected('BAD_INPUT', `input.${field} must be a UUID.`)
  try {
    const result = await behindSavepoint((ctx.batch as Batch).tx, () => run[command](ctx, input as never))
    const overrides = command === 'updatePatient' ? (result as FieldOverride[]) : []
    if (overrides.length === 0) return { outcome: 'APPLIED', code: null, message: null, overrides: null }
    return { outcome: 'OVERRIDDEN', code: 'OVERRIDDEN', message: OVERRIDDEN, overrides }
  } catch (error) {
    if (error instanceof Refusal) return rejected(error.code, error.message)
    if (isToRepeat(error) || isUnavailable(error)) throw error
    ctx.log.error({ err: error, command }, 'a synced operation failed')
    return rejected('INTERNAL', 'An unexpected error; the operation was not applied.')
  }
}

/** What was answered before is answered again; a repeat of what was applied says so. */
const answered = (
  id: string,
  stored: Omit<StoredOperation, 'opId' | 'command'>,
  isRepeat: boolean,
): OperationResult => ({
  id,
  outcome: isRepeat && stored.outcome === 'APPLIED' ? 'DUPLICATE' : stored.outcome,
  code: stored.code,
  message: stored.message,
  overrides: stored.overrides,
})

/**
 * Several operations take many locks in one transaction: all that they may need are taken before, in the order that every command
 * keeps (doctors, queues, patients; each by ascending id), so that batches wait for each other and never in a circle.
 */
const lockAhead = async (tx: Tx, viewer: Viewer, operations: readonly Operation[]): Promise<ReadonlySet<string>> => {
  const locked = new Set<string>()
  if (operations.length < 2) return locked
  const visits = operations.filter((operation) => !operation.createPatient && !operation.updatePatient)
  if (visits.length > 0) {
    const clinicIds = viewer.kind === 'user' ? [viewer.clinicId] : await clinicsOf(tx, visits.flatMap(idsOf))
    for (const id of await lockClinics(tx, clinicIds)) locked.add(id)
  }
  await lockPatients(
    tx,
    operations.flatMap(({ updatePatient }) => uuidOf(updatePatient?.id ?? '') ?? []),
  )
  return locked
}

/** Whatever an operation names: its visit, booking or service. */
const idsOf = (operation: Operation): string[] => {
  const asked = commandOf(operation)
  if ('wrong' in asked) return []
  const { id, serviceId } = operation[asked.command] as { id?: string; serviceId?: string }
  return [id, serviceId].flatMap((one) => uuidOf(one ?? '') ?? [])
}

type Synced = { outcomes: OperationResult[]; nextSeq: number }

const auditRow = (viewer: Viewer, { opId, command, outcome, code }: StoredOperation): AuditRow => ({
  id: uuidv7(),
  clinicId: viewer.kind === 'user' ? viewer.clinicId : null,
  actorUserId: viewer.kind === 'user' ? viewer.userId : null,
  actorPatientId: viewer.kind === 'patient' ? viewer.patientId : null,
  action: `sync.${command ?? 'malformed'}`,
  entity: 'Operation',
  entityId: uuidOf(opId),
  detail: code ? `${outcome}: ${code}` : outcome,
})

const runBatch = async (ctx: Context, viewer: Viewer, clientId: string, request: SyncRequest): Promise<Synced> => {
  const operations = request.operations
    .map((operation) => ({ operation, key: keyOf(operation.id) }))
    .sort((a, b) => a.operation.seq - b.operation.seq)
  const accountId = accountOf(viewer)
  const touched = new Map<string, number>()
  const sessions = new Set<string>()
  let done: Tx | null = null
  const synced = await ctx.db.$transaction(
    async (tx): Promise<Synced> => {
      done = tx
      const log = await lockLog(tx, clientId, accountId)
      if (!log) throw new Refusal('RESET', 'The clientId belongs to another account; take a new one.')
      const { now } = log
      const placed = operations.map(({ operation, key }) => ({ id: key, seq: operation.seq }))
      const { bySeq: stored, byId: known } = await storedOperations(tx, clientId, accountId, placed)
      if (hasClash(placed, new Map([...stored].map(([seq, { opId }]) => [seq, opId])))) throw new Refusal('RESET')
      const fresh = operations.filter(({ operation, key }) => operation.seq >= log.nextSeq && !known.has(key))
      const locked = await lockAhead(
        tx,
        viewer,
        fresh.map(({ operation }) => operation),
      )

      const db = tx as unknown as Db
      // No operation changes these: they are read once.
      const { clinic, service } = createLoaders(db)
      const results = new Map<Operation, OperationResult>()
      const rows: (StoredOperation & { seq: number; stamp: number; isRepeat: boolean })[] = []
      const unplaced: StoredOperation[] = []
      let { nextSeq, lastStamp } = log
      let isWhole = true
      for (const { operation, key } of operations) {
        const place = placeOf(operation.seq, nextSeq)
        const before = place === 'SEEN' ? stored.get(operation.seq) : known.get(key)
        if (place === 'GAP') {
          isWhole = false
          continue
        }
        if (place === 'SEEN') {
          if (!before) throw new Error(`Operation ${operation.seq} of ${clientId} is not on record`)
          results.set(operation, answered(operation.id, before, true))
          continue
        }
        if (place === 'NEXT' && before) {
          rows.push({ ...before, opId: key, seq: operation.seq, stamp: lastStamp, isRepeat: true })
          stored.set(operation.seq, before)
          results.set(operation, answered(operation.id, before, true))
          nextSeq++
          continue
        }
        const stamp = stampOf(now, operation.ageMs, lastStamp)
        const act = { operationId: key, stamp, at: instantOfStamp(stamp), since: log.syncedAt }
        const batch: Batch = { tx, touched, sessions, locked, act }
        const loaders = { ...createLoaders(db), clinic, service }
        const opCtx: Context = { ...ctx, viewer, db, loaders, idempotency: null, batch }
        const asked = commandOf(operation)
        const judged = await judge(opCtx, operation)
        const made: StoredOperation = { ...judged, opId: key, command: 'wrong' in asked ? null : asked.command }
        results.set(operation, answered(operation.id, made, false))
        if (place === 'NONE') unplaced.push(made)
        else {
          rows.push({ ...made, seq: operation.seq, stamp, isRepeat: false })
          stored.set(operation.seq, made)
          known.set(key, made)
          lastStamp = stamp
          nextSeq++
        }
      }
      const isDone = isWhole && request.operations.length < MOST_OPERATIONS && !request.more
      const saved: Log = { nextSeq, lastStamp, syncedAt: isDone ? instantOfStamp(now) : log.syncedAt }
      const judged = [...rows.filter(({ isRepeat }) => !isRepeat), ...unplaced]
      const audit = judged.map((row) => auditRow(viewer, row))
      await saveLog(tx, { clientId, accountId, log: saved, rows, audit })
      return { outcomes: request.operations.flatMap((operation) => results.get(operation) ?? []), nextSeq }
    },
    { maxWait: 10_000, timeout: 60_000 },
  )
  tellOf(ctx, { tx: done, touched, sessions })
  return synced
}

/** The same operation came at once under two clients, or the database undid one batch for another: start over, and see what the other did. */
const isToStartOver = (error: unknown): boolean => {
  if (error instanceof Refusal) return false
  return isToRepeat(error) || /sync_operations_(once|pkey)/.test(JSON.stringify(error) + String(error))
}

/**
 * Applies what a device did while it could not reach the server: one transaction, each operation behind a savepoint, each once.
 * A refusal is an outcome and blocks nothing; only RESET refuses the request as a whole.
 */
export const sync = async (ctx: Context, request: SyncRequest): Promise<Synced> => {
  const viewer = demand(ctx.viewer, 'sync.use') as Viewer
  const clientId = uuidOf(request.clientId)
  if (!clientId) throw badInput('input.clientId', 'input.clientId must be a UUID.')
  if (request.operations.length > MOST_OPERATIONS)
    throw badInput('input.operations', `must be at most ${MOST_OPERATIONS}; send the others in the next request`)
  if (request.operations.length === 0) {
    const nextSeq = await nextSeqOf(ctx.db, clientId, accountOf(viewer))
    if (nextSeq === null) throw new Refusal('RESET', 'The clientId belongs to another account; take a new one.')
    return { outcomes: [], nextSeq }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await runBatch(ctx, viewer, clientId, request)
    } catch (error) {
      if (attempt === 5 || !isToStartOver(error)) throw error
    }
  }
}
