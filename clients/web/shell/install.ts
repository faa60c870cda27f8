/** What Chromium browsers give where the app can be installed. */
type InstallEvent = Event & { prompt: () => Promise<unknown> }

let offered: InstallEvent | null = null
const listeners = new Set<() => void>()

const offer = (event: InstallEvent | null) => {
  offered = event
  for (const listener of listeners) listener()
}

addEventListener('beforeinstallprompt', (event) => {
  // The browser's own banner would come in the midst of work.
  event.preventDefault()
  offer(event as InstallEvent)
})
addEventListener('appinstalled', () => offer(null))

export const watchInstall = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether this browser can install the app now, and has not yet. */
export const canInstall = (): boolean => offered !== null

/** Asks the person through the browser; it can be asked once for each offer. */
export const install = async (): Promise<void> => {
  const event = offered
  offer(null)
  await event?.prompt()
}
