import { useEffect, useRef, useState } from 'react'

const CHECK_MS = 5 * 60_000
/** A line that is lost while the server answers is not coming back by itself. */
const STUCK_CHECKS = 2

/** The files that this page was made of; their names change with their content. */
const scriptsOf = (page: Document): string =>
  [...page.querySelectorAll('script[src]')]
    .map((script) => script.getAttribute('src'))
    .sort()
    .join()

/** The page as the server gives it now; null where it does not answer. */
const pageNow = async (): Promise<Document | null> => {
  try {
    const response = await fetch(location.pathname, { cache: 'no-store' })
    return response.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : null
  } catch {
    return null
  }
}

/** Has the browser's worker fetch what is new, so that a reload shows it. */
const renewWorker = async (): Promise<void> => {
  const registration = await navigator.serviceWorker?.getRegistration()
  if (!registration) return
  await registration.update().catch(() => undefined)
  const coming = registration.installing ?? registration.waiting
  if (!coming || coming.state === 'activated') return
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 60_000)
    coming.addEventListener('statechange', () => ['activated', 'redundant'].includes(coming.state) && resolve())
    // It would wait until this page is closed, which stands open for days.
    coming.postMessage({ type: 'SKIP_WAITING' })
  })
}

/** Whether this page, which may stand open for days, should be loaded again: a new build is served, or its line is stuck. */
export const useOutdated = (isLive: boolean): boolean => {
  const [isOutdated, setOutdated] = useState(false)
  const live = useRef(isLive)
  live.current = isLive
  useEffect(() => {
    let stuck = 0
    const check = async () => {
      const page = await pageNow()
      stuck = page && !live.current ? stuck + 1 : 0
      const isNew = page !== null && scriptsOf(page) !== scriptsOf(document)
      if (isNew) await renewWorker()
      if (isNew || stuck >= STUCK_CHECKS) setOutdated(true)
    }
    const timer = setInterval(() => void check(), CHECK_MS)
    return () => clearInterval(timer)
  }, [])
  return isOutdated
}

/** The screen stays on while this page is shown; answers the way to stop. */
export const keepAwake = (): (() => void) => {
  let lock: WakeLockSentinel | null = null
  let isOver = false
  const hold = async () => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    const held = await navigator.wakeLock.request('screen').catch(() => null)
    if (isOver) void held?.release()
    else lock = held
  }
  void hold()
  document.addEventListener('visibilitychange', hold)
  return () => {
    isOver = true
    document.removeEventListener('visibilitychange', hold)
    void lock?.release()
  }
}
