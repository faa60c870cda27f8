/** One recorded visit; times are seconds since midnight of its day. */
export type Visit = {
  id: string
  doctorType: string
  arrivedAt: number
  /** Null where nobody called the patient that day. */
  calledAt: number | null
  /** Null where the end was not recorded. */
  completedAt: number | null
}

/** A recording that cannot be played, said in words that name the line. */
export class RecordingError extends Error {}

const COLUMNS = ['visit', 'date', 'arrived_at', 'called_at', 'completed_at', 'doctor_type'] as const
const DAY = 86_400
const HALF_DAY = DAY / 2

const secondsOf = (text: string): number | null => {
  const [, hours, minutes, seconds] = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(text) ?? []
  return seconds === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

/** A time that comes after another one of the same visit; a much smaller one is after midnight. */
const after = (earlier: number, time: number): number | null => {
  const last = earlier % DAY
  const shifted = time + earlier - last
  if (time >= last) return shifted
  return last - time > HALF_DAY ? shifted + DAY : null
}

const visitOf = (cells: readonly string[], line: number): { date: string; visit: Visit } => {
  const refuse = (what: string): never => {
    throw new RecordingError(`Line ${line}: ${what}`)
  }
  if (cells.length !== COLUMNS.length) refuse(`has ${cells.length} columns and should have ${COLUMNS.length}.`)
  const [id = '', date = '', arrived = '', called = '', completed = '', doctorType = ''] = cells.map((cell) =>
    cell.trim(),
  )
  if (id === '') refuse('visit is empty.')
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) refuse(`date must be as in 2019-11-04, not "${date}".`)
  if (!/^[\w .-]{1,40}$/.test(doctorType)) refuse(`doctor_type must be 1 to 40 plain characters, not "${doctorType}".`)
  const time = (name: string, text: string): number =>
    secondsOf(text) ?? refuse(`${name} must be a time as in 08:30:59, not "${text}".`)
  const arrivedAt = time('arrived_at', arrived)
  if (called === '' && completed !== '') refuse('completed_at is set, and called_at is not.')
  const calledAt =
    called === '' ? null : (after(arrivedAt, time('called_at', called)) ?? refuse('called_at is before arrived_at.'))
  const completedAt =
    calledAt === null || completed === ''
      ? null
      : (after(calledAt, time('completed_at', completed)) ?? refuse('completed_at is before called_at.'))
  return { date, visit: { id, doctorType, arrivedAt, calledAt, completedAt } }
}

/** The days of a CSV recording, each with its visits in order of arrival. */
export const parseRecording = (text: string): Map<string, Visit[]> => {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (lines[0]?.trim() !== COLUMNS.join(','))
    throw new RecordingError(`Line 1 must be ${COLUMNS.join(',')}, not "${(lines[0] ?? '').slice(0, 80)}".`)
  const days = new Map<string, Visit[]>()
  const seen = new Set<string>()
  lines.forEach((line, index) => {
    if (index === 0 || line.trim() === '') return
    const { date, visit } = visitOf(line.split(','), index + 1)
    const key = `${date} ${visit.id}`
    if (seen.has(key)) throw new RecordingError(`Line ${index + 1}: visit ${visit.id} is there twice on ${date}.`)
    seen.add(key)
    const day = days.get(date)
    if (day) day.push(visit)
    else days.set(date, [visit])
  })
  if (days.size === 0) throw new RecordingError('The recording holds no visit.')
  for (const visits of days.values()) visits.sort((a, b) => a.arrivedAt - b.arrivedAt)
  return days
}

/** The day to play: the one asked for, or the only one there is. */
export const chooseDay = (
  days: ReadonlyMap<string, Visit[]>,
  asked: string | null,
): { date: string; visits: Visit[] } => {
  const list = [...days].map(([date, visits]) => `${date} (${visits.length} visits)`).join(', ')
  const date = asked ?? (days.size === 1 ? ([...days.keys()][0] as string) : null)
  if (date === null) throw new RecordingError(`The recording holds several days; choose one with --date: ${list}.`)
  const visits = days.get(date)
  if (!visits) throw new RecordingError(`The recording has no visit on ${date}; it holds ${list}.`)
  return { date, visits }
}
