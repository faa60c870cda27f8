import type { AppointmentStatus, QueueStatus, Urgency } from '../database/generated/enums.ts'
import type { RefusalCode } from '../errors.ts'
import { ownSubRank, rankOf } from './order.ts'

/** What of an entry a move can change. */
export type EntryState = {
  serviceId: string
  status: QueueStatus
  urgency: Urgency
  rank: number
  dueAt: Date
  subRank: string
  boundDoctorId: string | null
  doctorId: string | null
  room: string | null
  endReason: string | null
  calledAt: Date | null
  startedAt: Date | null
  finishedAt: Date | null
}

/** What of an entry stays and the rules look at. */
export type EntryFacts = EntryState & { arrivalSeq: number; ownDueAt: Date }

export type Move =
  | { kind: 'CALLED'; doctorId: string | null; room: string | null }
  | { kind: 'RECALLED' }
  | { kind: 'STARTED' }
  | { kind: 'SERVED'; endReason?: string }
  | { kind: 'NO_SHOW'; endReason?: string }
  | { kind: 'HELD' }
  | { kind: 'RETURNED' }
  | { kind: 'TRANSFERRED'; serviceId: string; boundDoctorId: string | null }
  | { kind: 'URGENCY_SET'; urgency: Urgency }
  | { kind: 'MOVED'; rank: number; dueAt: Date; subRank: string }
  | { kind: 'LEFT'; endReason?: string }

export type MoveKind = Move['kind']

/** From which states a move is allowed; anything else is refused. */
export const allowedFrom: Record<MoveKind, readonly QueueStatus[]> = {
  CALLED: ['WAITING'],
  RECALLED: ['CALLED'],
  STARTED: ['CALLED'],
  SERVED: ['CALLED', 'IN_SERVICE'],
  NO_SHOW: ['CALLED'],
  HELD: ['WAITING'],
  RETURNED: ['ON_HOLD', 'CALLED', 'NO_SHOW'],
  TRANSFERRED: ['WAITING', 'CALLED', 'IN_SERVICE'],
  URGENCY_SET: ['WAITING'],
  MOVED: ['WAITING'],
  LEFT: ['WAITING', 'ON_HOLD', 'CALLED'],
}

/** States in which an entry still takes up a place. */
export const isActive = (status: QueueStatus): boolean =>
  status === 'WAITING' || status === 'CALLED' || status === 'IN_SERVICE' || status === 'ON_HOLD'

const refusalFor = (kind: MoveKind, status: QueueStatus): RefusalCode => {
  switch (kind) {
    case 'CALLED':
      return status === 'CALLED' || status === 'IN_SERVICE' ? 'ALREADY_CALLED' : 'NOT_WAITING'
    case 'HELD':
    case 'URGENCY_SET':
    case 'MOVED':
      return 'NOT_WAITING'
    case 'RECALLED':
    case 'STARTED':
    case 'SERVED':
    case 'NO_SHOW':
      return 'NOT_CALLED'
    case 'RETURNED':
      return 'NOT_RETURNABLE'
    case 'TRANSFERRED':
      return 'NOT_ACTIVE'
    case 'LEFT':
      return status === 'IN_SERVICE' ? 'IN_SERVICE' : 'NOT_ACTIVE'
  }
}

const backInQueue = {
  status: 'WAITING',
  doctorId: null,
  room: null,
  endReason: null,
  calledAt: null,
  startedAt: null,
  finishedAt: null,
} as const

/** The place that an entry has without a manual move. */
const ownPlace = (entry: EntryFacts, urgency: Urgency) => ({
  rank: rankOf(urgency),
  dueAt: entry.ownDueAt,
  subRank: ownSubRank(entry.arrivalSeq),
})

/** What a move changes in an entry, or the code of its refusal. `now` is the database's clock. */
export const transition = (entry: EntryFacts, move: Move, now: Date): Partial<EntryState> | RefusalCode => {
  if (!allowedFrom[move.kind].includes(entry.status)) return refusalFor(move.kind, entry.status)
  switch (move.kind) {
    case 'CALLED':
      if (move.doctorId !== null && entry.boundDoctorId !== null && entry.boundDoctorId !== move.doctorId)
        return 'BOUND_ELSEWHERE'
      return { status: 'CALLED', doctorId: move.doctorId, room: move.room, calledAt: now }
    case 'RECALLED':
      return {}
    case 'STARTED':
      return { status: 'IN_SERVICE', startedAt: now }
    case 'SERVED':
      return { status: 'SERVED', finishedAt: now, endReason: move.endReason ?? null }
    case 'NO_SHOW':
      return { status: 'NO_SHOW', finishedAt: now, endReason: move.endReason ?? null }
    case 'HELD':
      return { status: 'ON_HOLD' }
    case 'RETURNED':
      return backInQueue
    case 'TRANSFERRED':
      return {
        ...backInQueue,
        ...ownPlace(entry, entry.urgency),
        serviceId: move.serviceId,
        boundDoctorId: move.boundDoctorId,
      }
    case 'URGENCY_SET':
      return { urgency: move.urgency, ...ownPlace(entry, move.urgency) }
    case 'MOVED':
      return { rank: move.rank, dueAt: move.dueAt, subRank: move.subRank }
    case 'LEFT':
      return { status: 'LEFT', finishedAt: now, endReason: move.endReason ?? null }
  }
}

const appointmentStates: Record<QueueStatus, AppointmentStatus> = {
  WAITING: 'CHECKED_IN',
  ON_HOLD: 'CHECKED_IN',
  CALLED: 'CHECKED_IN',
  IN_SERVICE: 'CHECKED_IN',
  SERVED: 'COMPLETED',
  NO_SHOW: 'NO_SHOW',
  LEFT: 'CANCELLED',
}

/** The state of a booking follows that of its queue entry. */
export const appointmentStatusOf = (status: QueueStatus): AppointmentStatus => appointmentStates[status]
