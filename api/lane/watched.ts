import { Refusal } from '../errors.ts'
import type { LatestSlot } from '../queue/slot.ts'

/**
 * What feeds a subscription: a slot, the right that is asked anew for each event, and what the root field answers from it.
 * It can be iterated as graphql-js does, or taken apart by the lane, with the same result.
 */
type Feeding<T, R, C, E = T> = {
  context: C
  slot: LatestSlot<T>
  may: (value: T) => boolean
  /** What is sent of a value to this subscriber; it is asked once for each event, in the order in which they are sent. */
  next: (value: T) => E
  /** Reads with the context given: the subscriber's, or that of an execution which several subscribers share. */
  show: (event: E, context: C) => R | Promise<R>
  /** All who watch the same thing are given the very same events. */
  isShared?: boolean
}

export type Watched<T, R, C, E = T> = AsyncIterableIterator<R> & { feeding: Feeding<T, R, C, E> }

const all = new WeakSet<object>()

/**
 * Passes on what a slot gives, as long as the viewer may still see it: each event is authorised anew.
 * The root field answers the event itself, and asks no right beyond `may`.
 */
export const authorised = <T, R, C, E>(feeding: Feeding<T, R, C, E>): Watched<T, R, C, E> => {
  const { context, slot, may, next, show } = feeding
  const end = async (): Promise<IteratorResult<R>> => {
    await slot.return?.()
    return { value: undefined, done: true }
  }
  const watched: Watched<T, R, C, E> = {
    feeding,
    next: async () => {
      const { value, done } = await slot.next()
      if (done) return end()
      try {
        if (!may(value)) throw new Refusal('FORBIDDEN')
        return { value: await show(next(value), context), done: false }
      } catch (error) {
        await end()
        throw error
      }
    },
    return: end,
    [Symbol.asyncIterator]: () => watched,
  }
  all.add(watched)
  return watched
}

export const isWatched = (source: object): source is Watched<unknown, unknown, unknown, unknown> => all.has(source)
