const FIRST_MS = 1_000
/** The whole waiting room is back within a quarter of a minute after a fault, and not in one moment. */
const LONGEST_MS = 10_000
/** Nobody looks; a message tells what matters. */
const LONGEST_HIDDEN_MS = 60_000

/** How long to wait before the next try: anything between nothing and a limit that doubles with each failure (full jitter). */
export const pauseMs = (failures: number, isHidden: boolean, chance: number): number =>
  chance * Math.min(isHidden ? LONGEST_HIDDEN_MS : LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10))
