import './tokens.css'
import './ui/ui.css'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { startLanguage } from './locales/language.ts'
import { StaffApp } from './shell/staff-app.tsx'
import { ErrorBoundary } from './ui/error-boundary.tsx'
import { readTheme, setTheme } from './ui/theme.ts'

const DisplayApp = lazy(() => import('./display/display-app.tsx').then(({ DisplayApp }) => ({ default: DisplayApp })))

setTheme(readTheme())
if (!('Temporal' in globalThis)) await import('temporal-polyfill/global')
await startLanguage()

const display = /^\/display\/([0-9a-f-]{36})\/?$/i.exec(location.pathname)

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary>
      <Suspense>{display ? <DisplayApp clinicId={display[1] as string} /> : <StaffApp />}</Suspense>
    </ErrorBoundary>
  </StrictMode>,
)

if (import.meta.env.PROD && 'serviceWorker' in navigator)
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
