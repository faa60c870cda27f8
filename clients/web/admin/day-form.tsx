import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BookingsOutsideDocument, SetDoctorExceptionDocument } from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import type { DoctorDetails } from './doctor-hours.tsx'
import { BookingList } from './outside.tsx'
import { typedTime } from './typed-hours.ts'
import { adminWords } from './words.ts'

type Props = { doctor: DoctorDetails; timeZone: string; onSaved: () => void; onClose: () => void }

/** Leave or extra hours on one day; leave shows which bookings it touches before it is saved. */
export const DayForm = ({ doctor, timeZone, onSaved, onClose }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [day, setDay] = useState('')
  const [kind, setKind] = useState<'LEAVE' | 'EXTRA'>('LEAVE')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const [reason, setReason] = useState('')
  const [isTried, setTried] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  const isDay = /^\d{4}-\d\d-\d\d$/.test(day)
  const isWhole = from.trim() === '' && to.trim() === ''
  const times = { from: typedTime(from), to: typedTime(to) }
  const areTimes = isWhole ? kind === 'LEAVE' : times.from !== null && times.to !== null && times.from < times.to
  const { data, loading, error } = useQuery(BookingsOutsideDocument, {
    variables: { plan: { doctorId: doctor.id, leave: { day, ...(isWhole ? {} : times) } } },
    skip: kind !== 'LEAVE' || !isDay || !areTimes,
    fetchPolicy: 'no-cache',
  })
  const touched = (kind === 'LEAVE' && isDay && areTimes && data?.bookingsOutside) || []

  const save = async () => {
    setTried(true)
    if (!isDay || !areTimes || loading) return
    const hours = isWhole ? {} : times
    const input = { doctorId: doctor.id, day, kind, ...hours, reason: reason.trim() || null }
    try {
      await client.mutate({ mutation: SetDoctorExceptionDocument, variables: { input } })
      onSaved()
    } catch (failure) {
      setProblem(adminWords(failure, t))
    }
  }

  return (
    <Dialog title={t('admin.hours.addTitle', { name: doctor.name })} onClose={onClose}>
      <form
        className="choices"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Choice
          label={t('admin.hours.kind')}
          value={kind}
          options={(['LEAVE', 'EXTRA'] as const).map((id) => ({ id, name: t(`admin.hours.${id}`) }))}
          onChange={(id) => setKind(id as 'LEAVE' | 'EXTRA')}
        />
        <Field
          label={t('admin.hours.day')}
          type="date"
          value={day}
          onChange={setDay}
          problem={isTried && !isDay ? t('admin.hours.dayMissing') : undefined}
        />
        <Field
          label={t('admin.hours.from')}
          value={from}
          onChange={setFrom}
          placeholder="08:30"
          hint={kind === 'LEAVE' ? t('admin.hours.leaveHint') : undefined}
          autoComplete="off"
        />
        <Field
          label={t('admin.hours.to')}
          value={to}
          onChange={setTo}
          placeholder="12:00"
          problem={isTried && !areTimes ? t('admin.hours.both') : undefined}
          autoComplete="off"
        />
        <Field
          label={t('admin.hours.why')}
          value={reason}
          onChange={setReason}
          maxLength={200}
          hint={t('admin.optional')}
        />
        <div role="status">
          {touched.length > 0 && (
            <div className="notice">
              <p className="strong">{t('admin.hours.touches', { count: touched.length })}</p>
              <BookingList bookings={touched} timeZone={timeZone} />
            </div>
          )}
        </div>
        <p className="problem" role="alert">
          {problem ?? (error ? adminWords(error, t) : null)}
        </p>
        <div className="dialog-end">
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" isDisabled={loading}>
            {t(touched.length > 0 ? 'admin.hours.addAnyway' : 'admin.hours.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
