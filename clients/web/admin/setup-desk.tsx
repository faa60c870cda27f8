import { useApolloClient } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLink } from '../connection.ts'
import { DisplayUpdatedDocument, type ScreenFragment } from '../generated/later.ts'
import { usePlace } from '../session/session.tsx'
import { staySubscribed } from '../stay-subscribed.ts'
import { Button } from '../ui/button.tsx'
import type { StepProps } from './setup-parts.tsx'
import { SetupPerson } from './setup-person.tsx'

export type Desk = { name: string; username: string }

/** What the waiting room shows, as it happens. */
const useWaitingRoom = (clinicId: string): ScreenFragment | null => {
  const client = useApolloClient()
  const [screen, setScreen] = useState<ScreenFragment | null>(null)
  useEffect(
    () =>
      staySubscribed(client, DisplayUpdatedDocument, { clinicId }, ({ displayUpdated }) => setScreen(displayUpdated)),
    [client, clinicId],
  )
  return screen
}

/** The log-in of the desk, and then the first patient: the desk's own work, seen from here while it happens. */
export const SetupDesk = ({ clinic, desk, onSaved, onNext, onBack }: StepProps) => {
  const { t } = useTranslation()
  return desk ? (
    <FirstPatient clinicId={clinic.id} desk={desk} onNext={onNext} onBack={onBack} />
  ) : (
    <>
      <p className="quiet">{t('setup.desk.text')}</p>
      <SetupPerson
        kind="RECEPTIONIST"
        clinicId={clinic.id}
        services={[]}
        act={t('setup.desk.add')}
        isMain
        onSaved={onSaved}
      />
    </>
  )
}

type FirstProps = Pick<StepProps, 'onNext' | 'onBack'> & { clinicId: string; desk: Desk }

const FirstPatient = ({ clinicId, desk, onNext, onBack }: FirstProps) => {
  const { t } = useTranslation()
  const { isLive } = useLink(usePlace().connection)
  const screen = useWaitingRoom(clinicId)
  const called = screen?.called[0]
  const waits = screen?.waiting[0]
  return (
    <>
      <p className="strong">{t('setup.desk.ready', desk)}</p>
      <p>{t('setup.desk.todo')}</p>
      <ol className="setup-todo">
        <li>{t('setup.desk.open', { address: location.host, username: desk.username })}</li>
        <li>{t('setup.desk.find')}</li>
        <li>{t('setup.desk.ticket')}</li>
        <li>{t('setup.desk.call')}</li>
      </ol>
      <p className={called ? 'setup-news is-done' : 'setup-news'} role="status">
        {!isLive
          ? t('setup.desk.lost')
          : called
            ? t('setup.desk.called', { ticket: called.ticket })
            : waits
              ? t('setup.desk.waits', { ticket: waits.ticket })
              : t('setup.desk.nobody')}
      </p>
      <h3>{t('setup.desk.after')}</h3>
      <ul className="points">
        <li>
          <a href={`/display/${clinicId}`} target="_blank" rel="noreferrer">
            {t('setup.desk.display')} <span aria-hidden="true">↗</span>
          </a>
        </li>
        <li>
          <a href="#manager/posters">{t('setup.desk.posters')}</a>
        </li>
      </ul>
      <div className="setup-end">
        <Button onPress={onBack}>{t('setup.back')}</Button>
        <Button kind={called ? 'main' : 'plain'} onPress={onNext}>
          {t(called ? 'setup.desk.finish' : 'setup.desk.later')}
        </Button>
      </div>
    </>
  )
}
