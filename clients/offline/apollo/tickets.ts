import { clinicDay } from '@anteroom/api/clinic/day'
import type { ClinicFacts } from '../facts.ts'
import type { KeyValue } from '../key-value.ts'

const KEY = 'device.tickets'
const LETTERS = 'ABCDEFGHJKLMNPRSTUVWXYZ'
const MOST = 9_999

type Kept = { code: string; day: string; last: number }

/**
 * Numbers for slips of paper that this device prints while it is offline, as in P74-03: its own code, and 1, 2, 3 … each
 * clinic day. `present` tells the clinic and its time in milliseconds; null where the viewer works at none.
 */
export const createTickets = (
  texts: KeyValue,
  random: () => number,
  present: () => { clinic: ClinicFacts; now: number } | null,
) => {
  let queue: Promise<unknown> = Promise.resolve()
  const next = async (): Promise<string | null> => {
    const known = present()
    if (!known) return null
    const day = clinicDay(new Date(known.now), known.clinic)
    const stored = await texts.get(KEY)
    const kept: Kept = stored
      ? JSON.parse(stored)
      : { code: `${LETTERS[Math.floor(random() * LETTERS.length)]}${10 + Math.floor(random() * 90)}`, day, last: 0 }
    const number = kept.day === day ? kept.last + 1 : 1
    if (number > MOST) return null
    // Kept before it is shown: no number is printed twice.
    await texts.set(KEY, JSON.stringify({ code: kept.code, day, last: number } satisfies Kept))
    return `${kept.code}-${String(number).padStart(2, '0')}`
  }
  return (): Promise<string | null> => {
    const made = queue.then(next).catch(() => null)
    queue = made
    return made
  }
}
