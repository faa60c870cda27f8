import type { Urgency } from '../database/generated/enums.ts'

/** Minutes; null where nothing was counted. */
export type Distribution = {
  count: number
  mean: number | null
  p50: number | null
  p90: number | null
  max: number | null
}

/** How many came, and what became of them. */
export type Counts = { arrivals: number; served: number; noShows: number; left: number }

export type Figures = Counts & { wait: Distribution; service: Distribution }

export const outcomes = ['SERVED', 'NO_SHOW', 'LEFT'] as const
export const urgencies: readonly Urgency[] = ['ROUTINE', 'URGENT', 'EMERGENCY']

/** What stands for minutes that are not known. */
export const UNKNOWN = 0xffff

/**
 * Visits by columns: hundreds of thousands of them are counted in some milliseconds. `outcomes` are places in the list above, or its
 * length for who is still here; waits and services are in tenths of a minute.
 */
export type Visits = {
  count: number
  /** Since the range began. */
  seconds: Int32Array
  /** Places in `doctorIds`; below 0 nobody. */
  doctors: Int32Array
  doctorIds: readonly string[]
  urgencies: Int32Array
  outcomes: Uint8Array
  waits: Uint16Array
  services: Uint16Array
}

/** Which group each visit belongs to, from 0; below 0 none. */
export type Groups = { of: Int32Array; count: number }

/** Minutes as places in the ascending list of those that occur: there are few different ones, whatever the greatest is. */
type Ranked = { values: number[]; places: Uint16Array }

const rankedOf = (minutes: Uint16Array): Ranked => {
  const placeOf = new Uint16Array(UNKNOWN + 1)
  for (let at = 0; at < minutes.length; at++) placeOf[minutes[at] as number] = 1
  // UNKNOWN is the greatest, so that its place is behind the list.
  placeOf[UNKNOWN] = 0
  const values: number[] = []
  for (let value = 0; value < UNKNOWN; value++)
    if (placeOf[value] === 1) {
      placeOf[value] = values.length
      values.push(value)
    }
  placeOf[UNKNOWN] = values.length
  const places = new Uint16Array(minutes.length)
  for (let at = 0; at < minutes.length; at++) places[at] = placeOf[minutes[at] as number] as number
  return { values, places }
}

const tenths = (value: number): number => value / 10

/** How minutes are distributed of which it was counted how often each occurs. */
const distributionOf = (counts: Int32Array, values: readonly number[]): Distribution => {
  let count = 0
  let sum = 0
  let max = 0
  for (const [place, value] of values.entries()) {
    const here = counts[place] as number
    if (here === 0) continue
    count += here
    sum += here * value
    max = value
  }
  if (count === 0) return { count, mean: null, p50: null, p90: null, max: null }
  const valueAt = (rank: number): number => {
    let place = 0
    for (let before = counts[0] as number; before <= rank; before += counts[place] as number) place++
    return values[place] as number
  }
  /** The value below which a share of the minutes lies; between two of them, in proportion. */
  const percentile = (share: number): number => {
    const rank = share * (count - 1)
    const low = valueAt(Math.floor(rank))
    const high = valueAt(Math.ceil(rank))
    return tenths(low + (rank - Math.floor(rank)) * (high - low))
  }
  return { count, mean: tenths(sum / count), p50: percentile(0.5), p90: percentile(0.9), max: tenths(max) }
}

/** How the minutes of each group are distributed. */
const distributionsOf = ({ values, places }: Ranked, { of, count }: Groups): Distribution[] => {
  const width = values.length + 1
  const counts = new Int32Array(count * width)
  for (let at = 0; at < of.length; at++) {
    const group = of[at] as number
    if (group < 0) continue
    const cell = group * width + (places[at] as number)
    counts[cell] = (counts[cell] as number) + 1
  }
  return Array.from({ length: count }, (_, group) =>
    distributionOf(counts.subarray(group * width, (group + 1) * width), values),
  )
}

/** Counts visits and their minutes, along one dimension after the other. */
export const counter = (visits: Pick<Visits, 'outcomes' | 'waits' | 'services'>): ((groups: Groups) => Figures[]) => {
  const waits = rankedOf(visits.waits)
  const services = rankedOf(visits.services)
  return (groups) => {
    const kinds = outcomes.length + 1
    const counts = new Int32Array(groups.count * kinds)
    for (let at = 0; at < groups.of.length; at++) {
      const group = groups.of[at] as number
      if (group < 0) continue
      const cell = group * kinds + (visits.outcomes[at] as number)
      counts[cell] = (counts[cell] as number) + 1
    }
    const wait = distributionsOf(waits, groups)
    const service = distributionsOf(services, groups)
    return wait.map((distribution, group) => {
      const [served = 0, noShows = 0, left = 0, here = 0] = counts.subarray(group * kinds, (group + 1) * kinds)
      return {
        arrivals: served + noShows + left + here,
        ...{ served, noShows, left },
        wait: distribution,
        service: service[group] as Distribution,
      }
    })
  }
}
