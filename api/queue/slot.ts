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

/** A class, because there are ten thousand of them: what each can do is in memory once, and who has one can be one. */
export abstract class Slot<T> implements LatestSlot<T> {
  private pending: { value: T } | null = null
  private failure: { error: unknown } | null = null
  private isEnded = false
  private isClosed = false
  private wake: (() => void) | null = null
  private taker: Taker<T> | null = null

  /** Called once, when nobody takes its values any more. */
  protected abstract left(): void

  private ring(): void {
    this.wake?.()
    this.wake = null
  }

  private close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.left()
    this.ring()
  }

  private settle(): void {
    if (!this.taker || this.isClosed || !(this.failure || this.isEnded)) return
    this.close()
    if (this.failure) this.taker.fail(this.failure.error)
    else this.taker.end()
  }

  push(value: T): void {
    if (this.isEnded || this.isClosed) return
    if (this.taker) {
      this.taker.take(value)
      return
    }
    this.pending = { value }
    this.ring()
  }

  pipe(to: Taker<T>): void {
    this.taker = to
    const first = this.pending
    this.pending = null
    if (first && !this.failure && !this.isClosed) to.take(first.value)
    this.settle()
  }

  end(): void {
    this.isEnded = true
    this.ring()
    this.settle()
  }

  fail(error: unknown): void {
    this.failure ??= { error }
    this.ring()
    this.settle()
  }

  async next(): Promise<IteratorResult<T>> {
    while (!this.isClosed) {
      if (this.failure) {
        this.close()
        throw this.failure.error
      }
      if (this.pending) {
        const { value } = this.pending
        this.pending = null
        return { value, done: false }
      }
      if (this.isEnded) break
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    this.close()
    return { value: undefined, done: true }
  }

  async return(): Promise<IteratorResult<T>> {
    this.close()
    return { value: undefined, done: true }
  }

  async throw(error: unknown): Promise<IteratorResult<T>> {
    this.close()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

class OwnSlot<T> extends Slot<T> {
  protected readonly left: () => void

  constructor(onClose: () => void) {
    super()
    this.left = onClose
  }
}

export const createSlot = <T>(onClose: () => void): LatestSlot<T> => new OwnSlot<T>(onClose)
