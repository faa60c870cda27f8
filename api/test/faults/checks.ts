import type { NotificationChannel, NotificationKind, NotificationStatus } from '../../database/generated/enums.ts'
import { aboutOf, messageKey, type Occasion } from '../../notification/keys.ts'
import type { SentMessage } from '../fcm-stand-in.ts'
import type { AcceptedMessage } from '../twilio-stand-in.ts'
import type { Person } from './people.ts'

export type LedgerRow = {
  id: string
  key: string
  kind: NotificationKind
  channel: NotificationChannel
  status: NotificationStatus
  error: string | null
  entryId: string | null
  appointmentId: string | null
  validUntil: Date | null
  providerId: string | null
}
export type Move = { entryId: string; entryVersion: number; kind: string; patientId: string; at: Date }
export type BookingRow = { id: string; patientId: string; status: string; version: number; startsAt: Date }
/** Between these instants nothing may be accepted for the number. */
export type Stopped = { phone: string; from: number; to: number }

export type Evidence = {
  rows: readonly LedgerRow[]
  moves: readonly Move[]
  bookings: readonly BookingRow[]
  /** Codes that were made, and the numbers for which one was asked. */
  codes: readonly { id: string; phoneNumber: string }[]
  codesAsked: readonly string[]
  people: ReadonlyMap<string, Person>
  sms: readonly AcceptedMessage[]
  push: readonly { id: string; token: string; thread: string; at: number }[]
  stopped: readonly Stopped[]
  delivered: ReadonlySet<string>
  undelivered: ReadonlySet<string>
  remindersDue: boolean
}

/** What of a push message is kept as evidence. */
export const evidenceOf = ({ token, data, android }: SentMessage) => ({
  id: data.id as string,
  token,
  thread: `${android.collapse_key} ${android.notification.tag}`,
  at: Date.now(),
})

const groupBy = <T>(list: readonly T[], key: (item: T) => string): Map<string, T[]> =>
  Map.groupBy(list, key) as Map<string, T[]>

const causedKind: Record<string, 'YOUR_TURN' | 'MISSED' | 'CORRECTION'> = {
  CALLED: 'YOUR_TURN',
  RECALLED: 'YOUR_TURN',
  NO_SHOW: 'MISSED',
  UNDONE: 'CORRECTION',
}

/** What the ledger lacks for one piece of news to one person; null where it is complete. */
const lacking = (person: Person, rowOf: (channel: NotificationChannel) => LedgerRow | undefined): string | null => {
  const [sms, push] = [rowOf('SMS'), rowOf('PUSH')]
  const hasDevice = person.tokens.length > 0 && person.devicesAre !== 'gone'
  if (hasDevice && !push) return 'no PUSH'
  if (person.phone && person.route === 'BOTH' && !sms) return 'no SMS'
  if (person.phone && person.tokens.length === 0 && !sms) return 'no SMS'
  // A push message that may have come, and that is worth nothing by now, has no SMS behind it.
  const hasFailed = push?.status === 'FAILED' && !/^unclear: (STALE|SUPERSEDED)$/.test(push.error ?? '')
  if (person.phone && person.route === 'PUSH_FIRST' && !sms && (!push || hasFailed)) return 'no SMS'
  return person.phone && !sms && !push ? 'nothing' : null
}

/** Every piece of news once in the ledger on each way, and nothing in it that nobody caused. */
const checkLedger = ({ rows, moves, bookings, people, codes, codesAsked, remindersDue }: Evidence): string[] => {
  const problems: string[] = []
  const byKey = new Map(rows.map((row) => [row.key, row]))
  const possible = new Set<string>()
  const expect = (subjectId: string, occasion: Occasion, patientId: string, isDue: boolean): void => {
    const rowOf = (channel: NotificationChannel) => byKey.get(messageKey({ subjectId, channel, occasion }))
    for (const channel of ['SMS', 'PUSH'] as const) possible.add(messageKey({ subjectId, channel, occasion }))
    const lack = isDue ? lacking(people.get(patientId) as Person, rowOf) : null
    if (lack) {
      const push = rowOf('PUSH')
      const key = messageKey({ subjectId, channel: 'SMS', occasion })
      problems.push(`lost: ${lack} of ${key}; PUSH ${push?.status ?? 'none'} ${push?.error ?? ''}`)
    }
  }
  const wasTold = (entryId: string, kind: 'YOUR_TURN' | 'MISSED', version: number): boolean =>
    (['SMS', 'PUSH'] as const).some((channel) => {
      const row = byKey.get(messageKey({ subjectId: entryId, channel, occasion: { kind, version } }))
      return row?.status === 'SENT' || row?.status === 'DELIVERED'
    })
  const counts = new Map<string, number>()
  const cause = (subjectId: string, kind: string, times = 1): void => {
    counts.set(`${subjectId} ${kind}`, (counts.get(`${subjectId} ${kind}`) ?? 0) + times)
  }
  for (const [entryId, own] of groupBy(moves, (move) => move.entryId)) {
    const ordered = own.toSorted((a, b) => a.entryVersion - b.entryVersion)
    const [{ patientId }, last] = [ordered[0] as Move, ordered.at(-1) as Move]
    // Whoever was never called stands near the head of a short queue, and nobody moved on from that.
    expect(entryId, { kind: 'ALMOST_YOUR_TURN' }, patientId, ordered.length === 1)
    cause(entryId, 'ALMOST_YOUR_TURN')
    for (const [index, move] of ordered.entries()) {
      const kind = causedKind[move.kind]
      if (!kind) continue
      cause(entryId, kind)
      const version = move.entryVersion
      const before = ordered[index - 1]
      // After an undone recall the patient is still called.
      const undone = before && before.kind !== 'RECALLED' ? causedKind[before.kind] : undefined
      const isTold =
        kind !== 'CORRECTION' || (undone && undone !== 'CORRECTION' && wasTold(entryId, undone, version - 1))
      expect(entryId, { kind, version }, patientId, move === last && Boolean(isTold))
    }
  }
  for (const { id, patientId, status, version, startsAt } of bookings) {
    const stands = status === 'BOOKED'
    expect(id, { kind: 'BOOKED' }, patientId, stands)
    cause(id, 'BOOKED')
    for (let earlier = 2; earlier <= version; earlier++) {
      expect(id, { kind: 'RESCHEDULED', version: earlier }, patientId, stands && earlier === version)
      expect(id, { kind: 'CANCELLED', version: earlier }, patientId, status === 'CANCELLED' && earlier === version)
    }
    cause(id, 'RESCHEDULED', version - 1)
    cause(id, 'CANCELLED')
    cause(id, 'REMINDER', 2 * version)
    for (const hours of [24, 2] as const)
      expect(id, { kind: 'REMINDER', hours, startsAt }, patientId, stands && remindersDue)
  }
  for (const { id } of codes) {
    const key = messageKey({ subjectId: id, channel: 'SMS', occasion: { kind: 'VERIFICATION' } })
    possible.add(key)
    cause(id, 'VERIFICATION')
    if (byKey.get(key)?.id !== id) problems.push(`lost: no SMS of code ${id}`)
  }
  const numbers = new Set(codes.map(({ phoneNumber }) => phoneNumber))
  for (const phone of codesAsked) if (!numbers.has(phone)) problems.push(`lost: no code for ${phone}`)
  for (const row of rows) {
    // Reminders of a start that the booking has left were right when they went out.
    if (row.kind !== 'REMINDER' && !possible.has(row.key)) problems.push(`nobody caused ${row.key}`)
    if (row.status === 'QUEUED') problems.push(`still QUEUED: ${row.key}`)
  }
  for (const [group, own] of groupBy(
    rows,
    (row) => `${row.entryId ?? row.appointmentId ?? row.id} ${row.kind} ${row.channel}`,
  )) {
    const most = counts.get(group.slice(0, group.lastIndexOf(' '))) ?? 0
    if (own.length > most) problems.push(`${own.length} rows of ${group}, caused ${most} times`)
  }
  return problems
}

const idOf = ({ statusCallback }: AcceptedMessage): string =>
  new URL(statusCallback ?? 'http://none').searchParams.get('id') ?? 'none'

/** Each SMS accepted as often as the ledger says: once if it was sent, never if it was not; never stale, never after STOP. */
const checkSms = ({ rows, sms, stopped, delivered, undelivered }: Evidence): string[] => {
  const problems: string[] = []
  const byId = groupBy(sms, idOf)
  for (const row of rows.filter(({ channel }) => channel === 'SMS')) {
    const accepted = byId.get(row.id) ?? []
    const sid = accepted[0]?.sid ?? ''
    const what = `${row.key} ${row.status} ${row.error ?? ''}`
    if (accepted.length > 1) problems.push(`doubled: accepted ${accepted.length} times: ${what}`)
    const isSent = row.status === 'SENT' || row.status === 'DELIVERED'
    if (isSent && accepted.length === 0) problems.push(`lost: never accepted: ${what}`)
    if (isSent && accepted.length === 1 && sid !== row.providerId) problems.push(`another's id: ${what}`)
    if (row.status === 'SUPPRESSED' && accepted.length > 0) problems.push(`accepted all the same: ${what}`)
    if (row.status === 'FAILED' && accepted.length > 0 && !undelivered.has(sid)) problems.push(`not failed: ${what}`)
    if (row.status === 'FAILED' && accepted.length === 0 && !row.error?.includes('21211'))
      problems.push(`lost: ${what}`)
    if (delivered.has(sid) && row.status !== 'DELIVERED') problems.push(`was delivered: ${what}`)
    for (const { createdAt, validityPeriod } of accepted) {
      const until = row.validUntil?.getTime() ?? Number.POSITIVE_INFINITY
      const last = createdAt.getTime() + Number(validityPeriod ?? Number.POSITIVE_INFINITY) * 1000
      if (createdAt.getTime() > until) problems.push(`stale by ${createdAt.getTime() - until} ms: ${what}`)
      if (last > until) problems.push(`could come stale by ${last - until} ms: ${what}`)
    }
  }
  const known = new Set(rows.map(({ id }) => id))
  for (const id of byId.keys()) if (!known.has(id)) problems.push(`accepted, but not in the ledger: ${id}`)
  const byNumber = groupBy(sms, ({ to }) => to)
  for (const { phone, from, to } of stopped)
    for (const { createdAt } of byNumber.get(phone) ?? [])
      if (createdAt.getTime() > from && createdAt.getTime() < to)
        problems.push(`${createdAt.getTime() - from} ms after STOP: ${phone}`)
  return problems
}

/** Push messages may come twice, since FCM has nothing to look them up by; then in the same thread, so that one replaces the other. */
const checkPush = ({ rows, push, people }: Evidence) => {
  const problems: string[] = []
  const byId = groupBy(push, ({ id }) => id)
  let repeated = 0
  let missedDevices = 0
  let unclear = 0
  for (const row of rows.filter(({ channel }) => channel === 'PUSH')) {
    const accepted = byId.get(row.id) ?? []
    const tokens = new Set(accepted.map(({ token }) => token))
    repeated += accepted.length - tokens.size
    if (row.status === 'SENT' && tokens.size === 0) problems.push(`lost: never accepted: ${row.key}`)
    if (row.status === 'SUPPRESSED' && tokens.size > 0) problems.push(`accepted all the same: ${row.key} ${row.error}`)
    // Whether it came is not known, and the ledger says so.
    const isUnclear = row.status === 'FAILED' && row.error?.startsWith('unclear')
    if (isUnclear) unclear++
    if (row.status === 'FAILED' && tokens.size > 0 && !isUnclear) problems.push(`not failed: ${row.key} ${row.error}`)
    if (new Set(accepted.map(({ thread }) => thread)).size > 1) problems.push(`in two threads: ${row.key}`)
    const until = row.validUntil?.getTime() ?? Number.POSITIVE_INFINITY
    for (const { at } of accepted) if (at > until) problems.push(`stale by ${at - until} ms: ${row.key}`)
    const missed = row.status === 'SENT' ? Math.max(0, ownDevices(people, accepted[0]?.token) - tokens.size) : 0
    // Only what became worthless, or untrue, before another try may leave a device out.
    if (missed > 0 && row.error !== 'STALE' && row.error !== 'SUPERSEDED')
      problems.push(`lost: ${missed} devices were left out: ${row.key} ${row.error ?? ''}`)
    missedDevices += missed
  }
  const known = new Set(rows.map(({ id }) => id))
  for (const id of byId.keys()) if (!known.has(id)) problems.push(`accepted, but not in the ledger: ${id}`)
  return { problems, repeated, missedDevices, unclear }
}

/** A request takes at most so long. */
const REQUEST_MS = 10_000

/** What is said of a booking comes in the order of its changes: never "booked" after "moved", nor that after "cancelled". */
const checkBookingOrder = (
  rows: readonly LedgerRow[],
  timesOf: (own: readonly LedgerRow[]) => readonly number[],
): string[] => {
  const problems: string[] = []
  const changes = rows.filter(({ kind }) => kind === 'BOOKED' || kind === 'RESCHEDULED' || kind === 'CANCELLED')
  const place = ({ key }: LedgerRow): number => aboutOf(key).version ?? 0
  for (const own of groupBy(changes, (row) => `${row.appointmentId} ${row.channel}`).values()) {
    const ordered = own.toSorted((a, b) => place(a) - place(b))
    for (const [index, row] of ordered.entries()) {
      const last = Math.max(...timesOf([row]))
      const newer = Math.min(...timesOf(ordered.slice(index + 1)))
      if (last > newer) problems.push(`came ${last - newer} ms after newer news: ${row.key}`)
    }
  }
  return problems
}

/** "Almost your turn" never after "your turn", nor after the call or the end of the visit but for a request that was under way. */
const checkOrder = ({ rows, moves, sms, push }: Evidence): string[] => {
  const problems: string[] = []
  const times = new Map<string, number[]>()
  const note = (id: string, at: number) => times.set(id, [...(times.get(id) ?? []), at])
  for (const message of sms) note(idOf(message), message.createdAt.getTime())
  for (const { id, at } of push) note(id, at)
  const timesOf = (own: readonly LedgerRow[]) => own.flatMap(({ id }) => times.get(id) ?? [])
  problems.push(...checkBookingOrder(rows, timesOf))
  const overAt = new Map<string, number>()
  for (const { entryId, kind, at } of moves)
    if (['CALLED', 'SERVED', 'LEFT', 'NO_SHOW'].includes(kind))
      overAt.set(entryId, Math.min(overAt.get(entryId) ?? Number.POSITIVE_INFINITY, at.getTime()))
  for (const own of groupBy(
    rows.filter(({ entryId }) => entryId !== null),
    (row) => `${row.entryId} ${row.channel}`,
  ).values()) {
    const almost = timesOf(own.filter(({ kind }) => kind === 'ALMOST_YOUR_TURN'))
    if (almost.length === 0) continue
    const last = Math.max(...almost)
    const turn = Math.min(...timesOf(own.filter(({ kind }) => kind === 'YOUR_TURN')))
    const key = own[0]?.key
    if (last > turn) problems.push(`"almost" came ${last - turn} ms after "your turn": ${key}`)
    const over = overAt.get(own[0]?.entryId ?? '') ?? Number.POSITIVE_INFINITY
    if (last > over + REQUEST_MS) problems.push(`"almost" came ${last - over} ms after the call or the end: ${key}`)
  }
  return problems
}

const ownDevices = (people: ReadonlyMap<string, Person>, token = ''): number =>
  people.get(token.slice('token-'.length, token.lastIndexOf('-')))?.tokens.length ?? 0

export const check = (evidence: Evidence) => {
  const push = checkPush(evidence)
  return {
    problems: [...checkLedger(evidence), ...checkSms(evidence), ...push.problems, ...checkOrder(evidence)],
    repeatedPushes: push.repeated,
    missedDevices: push.missedDevices,
    unclearPushes: push.unclear,
  }
}
