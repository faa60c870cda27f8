/** Work that must not all run at once: at most `width` jobs run, callers take turns, and nobody's crowd delays the others. */
export type Lane = {
  /** Runs the job when it is this caller's turn; null when the caller already has too many waiting. */
  run: <T>(caller: string, job: () => Promise<T>) => Promise<T> | null
  /** Jobs that run or wait. */
  size: () => number
}

export const createLane = (width: number, waitingPerCaller = 1000): Lane => {
  // A Map keeps the order of insertion: whoever had a turn goes to its end.
  const waiting = new Map<string, (() => void)[]>()
  let running = 0
  let queued = 0

  const next = (): void => {
    if (running >= width) return
    const turn = waiting.entries().next()
    if (turn.done) return
    const [caller, jobs] = turn.value
    waiting.delete(caller)
    const start = jobs.shift()
    if (jobs.length > 0) waiting.set(caller, jobs)
    queued--
    running++
    start?.()
  }

  const run = <T>(caller: string, job: () => Promise<T>): Promise<T> | null => {
    const mine = waiting.get(caller) ?? []
    if (mine.length >= waitingPerCaller) return null
    return new Promise<T>((resolve, reject) => {
      mine.push(() => {
        job()
          .then(resolve, reject)
          .finally(() => {
            running--
            next()
          })
      })
      waiting.set(caller, mine)
      queued++
      next()
    })
  }

  return { run, size: () => running + queued }
}
