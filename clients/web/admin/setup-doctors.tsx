import { useApolloClient } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { UpdateUserDocument } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { say } from '../ui/toasts.tsx'
import { type StepProps, useSaving } from './setup-parts.tsx'
import { SetupPerson } from './setup-person.tsx'

/** Those who see patients, the one who sets the clinic up among them. */
export const SetupDoctors = ({ clinic, onSaved }: StepProps) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const staff = useStaff()
  const { problem, isSaving, save } = useSaving()
  const addMe = () =>
    save(async () => {
      const input = { serviceIds: clinic.services.map(({ id }) => id) }
      await client.mutate({ mutation: UpdateUserDocument, variables: { id: staff.id, input } })
      say(t('setup.doctors.meDone'))
      await onSaved()
    })
  if (clinic.services.length === 0) return <p className="notice">{t('setup.doctors.noServices')}</p>
  return (
    <>
      <p className="quiet">{t('setup.doctors.text')}</p>
      {clinic.doctors.length > 0 && (
        <ul className="admin-list" aria-label={t('setup.doctors.made')}>
          {clinic.doctors.map(({ id, name, services }) => (
            <li key={id} className="admin-row">
              <div>
                <p className="strong">{name}</p>
                <p className="small quiet">{services.map((service) => service.name).join(' · ')}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
      {!staff.doctor && (
        <div className="choices">
          <div>
            <Button isDisabled={isSaving} onPress={() => void addMe()}>
              {t('setup.doctors.me')}
            </Button>
          </div>
          <p className="problem" role="alert">
            {problem}
          </p>
        </div>
      )}
      <SetupPerson
        kind="DOCTOR"
        clinicId={clinic.id}
        services={clinic.services}
        act={t('setup.doctors.add')}
        isMain={clinic.doctors.length === 0}
        onSaved={onSaved}
      />
    </>
  )
}
