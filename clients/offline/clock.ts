/** A device's two clocks. Neither is trusted: the server judges by the age of an act, and by its own time. */
export type Clock = {
  /** Milliseconds since 1970; may be wrong, may jump. */
  wall: () => number
  /** Milliseconds that only grow, since some moment of this boot. */
  mono: () => number
  /** Changes whenever `mono` starts anew. */
  bootId: string
}

export type Moment = { wall: number; mono: number; bootId: string }

const HOUR_MS = 3_600_000

/** After this time without contact the last user can no longer act: nobody knows whether they still may. */
export const LONGEST_OFFLINE_MS = 24 * HOUR_MS

const OLDEST_MS = 30 * 24 * HOUR_MS

export const momentOf = (clock: Clock): Moment => ({ wall: clock.wall(), mono: clock.mono(), bootId: clock.bootId })

/**
 * Milliseconds from `then` to `now`: by the monotonic clock within one boot, else by the wall clock, whatever it is worth.
 * Never negative, at most 30 days.
 */
export const ageBetween = (then: Moment, now: Moment): number => {
  const age = then.bootId === now.bootId ? now.mono - then.mono : now.wall - then.wall
  return Number.isFinite(age) ? Math.min(Math.max(age, 0), OLDEST_MS) : 0
}

/** A UUID of version 7 (RFC 9562): 48 bits of the time, the rest from `random` (ten bytes). */
export const uuidOf = (wall: number, random: Uint8Array): string => {
  const time = Math.max(0, Math.floor(wall)).toString(16).padStart(12, '0').slice(-12)
  const byte = (index: number) => random[index] ?? 0
  const hex = [0x70 | (byte(0) & 0x0f), byte(1), 0x80 | (byte(2) & 0x3f), ...random.slice(3, 10)]
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8, 20)}`
}
