import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type BookingsOutsideQuery, CancelBookingsOutsideDocument } from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { dayName, dayOf, timeOfDay } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { adminWords } from './words.ts'

export type Booking = NonNullable<BookingsOutsideQuery['bookingsOutside']>[number]

const SHOWN = 12

/** Bookings by day and time; whose they are, is for the desk. */
export const BookingList = ({ bookings, timeZone }: { bookings: readonly Booking[]; timeZone: string }) => {
  const { t, i18n } = useTranslation()
  const left = bookings.length - SHOWN
  return (
    <ul className="points">
      {bookings.slice(0, SHOWN).map(({ id, startsAt, service }) => (
        <li key={id}>
          {dayName(dayOf(Date.parse(startsAt), timeZone), i18n.language)},{' '}
          {timeOfDay(startsAt, timeZone, i18n.language)} · {service.name}
        </li>
      ))}
      {left > 0 && <li>{t('admin.hours.more', { count: left })}</li>}
    </ul>
  )
}

type Props = { doctorId: string; bookings: readonly Booking[]; timeZone: string; onDone: () => void }

/** What the saved hours have no room for, and the offer to tell those patients. */
export const Outside = ({ doctorId, bookings, timeZone, onDone }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const count = bookings.length
  const cancel = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const appointmentIds = bookings.slice(0, 500).map(({ id }) => id)
      const variables = { doctorId, appointmentIds, reason: reason.trim() || null }
      await client.mutate({ mutation: CancelBookingsOutsideDocument, variables })
      say(t('admin.hours.cancelled'))
      onDone()
    } catch (error) {
      setProblem(adminWords(error, t))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="notice choices" aria-labelledby="outside-title">
      <h2 id="outside-title">{t('admin.hours.outside', { count })}</h2>
      <BookingList bookings={bookings} timeZone={timeZone} />
      <p className="small">{t('admin.hours.outsideText')}</p>
      <Field
        label={t('admin.hours.reason')}
        hint={t('admin.optional')}
        value={reason}
        onChange={setReason}
        maxLength={500}
      />
      <p className="problem" role="alert">
        {problem}
      </p>
      <div>
        <Button isDisabled={isBusy} onPress={() => void cancel()}>
          {t('admin.hours.cancel', { count })}
        </Button>
      </div>
    </section>
  )
}
