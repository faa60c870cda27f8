/** Where a first load, or the load of days that came into sight, stands. */
export type LoadPlace = {
  /** The first clinic day of the bookings that are loaded, as YYYY-MM-DD; null for a patient's. */
  from: string | null
  /** Only bookings and their patients: the rest is held already. */
  bookingsOnly: boolean
  /** What is being loaded, and the id behind which it goes on. */
  part: 'entries' | 'appointments' | 'patients'
  after: string | null
}

/** How far a device has read its stream. */
export type Cursor = {
  /** The clinic's or the patient's. */
  streamId: string
  /** The number of the last change that it has read, and when that was made, in microseconds since 1970; 0 before the first. */
  number: number
  at: number
  /** The last clinic day of which it holds the bookings; null for a patient, who holds all to come. */
  horizon: string | null
  /** What the viewer could see: other rights see other records, so they load anew. */
  sight: string
  load: LoadPlace | null
}

const VERSION = 1
const parts = ['entries', 'appointments', 'patients']

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isDay = (value: unknown): value is string | null =>
  value === null || (isText(value) && /^\d{4}-\d\d-\d\d$/.test(value))

const isLoadPlace = (value: unknown): value is [string | null, boolean, LoadPlace['part'], string | null] =>
  Array.isArray(value) &&
  isDay(value[0]) &&
  typeof value[1] === 'boolean' &&
  parts.includes(value[2]) &&
  (value[3] === null || isText(value[3]))

/** The parts of a cursor in the order in which its text holds them. */
export const cursorParts = ({ streamId, number, at, horizon, sight, load }: Cursor): unknown[] => [
  VERSION,
  ...[streamId, number, at, horizon, sight],
  load && [load.from, load.bookingsOnly, load.part, load.after],
]

/** Reads the parts again; null for what is no cursor, or of another version. */
export const cursorOf = (value: unknown): Cursor | null => {
  if (!Array.isArray(value) || value[0] !== VERSION) return null
  const [, streamId, number, at, horizon, sight, load] = value
  if (!isText(streamId) || !isCount(number) || !isCount(at) || !isDay(horizon) || !isText(sight)) return null
  if (load === null) return { streamId, number, at, horizon, sight, load }
  if (!isLoadPlace(load)) return null
  const [from, bookingsOnly, part, after] = load
  return { streamId, number, at, horizon, sight, load: { from, bookingsOnly, part, after } }
}
