import { type DayException, stretchOf, type WeeklyStretch, WHOLE_DAY, weeklyHours } from '../clinic/hours.ts'
import { badInput } from '../errors.ts'

export type HoursPlan = {
  doctorId: string
  hours?: readonly { weekday: number; from: string; to: string }[] | null
  leave?: { day: string; from?: string | null; to?: string | null } | null
  withoutException?: string | null
}

export type Rota = { weekly: readonly WeeklyStretch[]; exceptions: readonly (DayException & { id: string })[] }

/** A doctor's rota as it would be with the plan carried out; what the plan says nothing of stays as it is. */
export const plannedRota = (
  present: Rota,
  { hours, leave, withoutException }: HoursPlan,
): { weekly: readonly WeeklyStretch[]; exceptions: readonly DayException[] } => {
  if (hours && hours.length > 100) throw badInput('plan.hours', 'must have at most 100 entries')
  const kept = present.exceptions.filter(({ id }) => id !== withoutException)
  const away = leave ? [{ day: leave.day, kind: 'LEAVE' as const, ...leaveStretch(leave) }] : []
  return { weekly: hours ? weeklyHours(hours, 'plan.hours') : present.weekly, exceptions: [...kept, ...away] }
}

const leaveStretch = ({ from, to }: NonNullable<HoursPlan['leave']>) => {
  if (from != null && to != null) return stretchOf(from, to, 'plan.leave')
  if (from != null) throw badInput('plan.leave.to', 'must be given together with from')
  if (to != null) throw badInput('plan.leave.from', 'must be given together with to')
  return WHOLE_DAY
}
