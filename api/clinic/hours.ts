import { badInput } from '../errors.ts'
import { MINUTES_A_DAY, minuteOf, timeOf, weekdayOf } from './day.ts'

/** A stretch of one local day in minutes since its midnight: `from` belongs to it, `to` no longer does. */
export type Stretch = { from: number; to: number }

export type WeeklyStretch = Stretch & { weekday: number }

export type DayException = Stretch & { day: string; kind: 'LEAVE' | 'EXTRA' }

/** Overlapping and touching stretches as one. */
const merged = (stretches: readonly Stretch[]): Stretch[] => {
  const result: Stretch[] = []
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = result.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else if (from < to) result.push({ from, to })
  }
  return result
}

const without = (stretches: readonly Stretch[], leave: Stretch): Stretch[] =>
  stretches
    .flatMap(({ from, to }) => [
      { from, to: Math.min(to, leave.from) },
      { from: Math.max(from, leave.to), to },
    ])
    .filter(({ from, to }) => from < to)

/** When a doctor works on one local day: the weekly hours and extra hours, without leave. Leave wins over extra hours. */
export const workingStretches = (
  day: string,
  weekly: readonly WeeklyStretch[],
  exceptions: readonly DayException[],
): Stretch[] => {
  const weekday = weekdayOf(day)
  const today = exceptions.filter((exception) => exception.day === day)
  const extra = today.filter((exception) => exception.kind === 'EXTRA')
  const leave = today.filter((exception) => exception.kind === 'LEAVE')
  const hours = weekly.filter((stretch) => stretch.weekday === weekday)
  return leave.reduce<Stretch[]>(
    (rest, gone) => (gone.from < gone.to ? without(rest, gone) : rest),
    merged([...hours, ...extra]),
  )
}

const wallTime = (time: string, field: string): number => {
  const minute = minuteOf(time)
  if (minute === null) throw badInput(field, 'must be a local wall-clock time from 00:00 to 24:00, as in 08:30')
  return minute
}

/** Two wall-clock times of one day as a stretch, or a refusal that names the field. */
export const stretchOf = (from: string, to: string, field: string): Stretch => {
  const stretch = { from: wallTime(from, `${field}.from`), to: wallTime(to, `${field}.to`) }
  if (stretch.from >= stretch.to)
    throw badInput(`${field}.to`, 'must be later than from; hours past midnight are two stretches, one on each day')
  return stretch
}

export const WHOLE_DAY: Stretch = { from: 0, to: MINUTES_A_DAY }

/** Weekly hours as they were typed → minutes; refused where a weekday does not exist or two stretches of a day overlap. */
export const weeklyHours = (
  hours: readonly { weekday: number; from: string; to: string }[],
  field: string,
): WeeklyStretch[] => {
  const stretches = hours.map(({ weekday, from, to }, index) => {
    if (!Number.isInteger(weekday) || weekday < 1 || weekday > 7)
      throw badInput(`${field}.${index}.weekday`, 'must be from 1 (Monday) to 7 (Sunday)')
    return { weekday, ...stretchOf(from, to, `${field}.${index}`) }
  })
  for (const [index, stretch] of stretches.entries()) {
    const other = stretches
      .slice(0, index)
      .find(({ weekday, from, to }) => weekday === stretch.weekday && from < stretch.to && stretch.from < to)
    if (other)
      throw badInput(
        `${field}.${index}.from`,
        `must not overlap the other hours of that weekday, ${timeOf(other.from)} to ${timeOf(other.to)}`,
      )
  }
  return stretches
}
