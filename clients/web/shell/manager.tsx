import '../locales/later.ts'
import { useTranslation } from 'react-i18next'
import { useStaff } from '../session/session.tsx'
import { TopBar } from './top-bar.tsx'

/** The home of those who manage the clinic: where its screens are. */
export const Manager = () => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const links = [
    { href: `/display/${clinic.id}`, name: t('manager.display'), text: t('manager.displayText') },
    { href: '/graphql', name: t('manager.api'), text: t('manager.apiText') },
  ]
  return (
    <div className="shell">
      <TopBar />
      <main className="page">
        <h1 className="page-title">{t('manager.title')}</h1>
        <p className="quiet">{t('manager.text')}</p>
        <ul className="link-list">
          {links.map(({ href, name, text }) => (
            <li key={href}>
              <a className="link-row" href={href} target="_blank" rel="noreferrer">
                <span className="strong">{name}</span>
                <span className="quiet">{text}</span>
              </a>
            </li>
          ))}
        </ul>
      </main>
    </div>
  )
}
