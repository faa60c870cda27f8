import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from '@apollo/client'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { createClient as createSocket } from 'graphql-ws'
import { createConnection } from './connection.ts'
import { type OpenedFragment, RefreshDocument } from './generated/graphql.ts'

/** Pings go out so often, and a socket whose answer takes longer than the patience is given up: lost is known within 5 s. */
const PING_MS = 2_000
const PATIENCE_MS = 2_500
const LONGEST_WAIT_MS = 8_000

const whole = { merge: false } as const

type Token = { value: string; expiresAt: number }

/** The connection to the API: one socket for what is live, HTTP for the rest, a token that renews itself. */
export const createApi = () => {
  const connection = createConnection()
  let token: Token | null = null
  let renewing: Promise<boolean> | null = null
  let onEnded = () => {}

  const keep = ({ accessToken, expiresAt }: Pick<OpenedFragment, 'accessToken' | 'expiresAt'>) => {
    token = { value: accessToken, expiresAt: Date.parse(expiresAt) }
  }

  const http = new HttpLink({
    uri: '/graphql',
    credentials: 'same-origin',
    fetch: async (uri, options) => {
      const answer = await fetch(uri, options)
      connection.heard()
      return answer
    },
  })

  /** True where there is a good token afterwards; false where the session has ended. Several who ask share one request. */
  const renew = (): Promise<boolean> => {
    renewing ??= client
      .mutate({ mutation: RefreshDocument, fetchPolicy: 'no-cache', context: { isRenewal: true } })
      .then(({ data }) => {
        if (data) keep(data.session)
        return data !== undefined
      })
      .catch((error) => {
        if (!CombinedGraphQLErrors.is(error)) throw error
        token = null
        onEnded()
        return false
      })
      .finally(() => {
        renewing = null
      })
    return renewing
  }

  const authorized = new ApolloLink((operation, forward) => {
    const { isRenewal } = operation.getContext()
    const isMutation = operation.operationType === OperationTypeNode.MUTATION
    const key = isMutation && !isRenewal ? { 'idempotency-key': crypto.randomUUID() } : {}
    const send = () => {
      operation.setContext({
        headers: { ...(token && !isRenewal ? { authorization: `Bearer ${token.value}` } : {}), ...key },
      })
      return forward(operation)
    }
    if (isRenewal || !token) return send()
    return new Observable((observer) => {
      let isClosed = false
      let isAsking = false
      const isStale = () => token !== null && token.expiresAt - Date.now() < 30_000
      const go = (isSecond: boolean) => {
        if (isClosed) return
        send().subscribe({
          next: (result) => {
            const isRefused = result.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED')
            if (!isRefused || isSecond) observer.next(result)
            else {
              isAsking = true
              renew().then(
                (isGood) => {
                  isAsking = false
                  if (isGood) return go(true)
                  observer.next(result)
                  observer.complete()
                },
                (error) => observer.error(error),
              )
            }
          },
          error: (error) => observer.error(error),
          complete: () => {
            if (!isAsking) observer.complete()
          },
        })
      }
      if (isStale())
        renew().then(
          () => go(true),
          () => go(false),
        )
      else go(false)
      return () => {
        isClosed = true
      }
    })
  })

  let pong: ReturnType<typeof setTimeout> | undefined
  const socket = createSocket({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    lazyCloseTimeout: 5_000,
    keepAlive: PING_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (attempt) =>
      new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(LONGEST_WAIT_MS, 250 * 2 ** attempt))),
    connectionParams: async () => {
      if (token && token.expiresAt - Date.now() < 30_000) await renew().catch(() => false)
      return token ? { authorization: `Bearer ${token.value}` } : {}
    },
    on: {
      connected: () => connection.opened(),
      closed: (event) => {
        clearTimeout(pong)
        const { code } = (event ?? {}) as Partial<CloseEvent>
        // 1000: nobody watches anything any more, so the line was hung up.
        if (code !== 1000) connection.lost()
        // The session ended or its rights changed: whether there is a next token says which.
        if (code === 4403 && token) void renew().catch(() => false)
      },
      message: () => connection.heard(),
      ping: (isReceived) => {
        if (isReceived) return
        clearTimeout(pong)
        pong = setTimeout(() => socket.terminate(), PATIENCE_MS)
      },
      pong: (isReceived) => {
        if (!isReceived) return
        clearTimeout(pong)
        connection.heard()
      },
    },
  })
  addEventListener('offline', () => socket.terminate())

  const client: ApolloClient = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      authorized.concat(http),
    ),
    cache: new InMemoryCache({
      possibleTypes: { Viewer: ['Patient', 'User'] },
      // A list that came replaces the one before.
      typePolicies: {
        Queue: { fields: { waiting: whole, serving: whole, onHold: whole, ended: whole } },
        Display: { fields: { waiting: whole, called: whole } },
        QueueEntry: { fields: { history: whole } },
      },
    }),
  })

  return {
    client,
    connection,
    renew,
    keep,
    /** The log-in is over: nothing of it stays in memory. */
    forget: async () => {
      token = null
      socket.terminate()
      await client.clearStore()
    },
    whenEnded: (listener: () => void) => {
      onEnded = listener
    },
  }
}

export type Api = ReturnType<typeof createApi>
