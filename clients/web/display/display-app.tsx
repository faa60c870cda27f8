import '../locales/later.ts'
import './display.css'
import i18next from 'i18next'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLink } from '../connection.ts'
import { DisplayUpdatedDocument, type ScreenFragment } from '../generated/later.ts'
import { es } from '../locales/es.ts'
import { connectAsNobody } from '../ports.ts'
import { staySubscribed } from '../stay-subscribed.ts'
import { Button } from '../ui/button.tsx'
import { timeOfDay } from '../ui/times.ts'
import { newCalls, spoken, type Tile } from './calls.ts'
import { keepAwake, useOutdated } from './for-days.ts'
import { allowSound, announce, watchSound } from './sound.ts'

/** What was called so long ago while nobody heard is not called again. */
const SILENT_AFTER_MS = 60_000
const MOST_TILES = 6

/** A call stays marked at least so long, however short its announcement is. */
const MARKED_MS = 10_000

const wordsOf = ({ ticket, room }: Tile, languages: readonly string[]) =>
  languages.map((language) => {
    const t = i18next.getFixedT(language.split('-')[0] ?? 'en')
    const words = spoken(ticket)
    return {
      language,
      text: room ? t('display.say', { ticket: words, room }) : t('display.sayNoRoom', { ticket: words }),
    }
  })

const useScreenNews = (clinicId: string) => {
  const { offline, connection } = useMemo(connectAsNobody, [])
  const [screen, setScreen] = useState<ScreenFragment | null>(null)
  /** Every call that is being announced or still to be, each call of a ticket for itself. */
  const [fresh, setFresh] = useState<readonly Tile[]>([])
  const before = useRef<{ called: readonly Tile[]; at: number } | null>(null)
  useEffect(
    () =>
      staySubscribed(offline.client, DisplayUpdatedDocument, { clinicId }, ({ displayUpdated }) => {
        const known = before.current
        const calls = newCalls(
          known && Date.now() - known.at < SILENT_AFTER_MS ? known.called : null,
          displayUpdated.called,
        )
        before.current = { called: displayUpdated.called, at: Date.now() }
        setScreen(displayUpdated)
        if (calls.length > 0) setFresh((marked) => [...marked, ...calls])
        for (const call of calls) {
          const heard = announce(wordsOf(call, displayUpdated.clinic.languages))
          const seen = new Promise((resolve) => setTimeout(resolve, MARKED_MS))
          void Promise.all([heard, seen]).then(() => setFresh((marked) => marked.filter((tile) => tile !== call)))
        }
      }),
    [offline, clinicId],
  )
  const link = useLink(connection)
  // While the line is open, silence means that nothing happened.
  useEffect(() => {
    const timer = setInterval(() => {
      if (connection.read().isLive && before.current) before.current.at = Date.now()
    }, 5_000)
    return () => clearInterval(timer)
  }, [connection])
  return { screen, fresh, link }
}

const Clock = ({ timeZone }: { timeZone: string }) => {
  const { i18n } = useTranslation()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return <time>{timeOfDay(now, timeZone, i18n.language)}</time>
}

const PATIENCE_MS = 5_000

/** Until the first news; whoever looks at it for longer is told what to do meanwhile. */
const Starting = () => {
  const { t } = useTranslation()
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <main className="display is-waiting">
      <p role="status">{t(isLong ? 'display.unreachable' : 'display.starting')}</p>
    </main>
  )
}

/** Which service a ticket is for, as its letter says, too. */
const Mark = ({ color }: { color: ScreenFragment['waiting'][number]['color'] }) =>
  color && <span className="service-mark" data-color={color} aria-hidden="true" />

/** The waiting room's screen: tickets and rooms, never a name. */
export const DisplayApp = ({ clinicId }: { clinicId: string }) => {
  const { t, i18n } = useTranslation()
  const { screen, fresh, link } = useScreenNews(clinicId)
  const [isSounding, setSounding] = useState(false)
  useEffect(() => {
    i18next.addResourceBundle('es', 'translation', es)
    return watchSound(setSounding)
  }, [])
  useEffect(keepAwake, [])
  const isOutdated = useOutdated(link.isLive)
  const isQuiet = fresh.length === 0
  useEffect(() => {
    if (isOutdated && isQuiet) location.reload()
  }, [isOutdated, isQuiet])
  const language = screen?.clinic.languages[0]?.split('-')[0]
  useEffect(() => {
    if (language && i18next.hasResourceBundle(language, 'translation')) {
      void i18n.changeLanguage(language)
      document.documentElement.lang = language
    }
  }, [language, i18n])

  if (!screen) return <Starting />
  const isLost = !link.isLive
  return (
    <main className={isLost ? 'display is-lost' : 'display'}>
      <header className="display-head">
        <h1>{screen.clinic.name}</h1>
        {isLost && (
          <p className="display-lost" role="status">
            {t('display.lost', { time: timeOfDay(link.heardAt, screen.clinic.timeZone, i18n.language) })}
          </p>
        )}
        {!isSounding && <Button onPress={() => void allowSound()}>{t('display.sound')}</Button>}
        <Clock timeZone={screen.clinic.timeZone} />
      </header>
      <section className="tiles" aria-live="polite" aria-label={t('display.called')}>
        {screen.called.length === 0 && <p className="tiles-empty">{t('display.nobody')}</p>}
        {screen.called.slice(0, MOST_TILES).map(({ ticket, room, color }) => (
          <div key={ticket} className={fresh.some((call) => call.ticket === ticket) ? 'tile is-fresh' : 'tile'}>
            <span className="tile-ticket">
              <Mark color={color} />
              {ticket}
            </span>
            <span className="tile-room">
              <svg viewBox="0 0 48 24" aria-hidden="true">
                <path d="M2 12h40m-9-9 9 9-9 9" fill="none" stroke="currentColor" strokeWidth="4" />
              </svg>
              {room ? t('room', { room }) : t('display.noRoom')}
            </span>
          </div>
        ))}
      </section>
      <section className="waiting-tickets" aria-label={t('display.waiting')}>
        <h2>{t('display.waiting')}</h2>
        <ul>
          {screen.waiting.slice(0, 40).map(({ ticket, color }) => (
            <li key={ticket}>
              <Mark color={color} />
              {ticket}
            </li>
          ))}
          {screen.waiting.length > 40 && <li>+{screen.waiting.length - 40}</li>}
        </ul>
      </section>
    </main>
  )
}
