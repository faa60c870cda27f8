import { useSyncExternalStore } from 'react'
import { type Route, routeOf } from './addresses.ts'
import { device } from './device'

export const useRoute = (): Route => routeOf(useSyncExternalStore(device.path.watch, device.path.read))

export const go = (path: string): void => device.path.go(path)

/** In place of the present screen, which is done with. */
export const goOn = (path: string): void => device.path.go(path, { replace: true })

export const goBack = (): void => {
  if (!device.path.back()) goOn('/')
}
