import { ApolloProvider } from '@apollo/client/react'
import { createContext, createElement, type ReactNode, useContext, useSyncExternalStore } from 'react'
import type { OfflineClient } from './apollo/client.ts'
import type { Notice, Status } from './model.ts'
import type { Mark } from './optimistic.ts'
import type { Session, SessionState } from './session.ts'

const OfflineContext = createContext<OfflineClient | null>(null)

/** Gives the screens below both Apollo's hooks and those of this file. */
export const OfflineProvider = ({ value, children }: { value: OfflineClient; children?: ReactNode }) =>
  createElement(OfflineContext.Provider, { value }, createElement(ApolloProvider, { client: value.client, children }))

export const useOffline = (): OfflineClient => {
  const value = useContext(OfflineContext)
  if (!value) throw new Error('There is no OfflineProvider above this component.')
  return value
}

const ONLINE: Status = {
  isOnline: true,
  offlineSince: null,
  unsent: 0,
  syncedAt: null,
  isLoading: false,
  loaded: 0,
  notices: [],
  trouble: null,
}

const nothing = () => () => {}
const online = () => ONLINE

/** Connection, unsent changes, age of the data; a screen without a log-in is always online. */
export const useSyncStatus = (): Status => {
  const { engine } = useOffline()
  return useSyncExternalStore(engine?.subscribe ?? nothing, engine?.status ?? online, online)
}

/** The mark of a record that pending changes of this device concern; null where there are none. */
export const usePendingMark = (recordId: string): Mark | null => {
  const { engine, local } = useOffline()
  const mark = () => local?.replay().marks.get(recordId) ?? null
  const text = useSyncExternalStore(
    engine?.subscribe ?? nothing,
    () => JSON.stringify(mark()),
    () => 'null',
  )
  return JSON.parse(text) as Mark | null
}

export type NoticeActions = {
  notices: readonly Notice[]
  /** Gives the operation once more, as a new act. */
  redo: (id: string) => Promise<void>
  dismiss: (id: string) => Promise<void>
}

/** What the server refused or somebody overrode, until the person has seen it. */
export const useNotices = (): NoticeActions => {
  const { engine } = useOffline()
  const { notices } = useSyncStatus()
  return {
    notices,
    redo: async (id) => void (await engine?.redo(id)),
    dismiss: async (id) => engine?.dismiss(id),
  }
}

/** Who is logged in. */
export const useSession = (session: Session): SessionState =>
  useSyncExternalStore(session.subscribe, session.state, session.state)
