import './tokens.css'
import './ui/ui.css'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { startLanguage } from './locales/language.ts'
import { createDesk } from './session/desk.ts'
import { StaffApp } from './shell/staff-app.tsx'
import { ErrorBoundary } from './ui/error-boundary.tsx'
import { readTheme, setTheme } from './ui/theme.ts'

const CheckinApp = lazy(() => import('./checkin/checkin-app.tsx').then(({ CheckinApp }) => ({ default: CheckinApp })))
const DisplayApp = lazy(() => import('./display/display-app.tsx').then(({ DisplayApp }) => ({ default: DisplayApp })))

setTheme(readTheme())
if (!('Temporal' in globalThis)) await import('temporal-polyfill/global')

// Screens without a log-in, each of a clinic.
const [, place, clinicId = ''] = /^\/(display|checkin)\/([0-9a-f-]{36})\/?$/i.exec(location.pathname) ?? []
const desk = place === undefined ? createDesk() : null
// What the device holds is read while the first screen is being made.
void desk?.start()
await startLanguage()

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary>
      <Suspense>
        {desk ? (
          <StaffApp desk={desk} />
        ) : place === 'checkin' ? (
          <CheckinApp clinicId={clinicId} />
        ) : (
          <DisplayApp clinicId={clinicId} />
        )}
      </Suspense>
    </ErrorBoundary>
  </StrictMode>,
)

/** What is loaded without a network. A build that came while the last pages stood open takes over from the next load on: nobody is interrupted. */
const startWorker = async () => {
  const { waiting } = await navigator.serviceWorker.register('/sw.js')
  waiting?.postMessage({ type: 'SKIP_WAITING' })
}
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  const start = () => void startWorker().catch(() => undefined)
  // What was awaited above may have taken longer than the page's loading.
  if (document.readyState === 'complete') start()
  else addEventListener('load', start)
}
// Another tab has taken a new build, and what this one still had to load is gone: what was saved is in the log.
addEventListener('vite:preloadError', () => location.reload())
