import type { Urgency } from '../database/generated/enums.ts'

/**
 * The place of a waiting entry. Entries are called by rank, due time, sub-rank, arrival sequence, id.
 * The database sorts by the stored parts; a device that is offline sorts by `compareKeys`; both give the same order.
 */
export type OrderKey = {
  /** 0 EMERGENCY, 1 URGENT, 2 ROUTINE. */
  rank: number
  dueAt: Date
  /** Compared by code unit, as PostgreSQL's collation "C" does. */
  subRank: string
  arrivalSeq: number
  id: string
}

const ranks: Record<Urgency, number> = { EMERGENCY: 0, URGENT: 1, ROUTINE: 2 }

/** Urgency goes before time: EMERGENCY, URGENT, ROUTINE. */
export const rankOf = (urgency: Urgency): number => ranks[urgency]

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** Below zero when `a` is called before `b`. */
export const compareKeys = (a: OrderKey, b: OrderKey): number =>
  compare(a.rank, b.rank) ||
  compare(a.dueAt.getTime(), b.dueAt.getTime()) ||
  compare(a.subRank, b.subRank) ||
  compare(a.arrivalSeq, b.arrivalSeq) ||
  compare(a.id, b.id)

const MINUTE = 60_000

/** What the order needs to know of a booking. */
type Slot = { startsAt: Date; leadMinutes: number; graceMinutes: number }

/** The last instant at which a booked patient comes in time. */
export const graceEnd = ({ startsAt, graceMinutes }: Slot): Date => new Date(startsAt.getTime() + graceMinutes * MINUTE)

/**
 * When an entry is due. A walk-in: on arrival. A booked patient: at the slot's start less the service's lead,
 * if they came no later than the clinic's grace after the start; else on arrival, so that a late booking does not jump a full room.
 */
export const dueTime = (arrivedAt: Date, booking: Slot | null): Date =>
  booking && arrivedAt <= graceEnd(booking)
    ? new Date(booking.startsAt.getTime() - booking.leadMinutes * MINUTE)
    : arrivedAt

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
const SEQ_WIDTH = 11

const seqSubRank = (seq: number): string => seq.toString(36).padStart(SEQ_WIDTH, '0')

/** The sub-rank of an entry that was never moved by hand: its arrival sequence, so that equal due times keep the order of arrival. */
export const ownSubRank = (arrivalSeq: number): string => seqSubRank(arrivalSeq)

/** A string strictly between two others (`upper` null: no bound); it never ends in 0, so there is always room on both sides. */
export const between = (lower: string, upper: string | null): string => {
  if (upper !== null && lower >= upper) throw new RangeError(`nothing lies between ${lower} and ${upper}`)
  let made = ''
  let bound = upper
  for (let i = 0; ; i++) {
    const low = i < lower.length ? DIGITS.indexOf(lower[i] as string) : 0
    const high = bound === null ? DIGITS.length : i < bound.length ? DIGITS.indexOf(bound[i] as string) : 0
    if (high - low > 1) return made + DIGITS[(low + high) >> 1]
    made += DIGITS[low]
    if (high - low === 1) bound = null
  }
}

/**
 * The key of an entry placed by hand right behind `after`, or before everybody where `after` is null.
 * It copies rank and due time of the entry it follows (or goes before); `waiting` are the others in calling order.
 * The copy is fixed: later changes of that other entry do not carry it along. Null when `after` is not waiting here.
 */
export const placeBehind = (
  waiting: readonly OrderKey[],
  after: string | null,
): Pick<OrderKey, 'rank' | 'dueAt' | 'subRank'> | null => {
  if (after === null) {
    const first = waiting[0]
    return first ? { rank: first.rank, dueAt: first.dueAt, subRank: between('', first.subRank) } : null
  }
  const index = waiting.findIndex((key) => key.id === after)
  const leader = waiting[index]
  if (!leader) return null
  // Whoever arrives later with the same due time has a larger sequence, and so stays behind this bound.
  const newcomers = seqSubRank(Number.parseInt(leader.subRank.slice(0, SEQ_WIDTH), 36) + 1)
  const next = waiting[index + 1]
  const isPeer = next && next.rank === leader.rank && next.dueAt.getTime() === leader.dueAt.getTime()
  const upper = isPeer && next.subRank < newcomers ? next.subRank : newcomers
  return { rank: leader.rank, dueAt: leader.dueAt, subRank: between(leader.subRank, upper) }
}

type Waiting = { boundDoctorId: string | null }

/**
 * Positions of waiting entries given in calling order, in that order: 1 is next.
 * A bound entry does not count those bound to another doctor, whom its doctor passes over.
 */
export const places = (waiting: readonly Waiting[]): number[] => {
  const boundAhead = new Map<string, number>()
  let free = 0
  return waiting.map(({ boundDoctorId }, index) => {
    if (boundDoctorId === null) {
      free++
      return index + 1
    }
    const ahead = boundAhead.get(boundDoctorId) ?? 0
    boundAhead.set(boundDoctorId, ahead + 1)
    return free + ahead + 1
  })
}

/** The same by the entries' ids. */
export const positions = (waiting: readonly (Waiting & { id: string })[]): Map<string, number> => {
  const all = places(waiting)
  return new Map(waiting.map(({ id }, index) => [id, all[index] as number]))
}

/** May a call by this doctor (null: by the desk for nobody in particular) take this entry? Entries bound to others are passed over. */
export const mayTake = (doctorId: string | null, entry: { boundDoctorId: string | null }): boolean =>
  entry.boundDoctorId === null || entry.boundDoctorId === doctorId
