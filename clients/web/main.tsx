import './tokens.css'
import './ui/ui.css'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { startLanguage } from './locales/language.ts'
import { createDesk } from './session/desk.ts'
import { StaffApp } from './shell/staff-app.tsx'
import { ErrorBoundary } from './ui/error-boundary.tsx'
import { readTheme, setTheme } from './ui/theme.ts'

const DisplayApp = lazy(() => import('./display/display-app.tsx').then(({ DisplayApp }) => ({ default: DisplayApp })))

setTheme(readTheme())
if (!('Temporal' in globalThis)) await import('temporal-polyfill/global')

const display = /^\/display\/([0-9a-f-]{36})\/?$/i.exec(location.pathname)?.[1]
const desk = display === undefined ? createDesk() : null
// What the device holds is read while the first screen is being made.
void desk?.start()
await startLanguage()

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary>
      <Suspense>{desk ? <StaffApp desk={desk} /> : <DisplayApp clinicId={display ?? ''} />}</Suspense>
    </ErrorBoundary>
  </StrictMode>,
)

if (import.meta.env.PROD && 'serviceWorker' in navigator)
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
