import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { ServiceForm } from './service-form.tsx'
import { StateLine } from './state-line.tsx'
import { type ClinicDetails, useClinic } from './use-clinic.ts'

export type ServiceDetails = ClinicDetails['services'][number]

/** What the clinic offers. */
export const Services = () => {
  const { t } = useTranslation()
  const { clinic, error, refetch } = useClinic()
  const [chosen, setChosen] = useState<ServiceDetails | 'new' | null>(null)
  if (!clinic) return <StateLine error={error} retry={() => void refetch()} />
  return (
    <>
      <p className="quiet">{t('admin.services.text')}</p>
      <p>
        <Button kind="main" onPress={() => setChosen('new')}>
          {t('admin.services.add')}
        </Button>
      </p>
      <ul className="admin-list">
        {clinic.services.map((service) => (
          <li key={service.id} className="admin-row">
            <span className="admin-letter strong">{service.ticketLetter}</span>
            <div>
              <p className="strong">
                {service.color && <span className="service-mark" data-color={service.color} aria-hidden="true" />}
                {service.name}
              </p>
              <p className="small quiet">
                {[
                  t('admin.services.slots', { minutes: service.slotMinutes }),
                  service.doctors.length > 0
                    ? t('admin.services.doctors', { count: service.doctors.length })
                    : t('admin.services.nobody'),
                  service.remoteJoin && t('admin.services.isRemote'),
                  service.doorJoin && t('admin.services.isDoor'),
                  !service.open && service.closedReason,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            </div>
            {!service.open && <span className="tag">{t('admin.services.closedNow')}</span>}
            <Button aria-label={t('admin.editOf', { name: service.name })} onPress={() => setChosen(service)}>
              {t('admin.edit')}
            </Button>
          </li>
        ))}
      </ul>
      {chosen && (
        <ServiceForm
          clinicId={clinic.id}
          service={chosen === 'new' ? null : chosen}
          onSaved={() => {
            setChosen(null)
            void refetch()
          }}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  )
}
