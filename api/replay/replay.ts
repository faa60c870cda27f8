import { clinicDay, minuteOf } from '../clinic/day.ts'
import { assemble, MOST_REGISTERED } from './cast.ts'
import { judge, type Report } from './checks.ts'
import { planDay } from './plan.ts'
import { type Faults, type Progress, playDay } from './play.ts'
import type { Visit } from './recording.ts'
import type { Setting } from './table.ts'

/** Told how it goes: while the clinic is made ready, then through the day. */
export type Listener = { preparing: (what: string, done: number, of: number) => void; playing: (now: Progress) => void }

/** Plays one recorded day on a running server and judges it. */
export const replayDay = async (
  url: string,
  day: { date: string; visits: readonly Visit[]; speed: number | null },
  listener: Listener,
  /** Asked once the clinic is ready: from then on something may befall the servers. */
  harm?: () => Faults,
): Promise<{ report: Report; setting: Setting }> => {
  const plan = planDay(day.visits)
  const cast = await assemble(url, plan, Math.min(MOST_REGISTERED, day.visits.length), listener.preparing)
  const { timeZone, dayStartsAt } = cast.clinic
  const rule = { timeZone, dayStartsAt: minuteOf(dayStartsAt) ?? 0 }
  const { record, playedSeconds } = await playDay(url, {
    ...{ plan, cast, speed: day.speed, progress: listener.playing },
    ...(harm ? { faults: harm() } : {}),
  })
  const notLeft = await cast.leave().then(
    () => [],
    (error: unknown) => [`leaving: ${String(error)}`],
  )
  return {
    report: judge({ ...record, refusals: [...record.refusals, ...notLeft] }, (instant) =>
      clinicDay(new Date(instant), rule),
    ),
    setting: {
      date: day.date,
      speed: day.speed,
      doctors: plan.doctors.length,
      services: plan.doctorTypes.length,
      delayedCalls: plan.delayedCalls,
      playedSeconds,
    },
  }
}
