import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  BookingsOutsideDocument,
  RemoveDoctorExceptionDocument,
  SetDoctorExceptionDocument,
} from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { dayName } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { DayForm } from './day-form.tsx'
import type { DoctorDetails } from './doctor-hours.tsx'
import { type Booking, BookingList } from './outside.tsx'
import { adminWords } from './words.ts'

type Exception = NonNullable<DoctorDetails['exceptions']>[number]
type Props = { doctor: DoctorDetails; timeZone: string; onChanged: () => Promise<unknown> }

/** Leave and extra hours still to come. */
export const SingleDays = ({ doctor, timeZone, onChanged }: Props) => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const [isAdding, setAdding] = useState(false)
  const [asked, setAsked] = useState<{ exception: Exception; touched: readonly Booking[] } | null>(null)

  const hoursOf = ({ from, to }: Exception) =>
    from === '00:00' && to === '24:00' ? t('admin.hours.wholeDay') : `${from}–${to}`

  const remove = async ({ id, day, kind, from, to, reason }: Exception) => {
    setAsked(null)
    try {
      await client.mutate({ mutation: RemoveDoctorExceptionDocument, variables: { id } })
      await onChanged()
      say(t('admin.hours.removed', { day: dayName(day, i18n.language) }), {
        seconds: 12,
        undo: () => void putBack({ doctorId: doctor.id, day, kind, from, to, reason }),
      })
    } catch (error) {
      say(adminWords(error, t))
    }
  }
  const putBack = async (input: { doctorId: string } & Omit<Exception, 'id'>) => {
    try {
      await client.mutate({ mutation: SetDoctorExceptionDocument, variables: { input } })
      await onChanged()
    } catch (error) {
      say(adminWords(error, t))
    }
  }
  /** Leave that is taken back touches no booking; extra hours may. */
  const ask = async (exception: Exception) => {
    if (exception.kind === 'LEAVE') return remove(exception)
    try {
      const { data } = await client.query({
        query: BookingsOutsideDocument,
        variables: { plan: { doctorId: doctor.id, withoutException: exception.id } },
        fetchPolicy: 'no-cache',
      })
      const touched = data?.bookingsOutside ?? []
      if (touched.length === 0) return remove(exception)
      setAsked({ exception, touched })
    } catch (error) {
      say(adminWords(error, t))
    }
  }

  return (
    <section className="choices" aria-labelledby="days-title">
      <h2 id="days-title">{t('admin.hours.days')}</h2>
      {(doctor.exceptions ?? []).length === 0 && <p className="quiet">{t('admin.hours.noDays')}</p>}
      <ul className="admin-list">
        {(doctor.exceptions ?? []).map((exception) => (
          <li key={exception.id} className="admin-row">
            <div>
              <p className="strong">{dayName(exception.day, i18n.language)}</p>
              <p className="small quiet">
                {[t(`admin.hours.${exception.kind}`), hoursOf(exception), exception.reason].filter(Boolean).join(' · ')}
              </p>
            </div>
            <Button
              aria-label={t('admin.hours.removeOf', { day: dayName(exception.day, i18n.language) })}
              onPress={() => void ask(exception)}
            >
              {t('admin.hours.remove')}
            </Button>
          </li>
        ))}
      </ul>
      <div>
        <Button onPress={() => setAdding(true)}>{t('admin.hours.add')}</Button>
      </div>
      {isAdding && (
        <DayForm
          doctor={doctor}
          timeZone={timeZone}
          onSaved={() => {
            setAdding(false)
            say(t('admin.saved'))
            void onChanged()
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {asked && (
        <Dialog title={t('admin.hours.removeTitle')} onClose={() => setAsked(null)}>
          <p>{t('admin.hours.touches', { count: asked.touched.length })}</p>
          <BookingList bookings={asked.touched} timeZone={timeZone} />
          <div className="dialog-end">
            <Button autoFocus onPress={() => setAsked(null)}>
              {t('cancel')}
            </Button>
            <Button kind="main" onPress={() => void remove(asked.exception)}>
              {t('admin.hours.remove')}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  )
}
