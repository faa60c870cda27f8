import { addDays, type DayRule, instantOf, wallOf } from '../clinic/day.ts'

/** Every day from one to another, both included. */
export const daysFrom = (from: string, to: string): string[] => {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

const QUARTER = 900
const HOUR = 3_600
const DAY = 86_400

/**
 * The clinic day (as its place in the list) and the local hour of each visit, from its seconds since the first of the days began. Most
 * visits come after another of the same hour, so that the clocks are asked once for some hundred of them.
 */
export const timesOf = (
  seconds: Int32Array,
  days: readonly string[],
  clinic: DayRule,
): { day: Int32Array; hour: Int32Array } => {
  const starts = [...days, addDays(days.at(-1) as string, 1)].map((day) =>
    instantOf(day, clinic.dayStartsAt, clinic.timeZone).getTime(),
  )
  const first = starts[0] as number
  const bounds = starts.map((start) => (start - first) / 1000)
  const wallHours = new Map<number, number>()
  /** On the two days of a year that are not even, the clocks are asked for each quarter of an hour, since no zone changes within one. */
  const askedHour = (quarter: number): number => {
    const known = wallHours.get(quarter)
    if (known !== undefined) return known
    const asked = Math.floor(wallOf(new Date(quarter * QUARTER * 1000), clinic.timeZone).minute / 60)
    wallHours.set(quarter, asked)
    return asked
  }
  const day = new Int32Array(seconds.length)
  const hour = new Int32Array(seconds.length)
  let place = 0
  let begin = 0
  let end = 0
  for (let at = 0; at < seconds.length; at++) {
    const second = seconds[at] as number
    if (second < begin || second >= end) {
      // Days are a day long but for two of them, so this is off by one at most.
      place = Math.min(Math.floor(second / DAY), days.length - 1)
      while (place > 0 && second < (bounds[place] as number)) place--
      while (place < days.length - 1 && second >= (bounds[place + 1] as number)) place++
      begin = bounds[place] as number
      end = bounds[place + 1] as number
    }
    day[at] = place
    hour[at] =
      end - begin === DAY
        ? Math.floor((clinic.dayStartsAt * 60 + second - begin) / HOUR) % 24
        : askedHour(Math.floor((first / 1000 + second) / QUARTER))
  }
  return { day, hour }
}
