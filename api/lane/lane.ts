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
import type { WebSocket } from 'ws'
import { asObject } from '../builder.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { presentError } from '../http/errors.ts'
import { createOutlets, type Outlet, type Outlets } from './outlets.ts'
import { rightsKey } from './rights.ts'
import { compileSelection, Unplain, type Writer } from './selection.ts'
import { isWatched, type Watched } from './watched.ts'

/** The context of a socket's operation: graphql-ws has named it and checked who sent it. */
type Operation = Context & { extra?: { socket: WebSocket }; operationId?: string }

type Watching = Watched<unknown, unknown, Context, unknown>['feeding']

/** One event → the JSON of its payload. */
type Write = (value: unknown) => string | Promise<string>

export type Lane = {
  outlets: Outlets
  /** Takes the place of graphql-js' subscribe: with the same result, but without an execution for each event and subscriber. */
  subscribe: (args: ExecutionArgs) => Promise<ExecutionResult | AsyncIterable<unknown>>
}

const NOTHING = Symbol()

/**
 * Sends the events of one operation by itself, and looks to graphql-ws like an iteration without events: it ends or fails as the
 * operation does. An event that the socket has no room for yields to the next.
 */
const follow = (outlets: Outlets, outlet: Outlet, id: string, watching: Watching, write: Write): AsyncGenerator => {
  const { slot, may } = watching
  const opening = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  const end = Promise.withResolvers<IteratorResult<unknown>>()
  let latest: unknown = NOTHING
  let isStarted = false
  let isWriting = false
  let isEnding = false
  let isDone = false

  const finish = (error?: unknown): void => {
    if (isDone) return
    isDone = true
    latest = NOTHING
    outlet.waiting.delete(flush)
    void slot.return?.()
    if (error === undefined) end.resolve({ value: undefined, done: true })
    else end.reject(error)
  }

  const send = (payload: string): void => {
    if (!isDone) outlets.write(outlet, `${opening}${payload}}`)
  }

  const flush = (): void => {
    while (latest !== NOTHING && !isWriting && !isDone) {
      if (outlets.isFull(outlet)) {
        outlets.whenRoom(outlet, flush)
        return
      }
      const value = latest
      latest = NOTHING
      try {
        if (!may(value)) throw new Refusal('FORBIDDEN')
        const payload = write(value)
        if (typeof payload === 'string') send(payload)
        else {
          isWriting = true
          payload.then(
            (text) => {
              isWriting = false
              send(text)
              flush()
            },
            (error) => finish(error),
          )
        }
      } catch (error) {
        finish(error)
      }
    }
    if (isEnding && latest === NOTHING && !isWriting) finish()
  }

  const generator: AsyncGenerator = {
    next: () => {
      if (!isStarted && !isDone) {
        isStarted = true
        slot.pipe({
          take: (value) => {
            latest = value
            if (!isWriting) flush()
          },
          end: () => {
            isEnding = true
            flush()
          },
          fail: finish,
        })
      }
      return end.promise
    },
    return: async () => {
      finish()
      return { value: undefined, done: true }
    },
    throw: async (error) => {
      finish()
      throw error
    },
    [Symbol.asyncIterator]: () => generator,
    [Symbol.asyncDispose]: async () => finish(),
  }
  return generator
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

type Compiled = { names: string[]; writers: Map<string, Writer | null> }

export const createLane = (log: Logger): Lane => {
  const outlets = createOutlets()
  const compiled = new WeakMap<DocumentNode, Compiled>()
  /** What one event came out as, by question and rights. */
  const shared = new WeakMap<object, Map<string, Promise<string>>>()

  const writerOf = (validated: ValidatedSubscriptionArgs): Writer | null => {
    const { document, operation, variableValues } = validated
    const known = compiled.get(document) ?? { names: selectingVariables(document), writers: new Map() }
    compiled.set(document, known)
    const key = JSON.stringify([operation.name?.value, known.names.map((name) => variableValues.coerced[name])])
    const writer = known.writers.get(key)
    if (writer !== undefined) return writer
    const made = compileSelection(validated, asObject)
    known.writers.set(key, made)
    return made
  }

  const present = (result: ExecutionResult): string =>
    JSON.stringify(
      result.errors
        ? {
            ...result,
            errors: result.errors.map((error) => (error instanceof GraphQLError ? presentError(error, log) : error)),
          }
        : result,
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

  const writeEach = (
    writer: Writer,
    validated: ValidatedSubscriptionArgs,
    { context, next, show }: Watching,
  ): Write => {
    const write = (event: unknown) => {
      try {
        return writer(event)
      } catch (error) {
        if (error instanceof Unplain) return execute(validated, event, context)
        throw error
      }
    }
    return (value) => {
      const event = show(next(value), context)
      return event instanceof Promise ? event.then(write) : write(event)
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
      const outlet = context.extra && outlets.of(context.extra.socket)
      const id = context.operationId
      if (isWatched(source) && outlet && id !== undefined) {
        const watching = source.feeding as Watching
        const writer = writerOf(validated)
        if (writer) return follow(outlets, outlet, id, watching, writeEach(writer, validated, watching))
        if (watching.isShared) return follow(outlets, outlet, id, watching, writeShared(validated, watching))
      }
      return mapSourceToResponseEvent(validated, source)
    },
  }
}
