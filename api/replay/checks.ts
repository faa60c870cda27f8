import { type Setback, type Standing, type Watch, wrongOn } from './watch.ts'

/** A call as the replay made it; instants by its own stopwatch in milliseconds. */
export type Call = { entryId: string; doctor: number; sentAt: number; answeredAt: number }

/** An entry as the API tells it after the day. Instants are the database's, in milliseconds. */
export type Entry = Standing & {
  id: string
  serviceId: string
  ticket: string
  urgency: string
  dueAt: number
  arrivedAt: number
  calledAt: number | null
  version: number
}

export type HistoryEvent = { at: number; kind: string }

/** All that is known of a played day. */
export type DayRecord = {
  /** How many patients the recording sent. */
  visits: number
  calls: readonly Call[]
  watches: readonly Watch[]
  entries: readonly Entry[]
  /** Of the entries about which there is a question (`needsHistory`). */
  histories: ReadonlyMap<string, readonly HistoryEvent[]>
  /** Screens found wrong while the day held its breath. */
  wrongDuring: readonly string[]
  /** Requests that the server refused or did not answer. */
  refusals: readonly string[]
}

/** The clinic day of an instant: tickets are counted by it. */
export type DayOf = (instant: number) => string

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const groups = (entries: readonly Entry[]): Entry[][] => [...Map.groupBy(entries, (entry) => entry.serviceId).values()]
const ticketNumber = ({ ticket }: Entry): number => Number(ticket.slice(ticket.lastIndexOf('-') + 1))

/** The versions of an entry whom nothing befell but arrival, call, start and end. */
const ORDINARY_VERSION = 4

/** Entries that had something else happen to them than the replay did, or whose place got worse. */
export const needsHistory = (entries: readonly Entry[], watches: readonly Watch[]): Set<string> =>
  new Set([
    ...entries.filter((entry) => entry.version !== ORDINARY_VERSION).map(({ id }) => id),
    ...watches.filter((watch) => watch.setbacks.length > 0).map(({ entryId }) => entryId),
  ])

/** Nobody is called twice: not by two of our calls, and not by anybody according to the entry's own history. */
export const calledTwice = ({ calls, entries, histories }: DayRecord): string[] => {
  const own = Map.groupBy(calls, (call) => call.entryId)
  return entries.flatMap(({ id, ticket }) => {
    const kinds = histories.get(id)?.map(({ kind }) => kind) ?? []
    const returns = kinds.filter((kind) => ['RETURNED', 'UNDONE', 'TRANSFERRED'].includes(kind)).length
    const count = Math.max(own.get(id)?.length ?? 0, kinds.filter((kind) => kind === 'CALLED').length)
    return count > 1 + returns ? [`${ticket} was called ${count} times`] : []
  })
}

export const neverCalled = ({ visits, calls, entries }: DayRecord): string[] => {
  const called = new Set(calls.map((call) => call.entryId))
  const missing = entries.filter(({ id, calledAt }) => !called.has(id) || calledAt === null)
  const lost = visits - entries.length
  return [
    ...missing.map(({ ticket }) => `${ticket} was not called`),
    ...Array.from({ length: Math.max(0, lost) }, () => 'a recorded patient has no entry'),
  ]
}

const rank: Record<string, number> = { EMERGENCY: 0, URGENT: 1, ROUTINE: 2 }

/** Below zero when `a` is to be called first: urgency, due time, ticket. */
const compareEntries = (a: Entry, b: Entry): number =>
  (rank[a.urgency] ?? 0) - (rank[b.urgency] ?? 0) || a.dueAt - b.dueAt || ticketNumber(a) - ticketNumber(b)

/** A call is out of order when somebody who had come before it, and was to be called first, was left waiting. */
export const outOfOrder = ({ entries }: DayRecord): string[] =>
  groups(entries).flatMap((group) => {
    const inOrder = group.toSorted(compareEntries)
    const calls = group
      .flatMap((entry) => (entry.calledAt === null ? [] : [{ entry, calledAt: entry.calledAt }]))
      .sort((a, b) => a.calledAt - b.calledAt || compareEntries(a.entry, b.entry))
    const done = new Set<Entry>()
    let first = 0
    return calls.flatMap(({ entry, calledAt }) => {
      while (first < inOrder.length && done.has(inOrder[first] as Entry)) first++
      done.add(entry)
      for (let i = first; inOrder[i] !== entry; i++) {
        const other = inOrder[i] as Entry
        if (!done.has(other) && other.arrivedAt < calledAt) return [`${entry.ticket} was called before ${other.ticket}`]
      }
      return []
    })
  })

/** Within a service and clinic day the tickets are 1, 2, 3 … in order of arrival. */
export const ticketGaps = ({ entries }: DayRecord, dayOf: DayOf): string[] =>
  groups(entries).flatMap((group) =>
    [...Map.groupBy(group, (entry) => dayOf(entry.arrivedAt)).values()].flatMap((day) =>
      day
        .toSorted((a, b) => a.arrivedAt - b.arrivedAt || ticketNumber(a) - ticketNumber(b))
        .flatMap((entry, index) =>
          ticketNumber(entry) === index + 1 ? [] : [`${entry.ticket} is number ${index + 1}`],
        ),
    ),
  )

/** Every screen shows the truth, did so whenever the day held its breath, and has shown CALLED. */
export const watchersWrong = ({ watches, entries, wrongDuring }: DayRecord): string[] => {
  const byEntry = new Map(watches.map((watch) => [watch.entryId, watch]))
  const atEnd = entries.flatMap((entry) => {
    const watch = byEntry.get(entry.id)
    if (!watch) return [`${entry.ticket} had no watcher`]
    const wrong = wrongOn(watch, entry)
    if (wrong) return [wrong]
    return watch.calledSeenAt === null ? [`${entry.ticket} never saw CALLED`] : []
  })
  return [...wrongDuring, ...atEnd]
}

/** Reading a queue and committing a change cross each other; so much earlier than the last message an event may explain the next. */
const SLACK_MS = 2_000
const explains = new Set(['PASSED', 'HELD', 'RETURNED', 'URGENCY_SET', 'MOVED', 'TRANSFERRED', 'UNDONE'])

const isExplained = ({ from, to }: Setback, history: readonly HistoryEvent[]): boolean =>
  history.some(({ at, kind }) => explains.has(kind) && at > from.asOf - SLACK_MS && at <= to.asOf)

/** A place gets worse only by an event that the entry's own history tells. */
export const unexplainedSetbacks = ({ watches, histories }: DayRecord): string[] =>
  watches.flatMap(({ entryId, setbacks }) =>
    setbacks
      .filter((setback) => !isExplained(setback, histories.get(entryId) ?? []))
      .map(
        ({ from, to }) =>
          `${entryId} went from ${from.status} ${from.position ?? ''} to ${to.status} ${to.position ?? ''}`,
      ),
  )

/** The most patients who waited at once for one service, by the database's clock. */
export const longestQueue = ({ entries }: DayRecord): number =>
  Math.max(
    0,
    ...groups(entries).map((group) => {
      const changes = group.flatMap(({ arrivedAt, calledAt }) => [
        { at: arrivedAt, by: 1 },
        ...(calledAt === null ? [] : [{ at: calledAt, by: -1 }]),
      ])
      let count = 0
      return changes
        .sort((a, b) => a.at - b.at || a.by - b.by)
        .reduce((most, { by }) => {
          count += by
          return Math.max(most, count)
        }, 0)
    }),
  )

/** The value that a share of all values does not exceed; null of none. */
export const quantile = (values: readonly number[], share: number): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}

export type Delay = { p50: number | null; p99: number | null }

/** From a call to the CALLED on its patient's screen; a push that overtakes the answer counts as 0. */
const pushDelay = ({ calls, watches }: DayRecord, since: 'sentAt' | 'answeredAt'): Delay => {
  const seen = new Map(watches.map((watch) => [watch.entryId, watch.calledSeenAt]))
  const delays = calls.flatMap((call) => {
    const at = seen.get(call.entryId)
    return at == null ? [] : [Math.max(0, at - call[since])]
  })
  return { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) }
}

export type Check = { name: string; count: number; examples: string[] }

export type Report = {
  arrivals: number
  calls: number
  checks: Check[]
  pushAfterAnswer: Delay
  pushAfterRequest: Delay
  messages: number
  longestQueue: number
  isRight: boolean
}

const EXAMPLES = 3

/** Judges a played day: each check counts its faults and names some. */
export const judge = (record: DayRecord, dayOf: DayOf): Report => {
  const check = (name: string, faults: readonly string[]): Check => ({
    name,
    count: faults.length,
    examples: faults.toSorted(byText).slice(0, EXAMPLES),
  })
  const checks = [
    check('called twice', calledTwice(record)),
    check('never called', neverCalled(record)),
    check('out of order', outOfOrder(record)),
    check('tickets with gaps', ticketGaps(record, dayOf)),
    check('watchers left wrong', watchersWrong(record)),
    check('positions going backwards', unexplainedSetbacks(record)),
    check('requests refused', record.refusals),
  ]
  return {
    arrivals: record.entries.length,
    calls: record.calls.length,
    checks,
    pushAfterAnswer: pushDelay(record, 'answeredAt'),
    pushAfterRequest: pushDelay(record, 'sentAt'),
    messages: record.watches.reduce((sum, watch) => sum + watch.messages, 0),
    longestQueue: longestQueue(record),
    isRight: checks.every(({ count }) => count === 0),
  }
}
