import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  executeSubscriptionEvent,
  GraphQLError,
  getNamedType,
  isObjectType,
  Kind,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
  visit,
} from 'graphql'
import type { Logger } from 'pino'
import { asObject } from '../builder.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { presentError } from '../http/errors.ts'
import type { Taker } from '../queue/slot.ts'
import { asBytes, createOutlets, type Outlet, type Outlets } from './outlets.ts'
import { rightsKey } from './rights.ts'
import { compileSelection, Unplain, type Writer } from './selection.ts'
import { type Feeding, Watched } from './watched.ts'

/** The context of a socket's operation: graphql-ws has named it and checked who sent it. */
type Operation = Context & { extra?: { outlet: Outlet }; operationId?: string }

type Watching = Feeding<unknown, unknown, Context, unknown>

/** One event → the JSON of its payload, a character for each byte. Nothing of one subscriber is kept in it but where few share it. */
type Write = (value: unknown, watching: Watching, args: ExecutionArgs) => string | Promise<string>

export type Lane = {
  outlets: Outlets
  /** Takes the place of graphql-js' subscribe: with the same result, but without an execution for each event and subscriber. */
  subscribe: (args: ExecutionArgs) => Promise<ExecutionResult | AsyncIterable<unknown>>
}

const NOTHING = Symbol()

/**
 * Sends the events of one operation by itself, and looks to graphql-ws like an iteration without events: it ends or fails as the
 * operation does. An event that the socket has no room for yields to the next. A class, because there are ten thousand of them.
 */
class Following implements AsyncGenerator, Taker<unknown> {
  private readonly outlets: Outlets
  private readonly outlet: Outlet
  private readonly opening: string
  private readonly watching: Watching
  /** What was asked, where an event has to be executed after all; all else that follows from it is worked out again then. */
  private readonly args: ExecutionArgs
  private readonly write: Write
  private readonly ended = Promise.withResolvers<IteratorResult<unknown>>()
  private latest: unknown = NOTHING
  private isStarted = false
  private isWriting = false
  private isEnding = false
  private isDone = false

  constructor(outlets: Outlets, outlet: Outlet, id: string, watching: Watching, args: ExecutionArgs, write: Write) {
    this.outlets = outlets
    this.outlet = outlet
    this.opening = openingOf(id)
    this.watching = watching
    this.args = args
    this.write = write
  }

  take(value: unknown): void {
    this.latest = value
    if (!this.isWriting) this.flush()
  }

  end(): void {
    this.isEnding = true
    this.flush()
  }

  fail(error: unknown): void {
    if (this.finish()) this.ended.reject(error)
  }

  /** There is room again. */
  flush(): void {
    while (this.latest !== NOTHING && !this.isWriting && !this.isDone) {
      if (this.outlets.isFull(this.outlet)) {
        this.outlets.whenRoom(this.outlet, this)
        return
      }
      const value = this.latest
      this.latest = NOTHING
      try {
        if (!this.watching.may(value)) throw new Refusal('FORBIDDEN')
        const payload = this.write(value, this.watching, this.args)
        if (typeof payload === 'string') this.send(payload)
        else this.sendLater(payload)
      } catch (error) {
        this.fail(error)
      }
    }
    if (this.isEnding && this.latest === NOTHING && !this.isWriting) this.complete()
  }

  private send(payload: string): void {
    if (!this.isDone) this.outlets.write(this.outlet, `${this.opening}${payload}}`)
  }

  private sendLater(payload: Promise<string>): void {
    this.isWriting = true
    payload.then(
      (text) => {
        this.isWriting = false
        this.send(text)
        this.flush()
      },
      (error) => this.fail(error),
    )
  }

  private finish(): boolean {
    if (this.isDone) return false
    this.isDone = true
    this.latest = NOTHING
    this.outlet.waiting?.delete(this)
    void this.watching.slot.return?.()
    return true
  }

  private complete(): void {
    if (this.finish()) this.ended.resolve({ value: undefined, done: true })
  }

  next(): Promise<IteratorResult<unknown>> {
    if (!this.isStarted && !this.isDone) {
      this.isStarted = true
      this.watching.slot.pipe(this)
    }
    return this.ended.promise
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.complete()
    return { value: undefined, done: true }
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    this.complete()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.complete()
  }
}

const openings = new Map<string, string>()
const MOST_OPENINGS = 1_000

/** What stands before a payload. Clients count their operations: most of ten thousand phones have the same few ids. */
const openingOf = (id: string): string => {
  const known = openings.get(id)
  if (known !== undefined) return known
  const made = asBytes(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
  if (openings.size < MOST_OPENINGS) openings.set(id, made)
  return made
}

/** The variables on which it depends what a document selects. */
const selectingVariables = (document: DocumentNode): string[] => {
  const names = new Set<string>()
  visit(document, {
    Directive: (directive) => {
      for (const { value } of directive.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}

type Compiled = { names: string[]; writers: Map<string, Write | null> }

export const createLane = (log: Logger): Lane => {
  const outlets = createOutlets()
  const compiled = new WeakMap<DocumentNode, Compiled>()
  /** What one event came out as, by question and rights. */
  const shared = new WeakMap<object, Map<string, Promise<string>>>()

  const writerOf = (validated: ValidatedSubscriptionArgs): Write | null => {
    const { document, operation, variableValues } = validated
    const known = compiled.get(document) ?? { names: selectingVariables(document), writers: new Map() }
    compiled.set(document, known)
    const key = JSON.stringify([operation.name?.value, known.names.map((name) => variableValues.coerced[name])])
    const writer = known.writers.get(key)
    if (writer !== undefined) return writer
    const made = compileSelection(validated, asObject)
    const write = made && writeEach(made)
    known.writers.set(key, write)
    return write
  }

  const present = (result: ExecutionResult): string =>
    asBytes(
      JSON.stringify(
        result.errors
          ? {
              ...result,
              errors: result.errors.map((error) => (error instanceof GraphQLError ? presentError(error, log) : error)),
            }
          : result,
      ),
    )

  /** As graphql-js does it. */
  const execute = (
    validated: ValidatedSubscriptionArgs,
    event: unknown,
    context: Context,
  ): string | Promise<string> => {
    const result = executeSubscriptionEvent({ ...validated, rootValue: event, contextValue: context })
    return result instanceof Promise ? result.then(present) : present(result)
  }

  const writeEach = (writer: Writer): Write => {
    const write = (event: unknown, { context }: Watching, args: ExecutionArgs) => {
      try {
        return writer(event)
      } catch (error) {
        if (!(error instanceof Unplain)) throw error
        // They were valid when the subscription began.
        return execute(validateSubscriptionArgs(args) as ValidatedSubscriptionArgs, event, context)
      }
    }
    return (value, watching, args) => {
      const event = watching.show(watching.next(value), watching.context)
      return event instanceof Promise
        ? event.then((shown) => write(shown, watching, args))
        : write(event, watching, args)
    }
  }

  /** Whoever asks the same with the same rights gets the same answer: it is worked out once for each event. */
  const writeShared = (validated: ValidatedSubscriptionArgs, { context, next, show }: Watching): Write => {
    const { document, operation, rawVariableValues, schema } = validated
    const root = schema.getSubscriptionType()?.getFields()
    const field = operation.selectionSet.selections.find((node) => node.kind === Kind.FIELD)
    const type = field && root?.[field.name.value]?.type
    const answered = type && getNamedType(type)
    const question = JSON.stringify([document.loc?.source.body, operation.name?.value, rawVariableValues])
    let viewer: Context['viewer'] | undefined
    let key = ''
    return (value) => {
      if (viewer !== context.viewer || key === '') {
        viewer = context.viewer
        key = question + rightsKey(viewer, isObjectType(answered) ? answered : null)
      }
      const event = next(value) as object
      const answers = shared.get(event) ?? new Map<string, Promise<string>>()
      shared.set(event, answers)
      const known = answers.get(key)
      if (known) return known
      const own: Context = Object.create(context, {
        viewer: { value: viewer, enumerable: true },
        loaders: { value: context.loaders, enumerable: true, writable: true },
      })
      const answer = (async () => execute(validated, await show(event, own), own))()
      answers.set(key, answer)
      return answer
    }
  }

  return {
    outlets,
    subscribe: async (args) => {
      const validated = validateSubscriptionArgs(args)
      if (!('schema' in validated)) return { errors: validated }
      const source = await createSourceEventStream(validated)
      if (!(Symbol.asyncIterator in source)) return source
      const context = validated.contextValue as Operation
      const outlet = context.extra?.outlet
      const id = context.operationId
      if (source instanceof Watched && outlet && id !== undefined) {
        const watching = source.feeding as Watching
        const write = writerOf(validated) ?? (watching.isShared ? writeShared(validated, watching) : null)
        if (write) return new Following(outlets, outlet, id, watching, args, write)
      }
      return mapSourceToResponseEvent(validated, source)
    },
  }
}
