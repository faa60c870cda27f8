import { describe, expect, it } from 'vitest'
import { type DayRecord, type Entry, judge, needsHistory, quantile } from './checks.ts'
import { follow, newWatch, type Shown, type Watch } from './watch.ts'

const shown = (status: string, position: number | null, version: number, room: string | null = null): Shown => ({
  status,
  position,
  room,
  version,
  asOf: version * 1_000,
})

/** A screen that was shown these, one after the other, each at the second of its version. */
const screen = (entryId: string, ...messages: Shown[]): Watch =>
  messages.reduce((watch, message) => follow(watch, message, message.asOf), newWatch(entryId))

const entry = (number: number, over: Partial<Entry> = {}): Entry => ({
  id: `e${number}`,
  serviceId: 's',
  ticket: `A-00${number}`,
  status: 'SERVED',
  position: null,
  room: '7',
  urgency: 'ROUTINE',
  dueAt: number * 1_000,
  arrivedAt: number * 1_000,
  calledAt: 10_000 + number * 1_000,
  version: 4,
  ...over,
})

const watchOf = (number: number): Watch =>
  screen(
    `e${number}`,
    shown('WAITING', number, number),
    shown('CALLED', null, 10 + number, '7'),
    shown('IN_SERVICE', null, 20 + number, '7'),
    shown('SERVED', null, 30 + number, '7'),
  )

/** Three patients, called one after the other, every screen right. */
const goodDay = (): DayRecord => ({
  visits: 3,
  calls: [1, 2, 3].map((number) => ({
    entryId: `e${number}`,
    doctor: 0,
    sentAt: 10_000 + number * 1_000 - 30,
    answeredAt: 10_000 + number * 1_000 - 10,
  })),
  watches: [1, 2, 3].map(watchOf),
  entries: [1, 2, 3].map((number) => entry(number)),
  histories: new Map(),
  wrongDuring: [],
  refusals: [],
})

const faultsOf = (record: DayRecord): Record<string, number> =>
  Object.fromEntries(
    judge(record, () => 'today')
      .checks.filter(({ count }) => count > 0)
      .map(({ name, count }) => [name, count]),
  )

const withEntry = (record: DayRecord, number: number, over: Partial<Entry>): DayRecord => ({
  ...record,
  entries: record.entries.map((other, index) => (index === number - 1 ? { ...other, ...over } : other)),
})

const withWatch = (record: DayRecord, number: number, watch: Watch): DayRecord => ({
  ...record,
  watches: record.watches.map((other, index) => (index === number - 1 ? watch : other)),
})

describe('the judgement of a day', () => {
  it('finds nothing in a good day, and tells its figures', () => {
    const report = judge(goodDay(), () => 'today')
    expect(report.checks.flatMap(({ examples }) => examples)).toEqual([])
    expect(report).toMatchObject({
      arrivals: 3,
      calls: 3,
      isRight: true,
      longestQueue: 3,
      messages: 12,
      pushAfterAnswer: { p50: 10, p99: 10 },
      pushAfterRequest: { p50: 30, p99: 30 },
    })
  })

  it('finds a patient whom two calls reached', () => {
    const day = goodDay()
    const again = { ...(day.calls[1] as DayRecord['calls'][number]), doctor: 1 }
    expect(faultsOf({ ...day, calls: [...day.calls, again] })).toEqual({ 'called twice': 1 })
  })

  it('finds a patient who was called twice by what the history says', () => {
    const kinds = ['WALKED_IN', 'CALLED', 'CALLED', 'STARTED', 'SERVED']
    const history = kinds.map((kind, index) => ({ at: index, kind }))
    const day = withEntry(goodDay(), 2, { version: 5 })
    expect([...needsHistory(day.entries, day.watches)]).toEqual(['e2'])
    expect(faultsOf({ ...day, histories: new Map([['e2', history]]) })).toEqual({ 'called twice': 1 })
  })

  it('lets a patient be called again who was sent back to wait', () => {
    const kinds = ['WALKED_IN', 'CALLED', 'RETURNED', 'CALLED', 'STARTED', 'SERVED']
    const history = kinds.map((kind, index) => ({ at: index, kind }))
    const day = withEntry(goodDay(), 2, { version: 6 })
    expect(faultsOf({ ...day, histories: new Map([['e2', history]]) })).toEqual({})
  })

  it('finds a patient whom nobody called', () => {
    const day = goodDay()
    expect(faultsOf({ ...day, calls: day.calls.slice(1) })).toEqual({ 'never called': 1 })
    expect(faultsOf({ ...day, visits: 4 })).toEqual({ 'never called': 1 })
  })

  it('finds a call that left somebody waiting who came first', () => {
    const day = withEntry(goodDay(), 3, { calledAt: 10_500 })
    expect(judge(day, () => 'today').checks.find(({ name }) => name === 'out of order')).toEqual({
      name: 'out of order',
      count: 1,
      examples: ['A-003 was called before A-001'],
    })
  })

  it('finds one call out of order for each patient who was passed over late', () => {
    expect(faultsOf(withEntry(goodDay(), 1, { calledAt: 20_000 }))).toEqual({ 'out of order': 2 })
  })

  it('blames no call for those who came after it', () => {
    expect(faultsOf(withEntry(goodDay(), 3, { dueAt: 500, arrivedAt: 12_500 }))).toEqual({})
  })

  it('knows that the urgent go first', () => {
    expect(faultsOf(withEntry(goodDay(), 3, { urgency: 'URGENT', calledAt: 10_500 }))).toEqual({})
    expect(faultsOf(withEntry(goodDay(), 3, { urgency: 'URGENT' }))).toEqual({ 'out of order': 2 })
  })

  it('finds a gap in the tickets, and one that is there twice', () => {
    expect(faultsOf(withEntry(goodDay(), 3, { ticket: 'A-004' }))).toEqual({ 'tickets with gaps': 1 })
    expect(faultsOf(withEntry(goodDay(), 3, { ticket: 'A-002' }))).toEqual({ 'tickets with gaps': 1 })
  })

  it('lets the tickets begin anew with the clinic day', () => {
    const day = withEntry(goodDay(), 3, { ticket: 'A-001' })
    const report = judge(day, (instant) => (instant < 3_000 ? 'today' : 'tomorrow'))
    expect(report.isRight).toBe(true)
  })

  it.each([
    ['shows an older state', screen('e2', shown('WAITING', 2, 2), shown('CALLED', null, 12, '7'))],
    ['shows another room', screen('e2', shown('CALLED', null, 12, '7'), shown('SERVED', null, 32, '8'))],
    ['never saw CALLED', screen('e2', shown('WAITING', 2, 2), shown('SERVED', null, 32, '7'))],
    ['was shown nothing', newWatch('e2')],
  ])('finds a screen that %s', (_, watch) => {
    expect(faultsOf(withWatch(goodDay(), 2, watch))).toEqual({ 'watchers left wrong': 1 })
  })

  it('counts screens that were wrong during the day', () => {
    expect(faultsOf({ ...goodDay(), wrongDuring: ['e1 shows WAITING'] })).toEqual({ 'watchers left wrong': 1 })
  })

  it('finds a position that went backwards without an event', () => {
    const watch = screen(
      'e2',
      shown('WAITING', 2, 2),
      shown('WAITING', 5, 6),
      shown('CALLED', null, 12, '7'),
      shown('SERVED', null, 32, '7'),
    )
    const day = withWatch(goodDay(), 2, watch)
    expect([...needsHistory(day.entries, day.watches)]).toEqual(['e2'])
    const history = (at: number, kind: string) => new Map([['e2', [{ at, kind }]]])
    expect(faultsOf(day)).toEqual({ 'positions going backwards': 1 })
    expect(faultsOf({ ...day, histories: history(5_000, 'CALLED') })).toEqual({ 'positions going backwards': 1 })
    expect(faultsOf({ ...day, histories: history(9_000, 'PASSED') })).toEqual({ 'positions going backwards': 1 })
    expect(faultsOf({ ...day, histories: history(5_000, 'PASSED') })).toEqual({})
  })

  it('finds a called patient who waits again without an event', () => {
    const watch = screen(
      'e2',
      shown('CALLED', null, 11, '7'),
      shown('WAITING', 1, 12),
      shown('CALLED', null, 13, '7'),
      shown('SERVED', null, 32, '7'),
    )
    expect(faultsOf(withWatch(goodDay(), 2, watch))).toEqual({ 'positions going backwards': 1 })
  })

  it('counts what the server refused', () => {
    expect(faultsOf({ ...goodDay(), refusals: ['call: FORBIDDEN'] })).toEqual({ 'requests refused': 1 })
  })

  it('counts a push that overtakes the answer as no delay', () => {
    const day = goodDay()
    const calls = day.calls.map((call) => ({ ...call, answeredAt: call.answeredAt + 500 }))
    expect(judge({ ...day, calls }, () => 'today').pushAfterAnswer).toEqual({ p50: 0, p99: 0 })
  })
})

describe('a quantile', () => {
  it.each([
    [[], 0.5, null],
    [[3], 0.99, 3],
    [[1, 2, 3, 4], 0.5, 2],
    [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
  ])('of %j at %d is %j', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected)
  })
})
