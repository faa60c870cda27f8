const MINUTE_MS = 60_000

export type Way = {
  /** When the estimate was made. */
  asOf: Date
  /** The least that the estimate leaves: hardly anybody is called earlier. */
  lowMinutes: number
  /** From the patient's home to the clinic. */
  travelMinutes: number
}

/** When to leave home so as to be there by the earliest call that is to be expected, and in how many whole minutes that is; 0: now. */
export const leaveHome = ({ asOf, lowMinutes, travelMinutes }: Way, now: Date): { at: Date; inMinutes: number } => {
  const at = new Date(asOf.getTime() + (lowMinutes - travelMinutes) * MINUTE_MS)
  return { at, inMinutes: Math.max(0, Math.floor((at.getTime() - now.getTime()) / MINUTE_MS)) }
}
