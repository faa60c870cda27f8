import type { Context } from '../context.ts'
import { Refusal, type RefusalCode } from '../errors.ts'
import type { Db, Tx } from './client.ts'
import { uuidv7 } from './uuid.ts'

/** One command's transaction: what it writes, whom it concerns, and what is told after it is committed. */
export type Work = {
  tx: Tx
  ctx: Context
  /** Says which queue version this transaction made; told to the bus once it is committed. */
  touched: Map<string, number>
  /** Sessions that ended or whose holder's rights changed; told to the bus once committed. */
  sessions: Set<string>
  /** Writes the audit row of this change, in this transaction. */
  audit: (row: AuditRow) => Promise<void>
}

/** The one transaction of several commands, as of a device's synced operations: each of them runs behind a savepoint of its own. */
export type Batch = {
  tx: Tx
  /** What the commands that succeeded made; told to the bus after the commit. */
  touched: Map<string, number>
  sessions: Set<string>
  /** Ids of the doctors and services whose rows the batch has locked before it began. */
  locked: ReadonlySet<string>
  /** The operation that runs now. */
  act: Act
}

/** A command that was given on a device, perhaps long ago. */
export type Act = {
  operationId: string
  /** When, in microseconds since 1970, by the database's clock. */
  stamp: number
  /** The same in milliseconds. */
  at: Date
  /** When the device last had nothing unsent: what it sends now was done later. Null where that was never so. */
  since: Date | null
}

export type AuditRow = {
  action: string
  entity: string
  entityId: string | null
  clinicId: string | null
  /** For people, without clinical content. */
  detail?: string
}

/** Constraint in the database → refusal. The database has the last word; this gives its word a name. */
const constraints: Record<string, RefusalCode> = {
  queue_one_open_patient_per_doctor: 'DOCTOR_BUSY',
  queue_one_active_per_patient_and_service: 'ALREADY_WAITING',
  queue_one_active_per_appointment: 'ALREADY_WAITING',
  appointments_doctor_overlap: 'SLOT_TAKEN',
  appointments_patient_overlap: 'PATIENT_BUSY',
  patients_phone_number_key: 'PHONE_TAKEN',
  users_username_key: 'USERNAME_TAKEN',
  services_clinic_id_ticket_letter_key: 'LETTER_TAKEN',
  services_clinic_id_name_key: 'NAME_TAKEN',
  patients_pkey: 'ID_TAKEN',
  appointments_pkey: 'ID_TAKEN',
  queue_pkey: 'ID_TAKEN',
}

/** Everything that an error and its causes say: Prisma passes PostgreSQL's constraint names on in different places. */
const words = (error: unknown, depth = 0): string => {
  if (typeof error !== 'object' || error === null || depth > 5) return String(error)
  const { message, code, meta, cause } = error as Record<string, unknown>
  const driver = (meta as Record<string, unknown> | undefined)?.driverAdapterError
  const own = [
    message,
    code,
    (error as Record<string, unknown>).originalMessage,
    (error as Record<string, unknown>).originalCode,
  ]
  return [...own, driver && words(driver, depth + 1), cause && words(cause, depth + 1)].filter(Boolean).join(' ')
}

/** The refusal behind a violated constraint, or null. */
export const refusalOf = (error: unknown): Refusal | null => {
  const said = words(error)
  const hit = Object.keys(constraints).find((name) => said.includes(name))
  return hit ? new Refusal(constraints[hit] as RefusalCode) : null
}

/** True where the database undid the transaction for the sake of others: the same again will do. */
export const isToRepeat = (error: unknown): boolean => RETRY.test(words(error))

const RETRY = /\b(40001|40P01|P2034)\b|deadlock detected|could not serialize/

/** By Prisma's code, by PostgreSQL's, and by the kind that a failed raw statement has instead of Prisma's own code. */
const unavailable =
  /\b(P1001|P1002|P1008|P1017|P2024|P2028|DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|ECONNREFUSED|ECONNRESET|EPIPE|57P01|57P02|57P03|08\w{3})\b|Connection terminated|timeout exceeded when trying to connect|Query read timeout|terminating connection/

/** True where the database could not be reached or went away. */
export const isUnavailable = (error: unknown): boolean => unavailable.test(words(error))

class AlreadyDone extends Error {
  readonly recordId: string | null
  constructor(recordId: string | null) {
    super('already done')
    this.recordId = recordId
  }
}

/** Says under the request's Idempotency-Key that this step is done; a repeat waits here for the first and then finds its row. */
const claimStep = async (tx: Tx, caller: string, key: string, path: string): Promise<void> => {
  const claimed = await tx.$executeRaw`
    INSERT INTO idempotent_steps (caller, key, path) VALUES (${caller}, ${key}, ${path}) ON CONFLICT DO NOTHING`
  if (claimed === 1) return
  // On this very connection: asking for another one here could wait for ever behind others who do the same.
  const done = await tx.idempotentStep.findUnique({ where: { caller_key_path: { caller, key, path } } })
  throw new AlreadyDone(done?.recordId ?? null)
}

/**
 * Runs one command in one transaction and tells the bus after its commit.
 * `reload` finds the command's record again: a repeat under the same Idempotency-Key does nothing and answers with it.
 */
export const transact = async <T extends { id: string } | null>(
  ctx: Context,
  reload: (db: Db, id: string) => Promise<T | null>,
  command: (work: Work) => Promise<T>,
): Promise<T> => {
  if (ctx.batch) return inBatch(ctx, ctx.batch, command)
  const path = ctx.idempotency ? String(ctx.idempotency.steps++) : ''
  for (let attempt = 1; ; attempt++) {
    const touched = new Map<string, number>()
    const sessions = new Set<string>()
    let done = null as Tx | null
    try {
      const result = await ctx.db.$transaction(
        async (tx) => {
          done = tx
          if (ctx.idempotency) await claimStep(tx, ctx.idempotency.caller, ctx.idempotency.key, path)
          const work: Work = { tx, ctx, touched, sessions, audit: (row) => writeAudit(tx, ctx, row) }
          const made = await command(work)
          if (ctx.idempotency && made)
            await tx.$executeRaw`
              UPDATE idempotent_steps SET record_id = ${made.id}::uuid
              WHERE caller = ${ctx.idempotency.caller} AND key = ${ctx.idempotency.key} AND path = ${path}`
          return made
        },
        { maxWait: 10_000, timeout: 15_000 },
      )
      tellOf(ctx, { tx: done, touched, sessions })
      return result
    } catch (error) {
      if (error instanceof AlreadyDone) return (error.recordId ? await reload(ctx.db, error.recordId) : null) as T
      if (error instanceof Refusal) throw error
      const refusal = refusalOf(error)
      if (refusal) throw refusal
      if (attempt < 4 && isToRepeat(error)) continue
      throw error
    }
  }
}

/** What a function of the database did that is a whole command: the queue versions it made, and the jobs it enqueued. */
export type Done = { made: readonly { serviceId: string; version: number }[]; jobs: readonly string[] }

/** A repeatable step of a request: caller, key, and its place in the request. */
export type Step = [caller: string, key: string, path: string]

/** The refusal that a function of the database raised, or null. */
const raisedOf = (error: unknown): Refusal | null => {
  const code = /\brefused ([A-Z_]+)/.exec(words(error))?.[1]
  return code ? new Refusal(code as RefusalCode) : null
}

/**
 * Runs a command that is one call of a function: locked, read, written and claimed there, committed by itself. Tells the bus after it.
 * The step counts as one of the request's only if the function did it (`isDone`).
 */
export const callOnce = async <T extends Done>(
  ctx: Context,
  isDone: (answer: T) => boolean,
  call: (db: Db | Tx, step: Step | null) => Promise<T>,
): Promise<T> => {
  const { batch, idempotency } = ctx
  if (batch) {
    try {
      const answer = await call(batch.tx, null)
      for (const { serviceId, version } of answer.made) batch.touched.set(serviceId, version)
      return answer
    } catch (error) {
      throw raisedOf(error) ?? refusalOf(error) ?? error
    }
  }
  const step: Step | null = idempotency && [idempotency.caller, idempotency.key, String(idempotency.steps)]
  for (let attempt = 1; ; attempt++)
    try {
      const answer = await call(ctx.db, step)
      if (idempotency && isDone(answer)) idempotency.steps++
      for (const { serviceId, version } of answer.made) ctx.bus.publish({ kind: 'queue', serviceId, version })
      if (answer.made.length > 0) ctx.bus.publish({ kind: 'change' })
      for (const name of new Set(answer.jobs)) ctx.bus.publish({ kind: 'job', name })
      return answer
    } catch (error) {
      const refusal = raisedOf(error) ?? refusalOf(error)
      if (refusal && idempotency) idempotency.steps++
      if (refusal) throw refusal
      if (attempt === 4) throw error
      if (/no job queue/.test(words(error))) await ctx.jobs.ready()
      else if (!isToRepeat(error)) throw error
    }
}

/** Tells the other instances, and whoever waits, what a transaction made; after its commit. */
export const tellOf = (
  { bus, jobs }: Pick<Context, 'bus' | 'jobs'>,
  { tx, touched, sessions }: { tx: Tx | null; touched: Map<string, number>; sessions: Set<string> },
): void => {
  for (const [serviceId, version] of touched) bus.publish({ kind: 'queue', serviceId, version })
  for (const sessionId of sessions) bus.publish({ kind: 'session', sessionId })
  bus.publish({ kind: 'change' })
  if (tx) jobs.committed(tx)
}

/**
 * Runs one act of several in a transaction: its failure takes back only what it did itself.
 * Where the whole transaction is lost, so is the savepoint, and the failure is everybody's.
 */
export const behindSavepoint = async <T>(tx: Tx, act: () => Promise<T>): Promise<T> => {
  // Not released: the next of its name lies inside it, and the commit ends them all. That spares a round trip for each act.
  await tx.$executeRaw`SAVEPOINT act`
  try {
    return await act()
  } catch (error) {
    if (isToRepeat(error) || isUnavailable(error)) throw error
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT act`
    throw error
  }
}

/** One command of a batch: whoever runs the batch has set the savepoint to which a failure goes back. */
const inBatch = async <T>(ctx: Context, batch: Batch, command: (work: Work) => Promise<T>): Promise<T> => {
  const { tx } = batch
  const touched = new Map<string, number>()
  const sessions = new Set<string>()
  try {
    const made = await command({ tx, ctx, touched, sessions, audit: (row) => writeAudit(tx, ctx, row) })
    for (const [serviceId, version] of touched) batch.touched.set(serviceId, version)
    for (const sessionId of sessions) batch.sessions.add(sessionId)
    return made
  } catch (error) {
    throw error instanceof Refusal ? error : (refusalOf(error) ?? error)
  }
}

const writeAudit = async (tx: Tx, ctx: Context, row: AuditRow): Promise<void> => {
  const { viewer } = ctx
  await tx.auditEvent.create({
    data: {
      id: uuidv7(),
      clinicId: row.clinicId,
      actorUserId: viewer?.kind === 'user' ? viewer.userId : null,
      actorPatientId: viewer?.kind === 'patient' ? viewer.patientId : null,
      action: row.action,
      entity: row.entity,
      entityId: row.entityId,
      detail: row.detail ?? null,
    },
  })
}
