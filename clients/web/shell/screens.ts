import { useSyncExternalStore } from 'react'
import type { StaffFragment } from '../generated/graphql.ts'

export type ScreenName = 'board' | 'room' | 'manager'

/** The screens that belong to a person's role; what is forbidden to it is not there. */
export const screensOf = ({ role, doctor }: Pick<StaffFragment, 'role' | 'doctor'>): ScreenName[] => [
  ...(role === 'RECEPTIONIST' ? (['board'] as const) : []),
  ...(doctor ? (['room'] as const) : []),
  ...(role === 'ADMIN' ? (['manager'] as const) : []),
]

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

/** The screen that the address names, or the first that this person has. */
export const useScreen = (staff: StaffFragment): [ScreenName, (next: ScreenName) => void] => {
  const hash = useSyncExternalStore(subscribe, () => location.hash.slice(1).split('/')[0])
  const screens = screensOf(staff)
  const screen = screens.find((name) => name === hash) ?? screens[0] ?? 'manager'
  return [
    screen,
    (next) => {
      location.hash = next
    },
  ]
}
