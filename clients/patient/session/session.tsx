import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'
import type { Place, Pocket, PocketState } from './pocket.ts'

const PocketContext = createContext<Pocket | null>(null)

export const PocketProvider = ({ pocket, children }: { pocket: Pocket; children: ReactNode }) => (
  <PocketContext value={pocket}>{children}</PocketContext>
)

export const usePocket = (): Pocket => {
  const pocket = useContext(PocketContext)
  if (!pocket) throw new Error('There is no pocket around this.')
  return pocket
}

export const usePocketState = (): PocketState => {
  const pocket = usePocket()
  return useSyncExternalStore(pocket.subscribe, pocket.state)
}

/** What the present log-in works with, for screens behind it. */
export const usePlace = (): Place => {
  const state = usePocketState()
  if (state.at !== 'in') throw new Error('Nobody is logged in.')
  return state.place
}
