import { CombinedGraphQLErrors } from '@apollo/client/errors'
import { ApolloProvider } from '@apollo/client/react'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { type Api, createApi } from '../client.ts'
import {
  LogInDocument,
  LogOutDocument,
  type OpenedFragment,
  RefreshDocument,
  type StaffFragment,
} from '../generated/graphql.ts'

type State =
  | { at: 'starting' }
  | { at: 'unreachable' }
  | { at: 'out'; hasEnded: boolean }
  | { at: 'in'; staff: StaffFragment }

type Session = {
  api: Api
  state: State
  logIn: (username: string, password: string) => Promise<void>
  logOut: () => Promise<void>
  retry: () => void
}

const SessionContext = createContext<Session | null>(null)

export const useSession = (): Session => {
  const session = useContext(SessionContext)
  if (!session) throw new Error('There is no session around this.')
  return session
}

/** Who is logged in, for screens that are only shown to staff. */
export const useStaff = (): StaffFragment => {
  const { state } = useSession()
  if (state.at !== 'in') throw new Error('Nobody is logged in.')
  return state.staff
}

/** Knows who is logged in, also after a reload: the browser keeps the refresh token where scripts cannot read it. */
export const SessionProvider = ({ children, needsLogIn }: { children: ReactNode; needsLogIn: boolean }) => {
  const api = useMemo(createApi, [])
  const [state, setState] = useState<State>({ at: 'starting' })

  const session = useMemo<Session>(() => {
    const enter = (opened: OpenedFragment) => {
      if (opened.viewer.__typename !== 'User') throw new Error('This screen is for staff.')
      api.keep(opened)
      setState({ at: 'in', staff: opened.viewer })
    }
    return {
      api,
      state,
      logIn: async (username, password) => {
        const { data } = await api.client.mutate({
          mutation: LogInDocument,
          variables: { input: { username, password } },
          fetchPolicy: 'no-cache',
        })
        if (data) enter(data.session)
      },
      logOut: async () => {
        await api.client.mutate({ mutation: LogOutDocument }).catch(() => undefined)
        await api.forget()
        setState({ at: 'out', hasEnded: false })
      },
      retry: () => {
        api.client
          .mutate({ mutation: RefreshDocument, fetchPolicy: 'no-cache', context: { isRenewal: true } })
          .then(({ data }) => data && enter(data.session))
          .catch((error) =>
            setState(CombinedGraphQLErrors.is(error) ? { at: 'out', hasEnded: false } : { at: 'unreachable' }),
          )
      },
    }
  }, [api, state])

  const { retry } = session
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, at the start.
  useEffect(() => {
    api.whenEnded(() => {
      void api.forget()
      setState({ at: 'out', hasEnded: true })
    })
    if (needsLogIn) retry()
  }, [])

  return (
    <SessionContext.Provider value={session}>
      <ApolloProvider client={api.client}>{children}</ApolloProvider>
    </SessionContext.Provider>
  )
}
