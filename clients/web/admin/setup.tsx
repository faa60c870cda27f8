import '../locales/setup.ts'
import './setup.css'
import { useQuery } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminUsersDocument } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { SetupClinic } from './setup-clinic.tsx'
import { type Desk, SetupDesk } from './setup-desk.tsx'
import { SetupDoctors } from './setup-doctors.tsx'
import { SetupHours } from './setup-hours.tsx'
import type { StepProps } from './setup-parts.tsx'
import { SetupServices } from './setup-services.tsx'
import { doneOf, FINISHED, firstOpen, pass, passedAt, type SetupStep, steps } from './setup-state.ts'
import { StateLine } from './state-line.tsx'
import { useClinic } from './use-clinic.ts'

const screens = {
  clinic: SetupClinic,
  services: SetupServices,
  doctors: SetupDoctors,
  hours: SetupHours,
  desk: SetupDesk,
}

const useDesk = (clinicId: string) => {
  const { data, previousData, error, refetch } = useQuery(AdminUsersDocument, {
    variables: { clinicId, after: null },
    fetchPolicy: 'no-cache',
  })
  const users = (data ?? previousData)?.users?.edges.map(({ node }) => node)
  const found = users?.find(({ role, active }) => role === 'RECEPTIONIST' && active)
  const desk: Desk | null = found ? { name: found.name, username: found.username ?? '' } : null
  return { isKnown: users !== undefined, desk, error, refetch: () => refetch().catch(() => undefined) }
}

/** From a clinic with nothing in it to the first called patient, in five steps. */
export const Setup = () => {
  const { clinic: own } = useStaff()
  const { clinic, error, refetch } = useClinic()
  const users = useDesk(own.id)
  const reload = () => Promise.all([refetch(), users.refetch()])
  if (!clinic || !users.isKnown) return <StateLine error={error ?? users.error} retry={() => void reload()} />
  return <Steps clinic={clinic} desk={users.desk} onSaved={reload} />
}

const Steps = ({ clinic, desk, onSaved }: Omit<StepProps, 'onNext' | 'onBack'>) => {
  const { t } = useTranslation()
  const [passed, setPassed] = useState(() => passedAt(clinic.id))
  const doctors = clinic.doctors.map(({ hours }) => ({ hours: hours ?? [] }))
  const { address, services } = clinic
  const done = doneOf({ address, services, doctors, hasDesk: desk !== null }, passed)
  const [step, setStep] = useState<SetupStep>(() => firstOpen(done, passed))
  const hasMoved = useRef(false)
  const go = (next: SetupStep) => {
    hasMoved.current = true
    setStep(next)
  }
  const at = steps.indexOf(step)
  const before = steps[at - 1]
  const goBack = () => before && go(before)
  const goOn = () => {
    pass(clinic.id, step)
    setPassed((earlier) => [...earlier, step])
    const next = steps[at + 1]
    if (next) return go(next)
    pass(clinic.id, FINISHED)
    location.hash = 'manager/people'
  }
  const Present = screens[step]
  return (
    <>
      <p className="quiet">{t('setup.text')}</p>
      <nav aria-label={t('setup.steps')}>
        <ol className="setup-steps">
          {steps.map((name, index) => (
            <li key={name}>
              <button type="button" aria-current={name === step ? 'step' : undefined} onClick={() => go(name)}>
                <span className={done.includes(name) ? 'setup-mark is-done' : 'setup-mark'} aria-hidden="true">
                  {done.includes(name) ? '✓' : index + 1}
                </span>
                {t(`setup.names.${name}`)}
                {done.includes(name) && <span className="only-read">, {t('setup.isDone')}</span>}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <section className="setup-step" aria-labelledby="setup-title" key={step}>
        <StepTitle
          text={t('setup.step', { at: at + 1, all: steps.length, title: t(`setup.titles.${step}`) })}
          isNew={hasMoved.current}
        />
        <Present clinic={clinic} desk={desk} onSaved={onSaved} onNext={goOn} onBack={goBack} />
        {(step !== 'desk' || !desk) && (
          <div className="setup-end">
            {before && <Button onPress={goBack}>{t('setup.back')}</Button>}
            {step !== 'clinic' && done.includes(step) && (
              <Button kind="main" onPress={goOn}>
                {t('setup.next')}
              </Button>
            )}
            {!done.includes(step) && (
              <Button kind="plain" onPress={goOn}>
                {t(step === 'desk' ? 'setup.desk.later' : 'setup.skip')}
              </Button>
            )}
          </div>
        )}
      </section>
    </>
  )
}

/** Whoever moved to a step hears first what it is. */
const StepTitle = ({ text, isNew }: { text: string; isNew: boolean }) => {
  const heading = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the step begins.
  useEffect(() => {
    if (isNew) heading.current?.focus()
  }, [])
  return (
    <h2 id="setup-title" ref={heading} tabIndex={-1}>
      {text}
    </h2>
  )
}
