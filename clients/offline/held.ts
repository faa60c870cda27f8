import type { Entity, Operation, OperationResult, StoredRecord } from './model.ts'

/** A confirmed record as the device keeps it. `at`: the newest time of the server that was known when it came. */
export type Held = { entity: Entity; record: StoredRecord; at: number }

/** What became of an operation; `open` until the person has seen it, where there is something to see. */
export type Answered = {
  id: string
  operation: Operation | null
  result: OperationResult
  at: number
  open: boolean
}

export const entities = ['patients', 'appointments', 'entries'] as const

export const keyOf = (entity: Entity, id: string): string => `${entity}/${id}`

const TIMES = ['arrivedAt', 'calledAt', 'startedAt', 'finishedAt'] as const

const timeOf = (value: unknown): number => {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? 0 : time
}

const idOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' ? value.id : null

/**
 * The newest time that the server wrote on an entry. Ageing out goes by it and never by the device's clock,
 * which may be a day wrong and would throw today's patients away.
 */
export const newestTime = (records: Iterable<StoredRecord>): number => {
  let newest = 0
  for (const record of records) for (const field of TIMES) newest = Math.max(newest, timeOf(record[field]))
  return newest
}

const HOUR = 3_600_000

/** For how long a device keeps what is over: entries since they ended, bookings since their slot ended, patients of neither. */
export type Keeping = { entriesMs: number; appointmentsMs: number; patientsMs: number }

/** Today's entries and yesterday's bookings, with room for clinic days that start at any hour. */
export const staffKeeping: Keeping = { entriesMs: 36 * HOUR, appointmentsMs: 60 * HOUR, patientsMs: 36 * HOUR }

const DAYS_90 = 90 * 24 * HOUR

export const patientKeeping: Keeping = {
  entriesMs: DAYS_90,
  appointmentsMs: DAYS_90,
  patientsMs: Number.POSITIVE_INFINITY,
}

/** Which records have aged out: what ended long ago, and patients whom nothing that stays refers to. */
export const agedOut = (held: readonly Held[], pending: readonly Operation[], keeping: Keeping): Held[] => {
  const now = newestTime(held.map(({ record }) => record))
  const needed = new Set<string>()
  for (const { input } of pending)
    for (const field of ['id', 'patientId', 'guardianId', 'after'])
      if (typeof input[field] === 'string') needed.add(input[field])

  const isOver = ({ entity, record }: Held): boolean => {
    if (needed.has(record.id)) return false
    const end = timeOf(entity === 'entries' ? record.finishedAt : record.endsAt)
    return end > 0 && end < now - (entity === 'entries' ? keeping.entriesMs : keeping.appointmentsMs)
  }
  const over = held.filter((one) => one.entity !== 'patients' && isOver(one))
  const gone = new Set(over)
  for (const one of held) {
    if (gone.has(one)) continue
    for (const field of ['patient', 'appointment', 'guardian']) {
      const id = idOf(one.record[field])
      if (id) needed.add(id)
    }
  }
  // A booking that an entry which stays refers to stays too.
  const kept = over.filter(({ record }) => !needed.has(record.id))
  const patients = held.filter(
    ({ entity, record, at }) => entity === 'patients' && !needed.has(record.id) && at < now - keeping.patientsMs,
  )
  return [...kept, ...patients]
}
