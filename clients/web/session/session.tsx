import { OfflineProvider, useOffline } from '@anteroom/offline/react'
import { useQuery } from '@apollo/client/react'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { MeDocument, type StaffFragment } from '../generated/graphql.ts'
import type { Desk, DeskState, Place } from './desk.ts'

const DeskContext = createContext<Desk | null>(null)
const StaffContext = createContext<StaffFragment | null>(null)

export const useDesk = (): Desk => {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('There is no desk around this.')
  return desk
}

export const useDeskState = (): DeskState => {
  const desk = useDesk()
  return useSyncExternalStore(desk.subscribe, desk.state)
}

/** What the present log-in works with, for screens that are only shown to staff. */
export const usePlace = (): Place => {
  const state = useDeskState()
  if (state.at !== 'in') throw new Error('Nobody is logged in.')
  return state.place
}

/** Who is logged in, for screens that are only shown to staff. */
export const useStaff = (): StaffFragment => {
  const staff = useContext(StaffContext)
  if (!staff) throw new Error('Nobody is logged in.')
  return staff
}

export const DeskProvider = ({ desk, children }: { desk: Desk; children: ReactNode }) => (
  <DeskContext.Provider value={desk}>{children}</DeskContext.Provider>
)

const Known = ({ children, otherwise }: { children: ReactNode; otherwise: (retry: () => void) => ReactNode }) => {
  const { client, flush } = useOffline()
  const [wasKept] = useState(() => client.readQuery({ query: MeDocument })?.me != null)
  // What the device remembers of its person is shown at once; what changed meanwhile comes after.
  const { data, error, refetch } = useQuery(MeDocument, { fetchPolicy: 'cache-and-network' })
  const staff = data?.me?.__typename === 'User' ? data.me : null
  const isNew = staff !== null && !wasKept
  // Kept at once: the network may go before the cache's next snapshot.
  useEffect(() => {
    if (isNew) void flush()
  }, [isNew, flush])
  if (!staff) return error ? otherwise(() => void refetch().catch(() => undefined)) : null
  return <StaffContext.Provider value={staff}>{children}</StaffContext.Provider>
}

/** Screens of the one who is logged in, with Apollo's hooks and those of the offline library below it. */
export const StaffProvider = ({
  place,
  children,
  otherwise,
}: {
  place: Place
  children: ReactNode
  /** Shown where it is not known who that is, as on a device that never saw the server since. */
  otherwise: (retry: () => void) => ReactNode
}) => (
  <OfflineProvider value={place.offline} key={place.account}>
    <Known otherwise={otherwise}>{children}</Known>
  </OfflineProvider>
)
