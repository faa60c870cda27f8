import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SetDoctorHoursDocument } from '../generated/admin.ts'
import { Field } from '../ui/field.tsx'
import { say } from '../ui/toasts.tsx'
import { Checks } from './checks.tsx'
import { type DoctorDetails, weekdayName } from './doctor-hours.tsx'
import { SetupForm, type StepProps, useSaving } from './setup-parts.tsx'
import { hoursText, typedHours } from './typed-hours.ts'

const weekdays = [1, 2, 3, 4, 5, 6, 7]

/** Days with the same hours together, as in Mon, Tue: 08:00-12:00. */
const linesOf = (hours: DoctorDetails['hours'], language: string): string => {
  const days = new Map<string, string[]>()
  for (const weekday of weekdays) {
    const times = hoursText((hours ?? []).filter((row) => row.weekday === weekday))
    if (times) days.set(times, [...(days.get(times) ?? []), weekdayName(weekday, language, 'short')])
  }
  return [...days].map(([times, names]) => `${names.join(', ')}: ${times}`).join(' · ')
}

/** The same weekly hours for several doctors at once; what differs is done afterwards. */
export const SetupHours = ({ clinic, onSaved }: StepProps) => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const saving = useSaving()
  const open = clinic.doctors.filter(({ hours }) => hours?.length === 0).map(({ id }) => id)
  const [touched, setTouched] = useState<readonly string[] | null>(null)
  const [days, setDays] = useState<readonly string[]>(['1', '2', '3', '4', '5'])
  const [times, setTimes] = useState('08:00-12:00, 13:00-17:00')
  const chosen = touched ?? open
  const stretches = typedHours(times)
  const isRight = stretches !== null && stretches.length > 0
  const submit = () => {
    if (chosen.length === 0) return saving.setProblem(t('setup.hours.nobody'))
    if (days.length === 0) return saving.setProblem(t('setup.hours.noDays'))
    if (!isRight) return saving.setProblem(null)
    return void saving.save(async () => {
      const hours = days.flatMap((day) => stretches.map((stretch) => ({ weekday: Number(day), ...stretch })))
      for (const doctorId of chosen)
        await client.mutate({ mutation: SetDoctorHoursDocument, variables: { input: { doctorId, hours } } })
      setTouched(null)
      say(t('admin.saved'))
      await onSaved()
    })
  }
  if (clinic.doctors.length === 0) return <p className="notice">{t('setup.hours.noDoctors')}</p>
  return (
    <>
      <p className="quiet">{t('setup.hours.text')}</p>
      <ul className="admin-list" aria-label={t('setup.doctors.made')}>
        {clinic.doctors.map(({ id, name, hours }) => (
          <li key={id} className="admin-row">
            <div>
              <p className="strong">{name}</p>
              <p className="small quiet">{linesOf(hours, i18n.language) || t('setup.hours.none')}</p>
            </div>
          </li>
        ))}
      </ul>
      <SetupForm act={t('setup.hours.save')} isMain={open.length > 0} saving={saving} onSubmit={submit}>
        <Checks label={t('setup.hours.whom')} options={clinic.doctors} chosen={chosen} onChange={setTouched} />
        <div className="setup-days">
          <Checks
            label={t('setup.hours.days')}
            options={weekdays.map((day) => ({ id: String(day), name: weekdayName(day, i18n.language) }))}
            chosen={days}
            onChange={(next) => setDays(next.toSorted())}
          />
        </div>
        <Field
          label={t('setup.hours.times')}
          value={times}
          onChange={setTimes}
          hint={t('setup.hours.timesHint')}
          problem={isRight ? undefined : t('admin.hours.form')}
          autoComplete="off"
        />
      </SetupForm>
    </>
  )
}
