import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Choice } from '../ui/choice.tsx'
import { DoctorHours } from './doctor-hours.tsx'
import { StateLine } from './state-line.tsx'
import { useClinic } from './use-clinic.ts'

/** When doctors see patients, one doctor at a time. */
export const Hours = () => {
  const { t } = useTranslation()
  const { clinic, today, error, refetch } = useClinic()
  const [chosen, setChosen] = useState<string | null>(null)
  if (!clinic) return <StateLine error={error} retry={() => void refetch()} />
  const doctor = clinic.doctors.find(({ id }) => id === chosen) ?? clinic.doctors[0]
  if (!doctor) return <p>{t('admin.hours.noDoctors')}</p>
  return (
    <>
      <p className="quiet">{t('admin.hours.text')}</p>
      <div className="admin-choose">
        <Choice
          label={t('admin.hours.doctor')}
          value={doctor.id}
          options={clinic.doctors.map(({ id, name }) => ({ id, name }))}
          onChange={setChosen}
        />
        <p className="small quiet">
          {[...doctor.services.map(({ name }) => name), doctor.onDuty && t('admin.hours.onDuty')]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      <DoctorHours key={doctor.id} doctor={doctor} timeZone={clinic.timeZone} today={today} onSaved={refetch} />
    </>
  )
}
