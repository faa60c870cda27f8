/** What a patient's screen shows, as `positionUpdated` pushes it. Instants are milliseconds. */
export type Shown = {
  status: string
  position: number | null
  room: string | null
  version: number
  asOf: number
}

/** A place that got worse from one message to the next. */
export type Setback = { from: Shown; to: Shown }

/** A screen as its watcher remembers it. */
export type Watch = {
  entryId: string
  last: Shown | null
  /** When the first CALLED came, by the replay's own stopwatch. */
  calledSeenAt: number | null
  setbacks: readonly Setback[]
  messages: number
}

export const newWatch = (entryId: string): Watch => ({
  entryId,
  last: null,
  calledSeenAt: null,
  setbacks: [],
  messages: 0,
})

/** How far a patient still has to go: the smaller the better. */
const distance = ({ status, position }: Shown): number => {
  if (status === 'WAITING') return position ?? Number.POSITIVE_INFINITY
  if (status === 'ON_HOLD') return Number.POSITIVE_INFINITY
  if (status === 'CALLED') return 0
  return status === 'IN_SERVICE' ? -1 : -2
}

/** The watch after one more message. */
export const follow = (watch: Watch, shown: Shown, at: number): Watch => ({
  ...watch,
  last: shown,
  calledSeenAt: watch.calledSeenAt ?? (shown.status === 'CALLED' ? at : null),
  setbacks:
    watch.last && distance(shown) > distance(watch.last)
      ? [...watch.setbacks, { from: watch.last, to: shown }]
      : watch.setbacks,
  messages: watch.messages + 1,
})

/** Where an entry really stands. */
export type Standing = { status: string; position: number | null; room: string | null }

const words = ({ status, position, room }: Standing): string =>
  [status, position === null ? null : `position ${position}`, room === null ? null : `room ${room}`]
    .filter(Boolean)
    .join(', ')

/** What is wrong on a screen that should show this; null where nothing is. `ended`: it is in the queue no more. */
export const wrongOn = (watch: Watch, truth: Standing | 'ended'): string | null => {
  const { last, entryId } = watch
  if (!last) return `${entryId} was never shown anything`
  if (truth === 'ended')
    return ['SERVED', 'NO_SHOW', 'LEFT'].includes(last.status) ? null : `${entryId} shows ${words(last)} and is over`
  const isRight = last.status === truth.status && last.position === truth.position && last.room === truth.room
  return isRight ? null : `${entryId} shows ${words(last)} and is ${words(truth)}`
}
