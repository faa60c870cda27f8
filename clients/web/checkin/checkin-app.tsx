import './texts.ts'
import './checkin.css'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { canRead } from '../board/camera.ts'
import { keepAwake, useOutdated } from '../display/for-days.ts'
import { languages } from '../locales/language.ts'
import { Button } from '../ui/button.tsx'
import {
  BirthQuestion,
  NameQuestion,
  PhoneQuestion,
  ScanQuestion,
  ServiceQuestion,
  VisitQuestion,
} from './questions.tsx'
import { useScanner } from './scanned.ts'
import { Step } from './step.tsx'
import { languageOf, speak } from './texts.ts'
import { TicketCard } from './ticket-card.tsx'
import { type DoorClinic, useDoorClinic } from './use-clinic.ts'
import { useIdle } from './use-idle.ts'
import { useVisitor, type Why } from './use-visitor.ts'

/** How long a screen waits for a touch, in seconds. */
const PATIENCE = { question: 60, ticket: 40, desk: 20 }
/** The poster at the door leads to this address on people's own phones, which belong to nobody else. */
const isOwnPhone = () => location.hash === '#own'
/** From here on the end of its patience is shown large. */
const SOON = 15

const Desk = ({ why }: { why: Why }) => {
  const { t } = useTranslation()
  return <Step title={t('door.desk')} hint={t(`door.${why}`)} />
}

/** Where nobody can choose a language, it is said in each. */
const DeskInAll = ({ why }: { why: Why }) => {
  const { i18n } = useTranslation()
  const others = Object.keys(languages).filter((id) => id !== i18n.language)
  return (
    <div className="door-all">
      <Desk why={why} />
      {others.map((id) => {
        const say = i18n.getFixedT(id)
        return (
          <section key={id} lang={id} className="door-step">
            <h2>{say('door.desk')}</h2>
            <p className="door-hint">{say(`door.${why}`)}</p>
          </section>
        )
      })}
    </div>
  )
}

/** The tablet at the door of a clinic: who has a booking checks in, who has none takes a ticket; then the next one. */
export const CheckinApp = ({ clinicId }: { clinicId: string }) => {
  const { t } = useTranslation()
  const { clinic, isReached, lost } = useDoorClinic(clinicId)
  useEffect(() => (isOwnPhone() ? undefined : keepAwake()), [])
  const language = clinic && languageOf(clinic.languages)
  useEffect(() => {
    if (language) speak(language)
  }, [language])
  return (
    <main className="door">
      {!isReached ? (
        <DeskInAll why="offline" />
      ) : clinic === undefined ? (
        <p className="door-busy">{t('door.starting')}</p>
      ) : !clinic?.selfCheckIn ? (
        <DeskInAll why="off" />
      ) : (
        <Visitor clinic={clinic} onLost={lost} />
      )}
    </main>
  )
}

const Languages = () => {
  const { t, i18n } = useTranslation()
  return (
    <nav className="door-languages" aria-label={t('door.language')}>
      {Object.entries(languages).map(([id, name]) => (
        <Button key={id} aria-pressed={id === i18n.language} onPress={() => speak(id as keyof typeof languages)}>
          <span lang={id}>{name}</span>
        </Button>
      ))}
    </nav>
  )
}

const Visitor = ({ clinic, onLost }: { clinic: DoorClinic; onLost: () => void }) => {
  const { t, i18n } = useTranslation()
  const visitor = useVisitor(clinic, i18n.language, onLost)
  const { step, begin, answer, doorServices } = visitor
  const reset = () => {
    speak(languageOf(clinic.languages))
    visitor.restart()
  }
  useScanner((code) => step.at !== 'busy' && visitor.scanned(code))
  useLeaving(reset)
  const isAtStart = step.at === 'start'
  const patience =
    isAtStart || step.at === 'busy' || isOwnPhone()
      ? null
      : step.at === 'ticket' || step.at === 'desk'
        ? PATIENCE[step.at]
        : PATIENCE.question
  const left = useIdle(patience, reset)
  const isOutdated = useOutdated(true)
  useEffect(() => {
    if (isOutdated && isAtStart) location.reload()
  }, [isOutdated, isAtStart])

  const screen = () => {
    switch (step.at) {
      case 'start':
        return (
          <Step title={t('door.question')}>
            <ul className="door-choices">
              <Choice isFirst main={t('door.booked')} sub={t('door.bookedHint')} onPress={begin.booked} />
              {canRead() && <Choice main={t('door.scan')} sub={t('door.scanHint')} onPress={begin.scan} />}
              {doorServices.length > 0 && (
                <Choice main={t('door.walkIn')} sub={t('door.walkInHint')} onPress={begin.walkIn} />
              )}
            </ul>
            {!isOwnPhone() && <p className="door-hint">{t('door.scannerHint')}</p>}
          </Step>
        )
      case 'scan':
        return <ScanQuestion onAnswer={visitor.scanned} />
      case 'phone':
        return (
          <PhoneQuestion isOptional={visitor.isWalkIn} problem={step.isWrong} onAnswer={(phone) => answer({ phone })} />
        )
      case 'birth':
        return (
          <BirthQuestion
            timeZone={clinic.timeZone}
            isForVisit={!visitor.isWalkIn}
            onAnswer={(birth) => answer({ birth })}
          />
        )
      case 'name':
        return <NameQuestion onAnswer={(name) => answer({ name })} />
      case 'service':
        return <ServiceQuestion services={doorServices} onAnswer={(serviceId) => answer({ serviceId })} />
      case 'choose':
        return <VisitQuestion visits={step.visits} timeZone={clinic.timeZone} onAnswer={visitor.choose} />
      case 'nothing':
        return (
          <Step title={t('door.nothing')} hint={t('door.nothingText')}>
            <ul className="door-choices">
              <Choice main={t('door.tryAgain')} onPress={visitor.retry} />
              {doorServices.length > 0 && <Choice main={t('door.takeTicket')} onPress={begin.walkIn} />}
            </ul>
          </Step>
        )
      case 'ticket':
        return (
          <TicketCard
            ticket={step.ticket}
            clinic={clinic}
            isOwnPhone={isOwnPhone()}
            onAnother={visitor.hasMore ? visitor.chooseAnother : null}
            onDone={reset}
          />
        )
      case 'desk':
        return <Desk why={step.why} />
      case 'busy':
        return (
          <p className="door-busy" role="status">
            {t('door.busy')}
          </p>
        )
    }
  }
  return (
    <>
      <header className="door-head">
        <p className="door-clinic">{clinic.name}</p>
        {isAtStart && <Languages />}
      </header>
      {/* Each question is one of its own: nothing of the last one, or of the last person, is carried over. */}
      <div className="door-body" key={step.at}>
        {screen()}
      </div>
      <footer className="door-foot">
        {!isAtStart && step.at !== 'busy' && step.at !== 'ticket' && <Button onPress={reset}>{t('door.again')}</Button>}
        {left !== null && (
          <p className={left <= SOON ? 'door-left is-soon' : 'door-left'} aria-hidden="true">
            {t('door.backIn', { seconds: left })}
            {left <= SOON && <span> · {t('door.stay')}</span>}
          </p>
        )}
        <p className="only-read" role="status">
          {left !== null && left <= SOON && t('door.backSoon')}
        </p>
      </footer>
    </>
  )
}

type ChoiceProps = { isFirst?: boolean; main: string; sub?: string; onPress: () => void }

const Choice = ({ isFirst = false, main, sub, onPress }: ChoiceProps) => (
  <li>
    <Button isWide {...(isFirst ? { kind: 'main' as const } : {})} onPress={onPress}>
      <span className="door-main">{main}</span>
      {sub && <span className="door-sub">{sub}</span>}
    </Button>
  </li>
)

const MARK = 'door'

/** Whoever goes back, or away and comes back, finds the first screen. */
const useLeaving = (onLeft: () => void) => {
  const left = useRef(onLeft)
  left.current = onLeft
  useEffect(() => {
    // Going back ends here, and not at what was shown before this page.
    const stay = () => {
      history.pushState(MARK, '')
      left.current()
    }
    const shown = ({ persisted }: PageTransitionEvent) => {
      if (persisted) left.current()
    }
    if (history.state !== MARK) history.pushState(MARK, '')
    addEventListener('popstate', stay)
    addEventListener('pageshow', shown)
    return () => {
      removeEventListener('popstate', stay)
      removeEventListener('pageshow', shown)
    }
  }, [])
}
