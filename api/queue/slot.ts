/**
 * One subscriber's place for the newest value: a value that was not fetched yet is replaced, so a slow reader
 * gets the newest state and never a backlog, and costs no memory.
 */
export type LatestSlot<T> = AsyncIterableIterator<T> &
  AsyncDisposable & {
    push: (value: T) => void
    /** From now on values go straight to this taker instead of waiting to be fetched. */
    pipe: (taker: Taker<T>) => void
    /** Ends the iteration after the value that is waiting, if any. */
    end: () => void
    fail: (error: unknown) => void
  }

/** Whoever takes a slot's values as they come; it is told once that no more will. */
export type Taker<T> = {
  take: (value: T) => void
  end: () => void
  fail: (error: unknown) => void
}

export const createSlot = <T>(onClose: () => void): LatestSlot<T> => {
  let pending: { value: T } | null = null
  let failure: { error: unknown } | null = null
  let isEnded = false
  let isClosed = false
  let wake: (() => void) | null = null
  let taker: Taker<T> | null = null

  const ring = () => {
    wake?.()
    wake = null
  }
  const close = () => {
    if (isClosed) return
    isClosed = true
    onClose()
    ring()
  }
  const settle = () => {
    if (!taker || isClosed || !(failure || isEnded)) return
    close()
    if (failure) taker.fail(failure.error)
    else taker.end()
  }

  const slot: LatestSlot<T> = {
    push: (value) => {
      if (isEnded || isClosed) return
      if (taker) return taker.take(value)
      pending = { value }
      ring()
    },
    pipe: (to) => {
      taker = to
      const first = pending
      pending = null
      if (first && !failure && !isClosed) to.take(first.value)
      settle()
    },
    end: () => {
      isEnded = true
      ring()
      settle()
    },
    fail: (error) => {
      failure ??= { error }
      ring()
      settle()
    },
    next: async () => {
      while (!isClosed) {
        if (failure) {
          close()
          throw failure.error
        }
        if (pending) {
          const { value } = pending
          pending = null
          return { value, done: false }
        }
        if (isEnded) break
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      close()
      return { value: undefined, done: true }
    },
    return: async () => {
      close()
      return { value: undefined, done: true }
    },
    throw: async (error) => {
      close()
      throw error
    },
    [Symbol.asyncIterator]: () => slot,
    [Symbol.asyncDispose]: async () => close(),
  }
  return slot
}
