import type { Visit } from './recording.ts'

/** No clinic of the replay has more doctors than this. */
export const MOST_DOCTORS = 56

/** What happens at a recorded second. Doctors are known by their place in the plan's list. */
export type PlannedEvent =
  | { at: number; kind: 'arrive'; doctorType: string; visit: Visit }
  | { at: number; kind: 'call'; doctorType: string; doctor: number }
  | { at: number; kind: 'complete'; doctor: number }

export type Plan = {
  doctorTypes: string[]
  /** The types of patients that each doctor sees. */
  doctors: { doctorTypes: string[] }[]
  /** In the order of the recording. */
  events: PlannedEvent[]
  /** After these events (by index) the day holds its breath, and every screen is compared with the truth. */
  rollCalls: Set<number>
  /** Calls later than recorded because every doctor was busy. */
  delayedCalls: number
}

type Worker = {
  doctorTypes: string[]
  /** From when the doctor can call again. */
  freeAt: number
}

/** At the same second patients come in, then doctors finish, then they call. */
const sequence: Record<PlannedEvent['kind'], number> = { arrive: 0, complete: 1, call: 2 }

const leastRecent = (workers: readonly Worker[]): Worker | undefined =>
  workers.reduce<Worker | undefined>(
    (best, worker) => (best && best.freeAt <= worker.freeAt ? best : worker),
    undefined,
  )

/**
 * Who calls at a recorded second: a free doctor of the type; else one more doctor; else, when there are as many as there may be,
 * a free doctor of another type, who sees this type too from then on; else whoever is free first.
 */
const chooseWorker = (workers: Worker[], doctorType: string, at: number, most: number): Worker => {
  const free = workers.filter((worker) => worker.freeAt <= at)
  const own = leastRecent(free.filter((worker) => worker.doctorTypes.includes(doctorType)))
  if (own) return own
  if (workers.length < most) {
    const added = { doctorTypes: [doctorType], freeAt: at }
    workers.push(added)
    return added
  }
  const fewest = Math.min(...free.map((worker) => worker.doctorTypes.length))
  const lent = leastRecent(free.filter((worker) => worker.doctorTypes.length === fewest)) ?? leastRecent(workers)
  if (!lent) throw new RangeError('a plan needs at least one doctor')
  if (!lent.doctorTypes.includes(doctorType)) lent.doctorTypes.push(doctorType)
  return lent
}

/** The quarters of the day and the moment at which the recorded queue is longest. */
const chooseRollCalls = (events: readonly PlannedEvent[]): Set<number> => {
  const waiting = new Map<string, number>()
  let longest = 0
  let longestAt = 0
  events.forEach((event, index) => {
    if (event.kind === 'complete') return
    const count = (waiting.get(event.doctorType) ?? 0) + (event.kind === 'arrive' ? 1 : -1)
    waiting.set(event.doctorType, count)
    if (count <= longest) return
    longest = count
    longestAt = index
  })
  return new Set([1, 2, 3].map((quarter) => Math.floor((events.length * quarter) / 4)).concat(longestAt))
}

/**
 * The day as its doctors lived it. What is replayed is each doctor's timeline: when they called and when they were done.
 * Whom a call reaches is for the queue to say, so a visit's end belongs to the doctor who called at its recorded time.
 * A visit without an end leaves its doctor free to call; that call then ends it.
 */
export const planDay = (visits: readonly Visit[], most = MOST_DOCTORS): Plan => {
  const workers: Worker[] = []
  const events: PlannedEvent[] = []
  let delayedCalls = 0
  for (const visit of visits) events.push({ at: visit.arrivedAt, kind: 'arrive', doctorType: visit.doctorType, visit })
  const called = visits
    .flatMap((visit) => (visit.calledAt === null ? [] : [{ ...visit, calledAt: visit.calledAt }]))
    .sort((a, b) => a.calledAt - b.calledAt || a.arrivedAt - b.arrivedAt)
  for (const { doctorType, calledAt, completedAt } of called) {
    const worker = chooseWorker(workers, doctorType, calledAt, most)
    const doctor = workers.indexOf(worker)
    const at = Math.max(calledAt, worker.freeAt)
    if (at > calledAt) delayedCalls++
    events.push({ at, kind: 'call', doctorType, doctor })
    // A visit takes at least a second, so that its end is never planned before its call.
    worker.freeAt = completedAt === null ? at : Math.max(completedAt, at + 1)
    if (completedAt !== null) events.push({ at: worker.freeAt, kind: 'complete', doctor })
  }
  events.sort((a, b) => a.at - b.at || sequence[a.kind] - sequence[b.kind])
  return {
    doctorTypes: [...new Set(visits.map((visit) => visit.doctorType))].sort(),
    doctors: workers.map(({ doctorTypes }) => ({ doctorTypes })),
    events,
    rollCalls: chooseRollCalls(events),
    delayedCalls,
  }
}
