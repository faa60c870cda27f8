/** Minutes until called: nine in ten patients are called between low and high, half of them before likely. */
export type WaitEstimate = { lowMinutes: number; likelyMinutes: number; highMinutes: number }

export type Pace = {
  /** Doctors who call from this queue now: on duty for the service, or with one of its patients. */
  doctorIds: ReadonlySet<string>
  /** Of these, the ones who have a patient now. */
  busyDoctorIds: ReadonlySet<string>
  /** Minutes from call to end of the service's most recent patients. */
  recentMinutes: readonly number[]
}

/** Fewer recent patients than this say nothing about the next one. */
const ENOUGH = 5

/** The width that holds nine in ten of a normal spread. */
const NINE_IN_TEN = 1.645

type Spread = { mean: number; variance: number }

/** The same minutes are asked for each of hundreds who wait. */
const spreads = new WeakMap<readonly number[], Spread>()

const spreadOf = (minutes: readonly number[]): Spread => {
  const known = spreads.get(minutes)
  if (known) return known
  const mean = minutes.reduce((sum, each) => sum + each, 0) / minutes.length
  const variance = minutes.reduce((sum, each) => sum + (each - mean) ** 2, 0) / minutes.length
  const made = { mean, variance }
  spreads.set(minutes, made)
  return made
}

/**
 * How long a waiting entry waits: the patients ahead, shared by the doctors at work, at the pace of the recent patients.
 * Null where it is unknown: nobody at work, a bound doctor away, or too few recent patients.
 */
export const estimate = (position: number, boundDoctorId: string | null, pace: Pace): WaitEstimate | null => {
  const doctors = boundDoctorId === null ? pace.doctorIds.size : pace.doctorIds.has(boundDoctorId) ? 1 : 0
  if (doctors === 0 || pace.recentMinutes.length < ENOUGH) return null
  const busy = boundDoctorId === null ? pace.busyDoctorIds.size : pace.busyDoctorIds.has(boundDoctorId) ? 1 : 0
  const { mean, variance } = spreadOf(pace.recentMinutes)
  // Each free doctor takes one at once; a busy one is on average halfway through.
  const turns = Math.max(0, position - (doctors - busy))
  const likely = turns === 0 ? 0 : ((turns - 0.5) * mean) / doctors
  const spread = turns === 0 ? 0 : (NINE_IN_TEN * Math.sqrt(variance * turns + mean ** 2 / 12)) / doctors
  return {
    lowMinutes: Math.max(0, Math.floor(likely - spread)),
    likelyMinutes: Math.round(likely),
    highMinutes: Math.ceil(likely + spread),
  }
}
