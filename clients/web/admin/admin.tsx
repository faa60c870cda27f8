import '../locales/admin.ts'
import '../locales/later.ts'
import './admin.css'
import { lazy, Suspense, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useStaff } from '../session/session.tsx'
import { TopBar } from '../shell/top-bar.tsx'
import { isSetupDue } from './setup-state.ts'

const sections = {
  people: lazy(() => import('./people.tsx').then(({ People }) => ({ default: People }))),
  hours: lazy(() => import('./hours.tsx').then(({ Hours }) => ({ default: Hours }))),
  services: lazy(() => import('./services.tsx').then(({ Services }) => ({ default: Services }))),
  clinic: lazy(() => import('./clinic.tsx').then(({ Clinic }) => ({ default: Clinic }))),
  posters: lazy(() => import('./posters.tsx').then(({ Posters }) => ({ default: Posters }))),
  messages: lazy(() => import('./messages.tsx').then(({ Messages }) => ({ default: Messages }))),
  figures: lazy(() => import('./figures.tsx').then(({ Figures }) => ({ default: Figures }))),
  audit: lazy(() => import('./audit.tsx').then(({ Audit }) => ({ default: Audit }))),
  work: lazy(() => import('./work.tsx').then(({ Work }) => ({ default: Work }))),
  setup: lazy(() => import('./setup.tsx').then(({ Setup }) => ({ default: Setup }))),
}
type SectionName = keyof typeof sections
const names = Object.keys(sections) as SectionName[]

const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

/** The part that the address names, as in #manager/hours, or the first one; for a clinic that does not work yet its set-up. */
const useSection = (): SectionName => {
  const { clinic } = useStaff()
  const [first] = useState<SectionName>(() => (isSetupDue(clinic) ? 'setup' : 'people'))
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return names.find((name) => hash === `#manager/${name}`) ?? first
}

/** On a phone the sections stand in one line that scrolls. */
const intoView = (link: HTMLElement | null) => link?.scrollIntoView({ block: 'nearest', inline: 'nearest' })

/** Where those who manage the clinic do so. */
export const Admin = () => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const current = useSection()
  const Section = sections[current]
  return (
    <div className="shell">
      <TopBar />
      <div className="admin">
        <nav className="admin-nav" aria-label={t('admin.nav')}>
          <h2 className="small quiet">{t('screen.manager')}</h2>
          <ul>
            {names.map((name) => (
              <li key={name} id={`manager/${name}`}>
                <a
                  href={`#manager/${name}`}
                  aria-current={name === current ? 'page' : undefined}
                  ref={name === current ? intoView : null}
                >
                  {t(`admin.section.${name}`)}
                </a>
              </li>
            ))}
          </ul>
          <h2 className="small quiet">{t('admin.links')}</h2>
          <ul>
            <li>
              <a href={`/display/${clinic.id}`} target="_blank" rel="noreferrer">
                {t('admin.display')} <span aria-hidden="true">↗</span>
              </a>
            </li>
            <li>
              <a href="/graphql" target="_blank" rel="noreferrer">
                {t('admin.api')} <span aria-hidden="true">↗</span>
              </a>
            </li>
          </ul>
        </nav>
        <main className="page admin-page">
          <h1 className="page-title">{t(`admin.section.${current}`)}</h1>
          <Suspense>
            <Section />
          </Suspense>
        </main>
      </div>
    </div>
  )
}
