import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCamera } from '../board/camera.ts'
import { Button } from '../ui/button.tsx'
import { dayOf, timeOfDay } from '../ui/times.ts'
import { Keypad } from './keypad.tsx'
import { Step } from './step.tsx'
import { dayOfParts, orderIn, type Part, partsOf } from './typed-date.ts'
import type { DoorClinic } from './use-clinic.ts'
import type { Visit } from './use-visitor.ts'

type Asked<Value> = { problem: boolean; onAnswer: (value: Value) => void }

/** A phone number, digit by digit, as people here write it. */
export const PhoneQuestion = ({ isOptional, problem, onAnswer }: Asked<string | null> & { isOptional: boolean }) => {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const isWhole = typed.replace('+', '').length >= 5
  const next = () => {
    if (isWhole) onAnswer(typed)
  }
  return (
    <Step
      title={t(isOptional ? 'door.phoneOptional' : 'door.phone')}
      hint={t(isOptional ? 'door.phoneOptionalHint' : 'door.phoneHint')}
    >
      <div className="door-typing">
        <div className="door-typed">
          <output className="door-digits" aria-label={t('door.typed')} aria-live="polite">
            {typed || <span className="only-read">{t('door.nothingTyped')}</span>}
          </output>
          <p className="door-problem" role="alert">
            {problem && typed === '' && t('door.phoneWrong')}
          </p>
          <Button kind="main" isWide isDisabled={!isWhole} onPress={next}>
            {t('door.next')}
          </Button>
          {isOptional && (
            <Button isWide onPress={() => onAnswer(null)}>
              {t('door.skip')}
            </Button>
          )}
        </div>
        <Keypad
          hasPlus
          onKey={(key) =>
            setTyped((before) => (before.length < 18 && (key !== '+' || before === '') ? before + key : before))
          }
          onDelete={() => setTyped((before) => before.slice(0, -1))}
          onEnter={next}
        />
      </div>
    </Step>
  )
}

const LONGEST = 8

/** A birth date, digit by digit in the order of the language, and then in words. */
export const BirthQuestion = ({
  timeZone,
  isForVisit,
  onAnswer,
}: {
  timeZone: string
  isForVisit: boolean
  onAnswer: (day: string) => void
}) => {
  const { t, i18n } = useTranslation()
  const [typed, setTyped] = useState('')
  const order = orderIn(i18n.language)
  const parts = partsOf(typed, order)
  const day = dayOfParts(parts, dayOf(Date.now(), timeZone))
  const present = order.find((part) => parts[part].length < (part === 'year' ? 4 : 2))
  const inWords = (text: string) =>
    new Intl.DateTimeFormat(i18n.language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${text}T12:00:00Z`))
  const next = () => {
    if (day) onAnswer(day)
  }
  return (
    <Step title={t('door.birth')} {...(isForVisit ? { hint: t('door.birthHint') } : {})}>
      <div className="door-typing">
        <div className="door-typed">
          <div className="door-date">
            {order.map((part: Part) => (
              <div key={part} className={part === present ? 'door-part is-present' : 'door-part'}>
                <span>{t(`door.${part}`)}</span>
                <output className="door-digits" aria-label={t(`door.${part}`)}>
                  {parts[part] || <span aria-hidden="true">{part === 'year' ? '····' : '··'}</span>}
                </output>
              </div>
            ))}
          </div>
          <p className="door-words" aria-live="polite">
            {day ? inWords(day) : typed.length === LONGEST ? t('door.birthWrong') : ''}
          </p>
          <Button kind="main" isWide isDisabled={!day} onPress={next}>
            {t('door.next')}
          </Button>
        </div>
        <Keypad
          onKey={(key) => setTyped((before) => (before.length < LONGEST ? before + key : before))}
          onDelete={() => setTyped((before) => before.slice(0, -1))}
          onEnter={next}
        />
      </div>
    </Step>
  )
}

export const NameQuestion = ({ onAnswer }: { onAnswer: (name: string) => void }) => {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') onAnswer(name.trim())
  }
  return (
    <Step title={t('door.name')} hint={t('door.nameHint')}>
      <form className="door-name" onSubmit={submit} autoComplete="off">
        <input
          className="input"
          aria-label={t('door.nameLabel')}
          value={name}
          maxLength={200}
          autoComplete="off"
          autoCorrect="off"
          autoCapitalize="words"
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        <Button kind="main" type="submit" isWide isDisabled={name.trim() === ''}>
          {t('door.next')}
        </Button>
      </form>
    </Step>
  )
}

export const ServiceQuestion = ({
  services,
  onAnswer,
}: {
  services: DoorClinic['services']
  onAnswer: (id: string) => void
}) => {
  const { t } = useTranslation()
  return (
    <Step title={t('door.service')}>
      <ul className="door-choices">
        {services.map(({ id, name, open, closedReason }) => (
          <li key={id}>
            <Button isWide isDisabled={!open} onPress={() => onAnswer(id)}>
              <span className="door-main">{name}</span>
              {!open && <span className="door-sub">{closedReason ?? t('door.serviceClosed')}</span>}
            </Button>
          </li>
        ))}
      </ul>
    </Step>
  )
}

/** Which of several visits: those of the family too, by first name. */
export const VisitQuestion = ({
  visits,
  timeZone,
  onAnswer,
}: {
  visits: readonly Visit[]
  timeZone: string
  onAnswer: (visit: Visit) => void
}) => {
  const { t, i18n } = useTranslation()
  return (
    <Step title={t('door.choose')}>
      <ul className="door-choices">
        {visits.map((visit) => (
          <li key={visit.pass}>
            <Button isWide onPress={() => onAnswer(visit)}>
              <span className="door-main">
                {visit.startsAt ? timeOfDay(visit.startsAt, timeZone, i18n.language) : t('door.noBooking')}
                {' · '}
                {visit.givenName}
              </span>
              <span className="door-sub">
                {[visit.service.name, visit.ticket && t('door.hasTicket', { ticket: visit.ticket })]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </Button>
          </li>
        ))}
      </ul>
    </Step>
  )
}

/** The camera that looks at whoever stands before the tablet. */
export const ScanQuestion = ({ onAnswer }: { onAnswer: (code: string) => void }) => {
  const { t } = useTranslation()
  const { video, hasFailed } = useCamera(onAnswer, 'user')
  return (
    <Step title={t('door.scanTitle')} hint={t('door.scanText')}>
      {hasFailed ? (
        <p className="notice" role="alert">
          {t('door.noCamera')}
        </p>
      ) : (
        <video ref={video} className="door-picture" aria-label={t('door.picture')} muted playsInline />
      )}
    </Step>
  )
}
