import type { Timers } from './ports.ts'
import { changeSetSelection, maySync, type Reader } from './selections.ts'
import { type ChangeSet, type SyncResult, type Transport, TransportError } from './transport.ts'

/** The log-in whose name the requests are made in. */
export type TransportSession = {
  account: () => string | null
  /** A token that is good now, refreshed where needed; null where the session has ended. Rejects where the network is down. */
  token: () => Promise<string | null>
  /** The server refused this token: get another one. Null where the session has ended. */
  renewed: (refused: string) => Promise<string | null>
}

export type FetchTransportNeeds = {
  url: string
  fetch: typeof fetch
  session: TransportSession
  reader: Reader
  timers: Timers
  timeoutMs?: number
}

type GraphError = { message: string; path?: (string | number)[]; extensions?: { code?: string } }
type Body = { data?: Record<string, unknown> | null; errors?: GraphError[] }

/** The request as a whole was not understood, and nothing of it was done. */
const MALFORMED: ReadonlySet<string> = new Set([
  'BAD_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'TOO_COMPLEX',
  'PAYLOAD_TOO_LARGE',
])

const TIMEOUT_MS = 20_000

const outcome = 'id outcome code message overrides { field by at value }'

/** `sync` and `changes` over plain HTTP, asking for what this viewer may read. */
export const createFetchTransport = (needs: FetchTransportNeeds): Transport => {
  const { url, session, timers, timeoutMs = TIMEOUT_MS } = needs
  const selection = changeSetSelection(needs.reader)
  const documents = {
    push: `mutation Push($input: SyncInput!) { sync(input: $input) { outcomes { ${outcome} } nextSeq } }`,
    sync: `mutation Sync($input: SyncInput!) { sync(input: $input) { outcomes { ${outcome} } nextSeq changes { ${selection} } } }`,
    changes: `query Changes($cursor: String) { changes(cursor: $cursor) { ${selection} } }`,
  }

  const send = async (token: string, body: string): Promise<Body> => {
    const patience = new AbortController()
    const cancel = timers.after(timeoutMs, () => patience.abort())
    try {
      const response = await needs.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
        credentials: 'same-origin',
        body,
        signal: patience.signal,
      })
      if (response.status === 413) throw new TransportError('MALFORMED', 'PAYLOAD_TOO_LARGE')
      return (await response.json()) as Body
    } catch (error) {
      if (error instanceof TransportError) throw error
      // No answer, or one of a proxy or a log-in page of the network in between.
      throw new TransportError('NETWORK', null, error)
    } finally {
      cancel()
    }
  }

  const tokenFrom = async (ask: () => Promise<string | null>): Promise<string> => {
    let token: string | null
    try {
      token = await ask()
    } catch (error) {
      throw new TransportError('NETWORK', null, error)
    }
    if (token === null) throw new TransportError('UNAUTHENTICATED')
    return token
  }

  const isRefused = ({ errors }: Body): boolean =>
    errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ?? false

  const request = async (query: string, variables: object): Promise<Body> => {
    const body = JSON.stringify({ query, variables })
    const account = session.account()
    const token = await tokenFrom(() => session.token())
    let answer = await send(token, body)
    if (isRefused(answer)) {
      const next = await tokenFrom(() => session.renewed(token))
      // Somebody else has logged in meanwhile: these are not their acts.
      if (session.account() !== account) throw new TransportError('UNAUTHENTICATED', 'OTHER_USER')
      answer = await send(next, body)
      if (isRefused(answer)) throw new TransportError('UNAUTHENTICATED')
    }
    return answer
  }

  /** An error at a field of a record (FORBIDDEN) has left null there; one of the whole is the answer. */
  const failure = (body: Body, field: string): TransportError => {
    const error = body.errors?.find(({ path }) => !path || (path.length === 1 && path[0] === field)) ?? body.errors?.[0]
    const code = error?.extensions?.code ?? null
    if (code !== null && MALFORMED.has(code)) return new TransportError('MALFORMED', code, error)
    return new TransportError(code === null ? 'NETWORK' : 'REFUSED', code, error)
  }

  return {
    account: session.account,
    sync: async ({ cursor, ...input }) => {
      const body =
        cursor === null
          ? await request(documents.push, { input })
          : await request(documents.sync, { input: { ...input, cursor } })
      const result = body.data?.sync as
        | (Omit<SyncResult, 'changes'> & { changes?: ChangeSet | null })
        | null
        | undefined
      if (!result) throw failure(body, 'sync')
      const isExpired = !result.changes && body.errors?.some(({ extensions }) => extensions?.code === 'CURSOR_EXPIRED')
      return { ...result, changes: result.changes ?? (isExpired ? 'CURSOR_EXPIRED' : null) }
    },
    changes: async (cursor) => {
      // Whether the server answers is asked all the same; a refusal would stand in its audit log at each log-in.
      if (!maySync(needs.reader)) {
        const body = await request('{ __typename }', {})
        throw body.errors ? failure(body, 'changes') : new TransportError('REFUSED', 'FORBIDDEN')
      }
      const body = await request(documents.changes, { cursor })
      const changes = body.data?.changes as ChangeSet | null | undefined
      if (!changes) throw failure(body, 'changes')
      return changes
    },
  }
}
