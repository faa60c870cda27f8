import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cast, eachOf, patientName } from './cast.ts'
import { type Call, type DayRecord, type Entry, type HistoryEvent, needsHistory } from './checks.ts'
import { type Login, openSockets, type Sockets } from './client.ts'
import type { Plan, PlannedEvent } from './plan.ts'
import { follow, newWatch, type Standing, type Watch, wrongOn } from './watch.ts'

/** So many events of the recording are under way at once. */
const AT_ONCE = 16
/** How long a screen may take to show the truth after the last change. */
const SETTLE_MS = 1_000
const LOOK_MS = 200
/** A doctor waits so long for the patient to come; a patient comes when their screen says so. */
const COMING_MS = 10_000

const CREATE_PATIENT = `mutation ($input: CreatePatientInput!) { createPatient(input: $input) { id } }`
const ADD_WALK_IN = `mutation ($input: AddWalkInInput!) { addWalkIn(input: $input) { id ticket } }`
const CALL_NEXT = `mutation ($serviceId: ID!) { callNext(serviceId: $serviceId) { id } }`
const START = `mutation ($id: ID!) { startService(entryId: $id) { id } }`
const SERVED = `mutation ($id: ID!) { markServed(entryId: $id) { id } }`
const WATCH = `subscription ($id: ID!) { positionUpdated(entryId: $id) {
  status position room version asOf estimate { lowMinutes likelyMinutes highMinutes }
} }`
const OPEN_ENTRIES = `query ($serviceId: ID!) { queue(serviceId: $serviceId) {
  waiting { id status position room } serving { id status position room } onHold { id status position room }
} }`
const TRUTH = `query ($id: ID!) {
  queuePosition(entryId: $id) { status position room }
  queueEntry(id: $id) { id ticket urgency dueAt arrivedAt calledAt version service { id } }
}`
const HISTORY = `query ($id: ID!) { queueEntry(id: $id) { history { at kind } } }`

type ShownJson = { status: string; position: number | null; room: string | null; version: number; asOf: string }
type OpenEntries = Record<'waiting' | 'serving' | 'onHold', (Standing & { id: string })[]>
type Truth = {
  queuePosition: Standing
  queueEntry: {
    id: string
    ticket: string
    urgency: string
    dueAt: string
    arrivedAt: string
    calledAt: string | null
    version: number
    service: { id: string }
  }
}

export type Progress = { at: number; arrivals: number; calls: number; waiting: number }

/** A screen and who waits for it to say CALLED. */
type Screen = { watch: Watch; called: PromiseWithResolvers<void> }

type Doctor = Cast['doctors'][number] & { index: number; openEntry: string | null; busy: Promise<void> }

/** What else befalls the servers: nothing while `calm` acts, and so long afterwards every screen shows the truth. */
export type Faults = { healMs: number; calm: <T>(act: () => Promise<T>) => Promise<T> }

const NO_FAULTS: Faults = { healMs: SETTLE_MS, calm: (act) => act() }

type Play = { plan: Plan; cast: Cast; speed: number | null; progress: (now: Progress) => void; faults?: Faults }

/** Plays the plan through the API and brings back what is known of the day. */
export const playDay = async (
  url: string,
  { plan, cast, speed, progress, faults = NO_FAULTS }: Play,
): Promise<{ record: DayRecord; playedSeconds: number }> => {
  const { reception } = cast
  const visits = plan.events.flatMap((event) => (event.kind === 'arrive' ? [event.visit] : []))
  const screens = new Map<string, Screen>()
  const calls: Call[] = []
  const entered: string[] = []
  const wrongDuring: string[] = []
  const refusals: string[] = []
  const doctors: Doctor[] = cast.doctors.map((doctor, index) => ({
    ...doctor,
    index,
    openEntry: null,
    busy: Promise.resolve(),
  }))
  const deskSockets = openSockets(url, reception)
  const opened: Sockets[] = [deskSockets]
  /** Spread over the day: whose turn it is to be one who registered. */
  const registered = new Map(
    cast.registered.map((patient, index) => [Math.floor((index * visits.length) / cast.registered.length), patient]),
  )
  /** Everybody of a type who arrived before, so that a call finds whom it found in the recording. */
  const arrived = new Map<string, Promise<unknown>>()
  let now = plan.events[0]?.at ?? 0
  const tell = () =>
    progress({ at: now, arrivals: entered.length, calls: calls.length, waiting: entered.length - calls.length })

  const refuse = (what: string, error: unknown): void => {
    refusals.push(`${what}: ${error instanceof Error ? `${error.name} ${error.message}` : String(error)}`)
  }

  const screenOf = (entryId: string): Screen => {
    const known = screens.get(entryId)
    if (known) return known
    const screen = { watch: newWatch(entryId), called: Promise.withResolvers<void>() }
    screens.set(entryId, screen)
    return screen
  }

  const open = (sockets: Sockets, entryId: string): void => {
    const screen = screenOf(entryId)
    sockets.watch<{ positionUpdated: ShownJson }>(
      WATCH,
      { id: entryId },
      {
        next: ({ positionUpdated: { asOf, ...shown } }) => {
          screen.watch = follow(screen.watch, { ...shown, asOf: Date.parse(asOf) }, performance.now())
          if (screen.watch.calledSeenAt !== null) screen.called.resolve()
        },
        lost: (why) => refuse('positionUpdated', why),
      },
    )
  }

  const arrive = async (doctorType: string, n: number): Promise<void> => {
    const serviceId = cast.services.get(doctorType)?.id
    const own = registered.get(n)
    const patientId = own?.id ?? randomUUID()
    if (!own) await reception.ask(CREATE_PATIENT, { input: { id: patientId, name: patientName(n) } })
    const id = randomUUID()
    await reception.ask(ADD_WALK_IN, { input: { id, patientId, serviceId } })
    entered.push(id)
    if (own) opened.push(openSockets(url, own.login))
    open(own ? (opened.at(-1) as Sockets) : deskSockets, id)
  }

  /** The doctor calls; the patient comes when their screen shows it; then they begin. */
  const call = async (doctor: Doctor, doctorType: string): Promise<boolean> => {
    const serviceId = cast.services.get(doctorType)?.id
    const { data, sentAt, answeredAt } = await doctor.login.once<{ callNext: { id: string } | null }>(CALL_NEXT, {
      serviceId,
    })
    doctor.openEntry = data.callNext?.id ?? null
    if (!data.callNext) return false
    const { id } = data.callNext
    calls.push({ entryId: id, doctor: doctor.index, sentAt, answeredAt })
    const giveUp = new AbortController()
    await Promise.race([screenOf(id).called.promise, sleep(COMING_MS, null, giveUp).catch(() => {})])
    giveUp.abort()
    await doctor.login.once(START, { id })
    return true
  }

  const complete = async (doctor: Doctor): Promise<void> => {
    const id = doctor.openEntry
    doctor.openEntry = null
    if (id) await doctor.login.once(SERVED, { id })
  }

  /** What a doctor does comes one after the other. */
  const inTurn = (doctor: Doctor, act: () => Promise<unknown>): Promise<void> => {
    const turn = doctor.busy.then(act).then(() => {})
    doctor.busy = turn.catch(() => {})
    return turn
  }

  let arrivals = 0
  const begin = (event: PlannedEvent): Promise<unknown> => {
    if (event.kind === 'arrive') {
      const arriving = arrive(event.doctorType, arrivals++)
      arrived.set(event.doctorType, Promise.all([arrived.get(event.doctorType), arriving.catch(() => {})]))
      return arriving
    }
    const doctor = doctors[event.doctor] as Doctor
    if (event.kind === 'complete') return inTurn(doctor, () => complete(doctor))
    const before = arrived.get(event.doctorType)
    return inTurn(doctor, async () => {
      await before
      await call(doctor, event.doctorType)
    })
  }

  const underWay = new Set<Promise<void>>()

  /** The screens that do not show what the queues say now. */
  const wrongNow = async (): Promise<string[]> => {
    const truth = new Map<string, Standing>()
    for (const { id } of cast.services.values()) {
      const { queue } = await reception.ask<{ queue: OpenEntries }>(OPEN_ENTRIES, { serviceId: id })
      for (const entry of [...queue.waiting, ...queue.serving, ...queue.onHold]) truth.set(entry.id, entry)
    }
    return entered.flatMap((id) => wrongOn(screenOf(id).watch, truth.get(id) ?? 'ended') ?? [])
  }

  /** Compares every screen with the queues while nothing changes. */
  const rollCall = (): Promise<void> =>
    faults.calm(async () => {
      await Promise.all(underWay)
      const until = performance.now() + faults.healMs
      await sleep(SETTLE_MS)
      let wrong = await wrongNow()
      while (wrong.length > 0 && performance.now() < until) {
        await sleep(LOOK_MS)
        wrong = await wrongNow()
      }
      wrongDuring.push(...wrong)
    })

  const startedAt = performance.now()
  const firstAt = now
  let pausedMs = 0
  for (const [index, event] of plan.events.entries()) {
    const due = speed === null ? 0 : startedAt + pausedMs + ((event.at - firstAt) * 1_000) / speed
    while (due > performance.now()) {
      tell()
      await sleep(Math.min(due - performance.now(), 1_000))
    }
    while (underWay.size >= AT_ONCE) await Promise.race(underWay)
    now = event.at
    const done: Promise<void> = begin(event)
      .catch((error) => refuse(event.kind, error))
      .then(() => {
        underWay.delete(done)
      })
    underWay.add(done)
    tell()
    if (!plan.rollCalls.has(index)) continue
    const pausedAt = performance.now()
    await rollCall()
    pausedMs += performance.now() - pausedAt
  }
  await Promise.all(underWay)

  // The evening: whoever still waits is called, and every open visit ends, by its doctor's next call or by hand.
  await Promise.all(
    doctors.map(async (doctor) => {
      for (const doctorType of doctor.doctorTypes)
        while (await call(doctor, doctorType).catch((error) => refuse('evening', error))) {
          await complete(doctor).catch((error) => refuse('evening', error))
          tell()
        }
    }),
  )
  const playedSeconds = (performance.now() - startedAt) / 1_000
  await rollCall()
  const watches = [...screens.values()].map(({ watch }) => watch)
  const entries = await readEntries(reception, entered)
  const histories = await readHistories(reception, needsHistory(entries, watches))
  await Promise.all(opened.map((sockets) => sockets.close()))
  const record = { visits: visits.length, calls, watches, entries, histories, wrongDuring, refusals }
  return { record, playedSeconds }
}

const READERS = 8

/** The truth about every entry, over the API. */
const readEntries = (reception: Login, ids: readonly string[]): Promise<Entry[]> =>
  eachOf(ids, READERS, async (id) => {
    const { queuePosition, queueEntry } = await reception.ask<Truth>(TRUTH, { id })
    const { service, dueAt, arrivedAt, calledAt, ...entry } = queueEntry
    return {
      ...queuePosition,
      ...entry,
      serviceId: service.id,
      dueAt: Date.parse(dueAt),
      arrivedAt: Date.parse(arrivedAt),
      calledAt: calledAt === null ? null : Date.parse(calledAt),
    }
  })

const readHistories = async (reception: Login, ids: ReadonlySet<string>): Promise<Map<string, HistoryEvent[]>> => {
  const histories = await eachOf([...ids], READERS, async (id): Promise<[string, HistoryEvent[]]> => {
    type Answer = { queueEntry: { history: { at: string; kind: string }[] } }
    const { queueEntry } = await reception.ask<Answer>(HISTORY, { id })
    return [id, queueEntry.history.map(({ at, kind }) => ({ at: Date.parse(at), kind }))]
  })
  return new Map(histories)
}
