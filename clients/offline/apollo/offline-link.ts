import { type ApolloClient, ApolloLink } from '@apollo/client'
import type { FieldNode } from 'graphql'
import { catchError, defer, from, mergeMap, type Observable, of, throwError } from 'rxjs'
import type { Engine, Operation } from '../model.ts'
import { nextCall } from '../optimistic.ts'
import type { OfflineCache } from './cache.ts'
import { confirmedAnswer, translations } from './commands.ts'
import type { Local } from './local.ts'
import { type Asked, argumentsOf, askedOf, completed, queryOfSelection, responseKey } from './selection.ts'

/** How long an act waits for the server's answer while there is a connection, before it answers from the device. */
const PATIENCE_MS = 2_000

export type Ports = {
  sleep: (ms: number) => Promise<void>
  newId: () => string
  /** The next provisional ticket of this device, as in P7-03; null where it has none left. */
  nextTicket: () => Promise<string | null>
}

type Data = Record<string, unknown>
type Answer = ApolloLink.Result

const refused = (code: string, message: string): Answer => ({
  data: null,
  errors: [{ message, extensions: { code } }],
})

const needsConnection = (): Answer =>
  refused(
    'OFFLINE',
    'There is no connection, and this cannot be done without one. Nothing was changed; try again later.',
  )

/** The only root field of a mutation. */
const onlyField = ({ operation }: Asked): FieldNode | null => {
  const [node, ...more] = operation.selectionSet.selections.filter(
    (selection) => !(selection.kind === 'Field' && selection.name.value === '__typename'),
  )
  return node?.kind === 'Field' && more.length === 0 ? node : null
}

/** Is this a mutation that the device answers itself? */
const isActOf = (document: Parameters<typeof askedOf>[0]): boolean => {
  const asked = askedOf(document)
  const field = asked.operation.operation === 'mutation' ? onlyField(asked) : null
  return field !== null && field.name.value in translations
}

/** An act's answer is the device's view until the server's records come; it is no confirmed data to be written to the cache. */
export const keepActsOutOfCache = (client: ApolloClient): void => {
  const mutate = client.mutate.bind(client) as (given: ApolloClient.MutateOptions) => Promise<unknown>
  client.mutate = ((given: ApolloClient.MutateOptions) =>
    mutate(isActOf(given.mutation) ? { ...given, fetchPolicy: 'no-cache' } : given)) as typeof client.mutate
}

/**
 * Turns commands into operations of the log and answers them from what the device knows then, in the mutation's own selection.
 * Queries go to the server; without one, they are answered by the cache.
 */
export const createOfflineLink = (
  cache: OfflineCache,
  of_: () => { engine: Engine; local: Local } | null,
  ports: Ports,
): ApolloLink => {
  /** A record in the selection of a field, as it stands with everything pending. */
  const readRecord = (typename: string, id: string, field: FieldNode, asked: Asked, variables: Data): Data | null => {
    if (!field.selectionSet) return null
    const { result } = cache.diff<Data>({
      query: queryOfSelection(field.selectionSet, asked),
      variables,
      id: `${typename}:${id}`,
      optimistic: true,
      returnPartialData: true,
    })
    if (!result || Object.keys(result).length === 0) return null
    return completed({ __typename: typename, ...result }, field.selectionSet, asked) as Data
  }

  const answer = (field: FieldNode, value: unknown): Answer => {
    const data = { [responseKey(field)]: value }
    cache.ownAnswers.add(data)
    return { data }
  }

  /** Gives the act to the engine and waits a moment for the server's answer, if it can be reached. */
  const perform = async (
    { engine, local }: { engine: Engine; local: Local },
    name: string,
    args: Data,
    read: (typename: string, id: string) => Data | null,
  ): Promise<{ value: Data | null } | { refusal: Answer }> => {
    const translation = translations[name]
    if (!translation) throw new TypeError(`${name} is no command`)
    const input = await translation.input(args, { local, newId: ports.newId, ticket: ports.nextTicket })
    let operation: Operation
    try {
      operation = await engine.act(translation.command, input)
    } catch (error) {
      const { code = 'NOT_SAVED', message } = error as Error & { code?: string }
      return { refusal: refused(code, `Nothing was saved: ${message}`) }
    }
    const id = translation.answer(operation)
    const early = read(translation.typename, id)
    if (!local.isOnline()) return { value: early }
    const outcome = await Promise.race([engine.outcome(operation.id), ports.sleep(PATIENCE_MS)])
    if (outcome?.outcome === 'REJECTED') {
      await engine.dismiss(operation.id)
      return { refusal: refused(outcome.code ?? 'INTERNAL', outcome.message ?? 'The server refused it.') }
    }
    local.update()
    const isKnown = outcome === undefined || confirmedAnswer(engine, operation, translation) !== null
    return { value: (isKnown ? read(translation.typename, id) : null) ?? early }
  }

  const act = async (operation: ApolloLink.Operation, field: FieldNode, asked: Asked): Promise<Answer> => {
    const present = of_()
    if (!present) return refused('UNAUTHENTICATED', 'Nobody is logged in at this device.')
    const read = (typename: string, id: string) => readRecord(typename, id, field, asked, operation.variables)
    const done = await perform(present, field.name.value, argumentsOf(field, operation.variables), read)
    return 'refusal' in done ? done.refusal : answer(field, done.value)
  }

  /** Whom the device itself would call next. */
  const callNextHere = async (operation: ApolloLink.Operation, field: FieldNode, asked: Asked): Promise<Answer> => {
    const present = of_()
    if (!present?.local.isLoaded()) return needsConnection()
    const args = argumentsOf(field, operation.variables)
    const next = nextCall(present.local.replay().world, present.local.person, {
      serviceId: String(args.serviceId),
      doctorId: (args.doctorId as string | null | undefined) ?? null,
    })
    if ('refusal' in next) return refused(next.refusal, 'The doctor cannot call now.')
    const read = (typename: string, id: string) => readRecord(typename, id, field, asked, operation.variables)
    if (next.serve) {
      const served = await perform(present, 'markServed', { entryId: next.serve.id }, () => null)
      if ('refusal' in served) return served.refusal
    }
    if (!next.call) return answer(field, null)
    const called = await perform(
      present,
      'callEntry',
      { entryId: next.call.id, doctorId: next.doctorId, room: args.room ?? null },
      read,
    )
    return 'refusal' in called ? called.refusal : answer(field, called.value)
  }

  /** What is unsent is sent first, so that a command that goes straight to the server does not overtake it. */
  const flushed = async ({ engine }: { engine: Engine }): Promise<void> => {
    const last = engine.pending().at(-1)
    if (!last) return
    engine.nudge()
    await Promise.race([engine.outcome(last.id), ports.sleep(PATIENCE_MS)])
  }

  /** Undo without the server: an operation that was never sent is taken back. */
  const undoHere = async (operation: ApolloLink.Operation, field: FieldNode, asked: Asked): Promise<Answer | null> => {
    const present = of_()
    const entryId = String(argumentsOf(field, operation.variables).entryId)
    const mark = present?.local.replay().marks.get(entryId)
    const last = mark?.operations.at(-1)
    if (!present || last === undefined) return null
    const before = readRecord('QueueEntry', entryId, field, asked, operation.variables)
    if (!(await present.engine.takeBack(last))) return null
    present.local.update()
    const now = readRecord('QueueEntry', entryId, field, asked, operation.variables)
    const isStillThere = present.local.replay().world.entry(entryId) !== undefined
    return answer(field, isStillThere ? now : { ...before, status: 'LEFT', endReason: 'UNDONE' })
  }

  /** A query in the words of the cache alone. */
  const fromCache = (operation: ApolloLink.Operation): Answer => {
    const { result, complete } = cache.diff<Data>({
      query: operation.query,
      variables: operation.variables,
      optimistic: true,
      returnPartialData: true,
    })
    if (!complete || !result) return needsConnection()
    cache.ownAnswers.add(result)
    return { data: result }
  }

  const isOffline = () => of_()?.local.isOnline() === false

  return new ApolloLink((operation, forward) => {
    const asked = askedOf(operation.query)
    if (asked.operation.operation === 'subscription') return forward(operation)
    if (asked.operation.operation === 'query') {
      if (isOffline()) return defer(() => of(fromCache(operation)))
      return forward(operation).pipe(
        catchError((error) => {
          const known = isLostConnection(error) && of_() ? fromCache(operation) : null
          if (!known?.data) return throwError(() => error)
          of_()?.engine.nudge()
          return of(known)
        }),
      )
    }
    const field = onlyField(asked)
    if (field && field.name.value in translations && of_()) return from(act(operation, field, asked))
    if (field?.name.value === 'undo')
      return from(undoHere(operation, field, asked)).pipe(
        mergeMap((done) => (done ? of(done) : isOffline() ? of(needsConnection()) : forward(operation))),
      )
    if (field?.name.value === 'callNext') {
      if (isOffline()) return from(callNextHere(operation, field, asked))
      operation.setContext((context) => ({
        ...context,
        headers: { ...context.headers, 'idempotency-key': ports.newId() },
      }))
      const present = of_()
      return from(present ? flushed(present) : Promise.resolve()).pipe(
        mergeMap(() => retried(() => forward(operation), ports.sleep)),
      )
    }
    return isOffline() ? of(needsConnection()) : forward(operation)
  })
}

/** The request found no server, or its answer got lost. */
export const isLostConnection = (error: unknown): boolean => {
  const status = (error as { statusCode?: unknown }).statusCode
  return typeof status === 'number' ? status >= 502 : error instanceof TypeError
}

const RETRIES_MS = [200, 600, 1_200]

/** Under its Idempotency-Key a command may be repeated: what was done already is answered again. */
const retried = (send: () => Observable<Answer>, sleep: Ports['sleep'], attempt = 0): Observable<Answer> =>
  defer(send).pipe(
    catchError((error) => {
      const wait = RETRIES_MS[attempt]
      if (!isLostConnection(error)) return throwError(() => error)
      if (wait === undefined)
        return of(
          refused(
            'OFFLINE',
            'The connection was lost, and it is not known whether somebody was called. Look at the queue first.',
          ),
        )
      return from(sleep(wait)).pipe(mergeMap(() => retried(send, sleep, attempt + 1)))
    }),
  )
