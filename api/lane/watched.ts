import { Refusal } from '../errors.ts'
import type { LatestSlot } from '../queue/slot.ts'

/**
 * What feeds a subscription: a slot, the right that is asked anew for each event, and what the root field answers from it.
 * It can be iterated as graphql-js does, or taken apart by the lane, with the same result.
 */
type Feeding<T, R, C> = {
  context: C
  slot: LatestSlot<T>
  may: (value: T) => boolean
  /** Reads with the context given: the subscriber's, or that of an execution which several subscribers share. */
  show: (value: T, context: C) => R | Promise<R>
  /** All who watch the same thing are given the very same values. */
  isShared?: boolean
}

export type Watched<T, R, C> = AsyncIterableIterator<R> & { feeding: Feeding<T, R, C> }

const all = new WeakSet<object>()

/**
 * Passes on what a slot gives, as long as the viewer may still see it: each event is authorised anew.
 * The root field answers the event itself, and asks no right beyond `may`.
 */
export const authorised = <T, R, C>(feeding: Feeding<T, R, C>): Watched<T, R, C> => {
  const { context, slot, may, show } = feeding
  const end = async (): Promise<IteratorResult<R>> => {
    await slot.return?.()
    return { value: undefined, done: true }
  }
  const watched: Watched<T, R, C> = {
    feeding,
    next: async () => {
      const { value, done } = await slot.next()
      if (done) return end()
      try {
        if (!may(value)) throw new Refusal('FORBIDDEN')
        return { value: await show(value, context), done: false }
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

export const isWatched = (source: object): source is Watched<unknown, unknown, unknown> => all.has(source)
