import { Refusal } from '../errors.ts'
import type { LatestSlot } from '../queue/slot.ts'

/**
 * What feeds a subscription: a slot, the right that is asked anew for each event, and what the root field answers from it.
 * It can be iterated as graphql-js does, or taken apart by the lane, with the same result.
 */
export type Feeding<T, R, C, E = T> = {
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

export class Watched<T, R, C, E = T> implements AsyncIterableIterator<R> {
  readonly feeding: Feeding<T, R, C, E>

  constructor(feeding: Feeding<T, R, C, E>) {
    this.feeding = feeding
  }

  async next(): Promise<IteratorResult<R>> {
    const { context, slot, may, next, show } = this.feeding
    const { value, done } = await slot.next()
    if (done) return this.return()
    try {
      if (!may(value)) throw new Refusal('FORBIDDEN')
      return { value: await show(next(value), context), done: false }
    } catch (error) {
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<R>> {
    await this.feeding.slot.return?.()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/**
 * Passes on what a slot gives, as long as the viewer may still see it: each event is authorised anew.
 * The root field answers the event itself, and asks no right beyond `may`.
 */
export const authorised = <T, R, C, E>(feeding: Feeding<T, R, C, E>): Watched<T, R, C, E> => new Watched(feeding)
