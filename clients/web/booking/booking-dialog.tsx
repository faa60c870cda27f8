import '../locales/later.ts'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  BookAppointmentDocument,
  type BookingFragment,
  FreeSlotsDocument,
  RescheduleAppointmentDocument,
} from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { serverNow } from '../ui/clock.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { wordsFor } from '../ui/refusal.ts'
import { addDays, dayName, dayOf, timeOfDay } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { slotsByDoctor } from './slots-by-doctor.ts'

type Props = {
  /** Who books, or the booking that moves to another slot. */
  subject: { patient: { id: string; name: string } } | { booking: BookingFragment }
  onClose: () => void
}

/** A day's free slots by doctor; one tap books, and what was typed stays where the slot was just taken. */
export const BookingDialog = ({ subject, onClose }: Props) => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const { clinic } = useStaff()
  const today = dayOf(serverNow(), clinic.timeZone)
  const moved = 'booking' in subject ? subject.booking : null
  const [serviceId, setServiceId] = useState(moved?.service.id ?? clinic.services[0]?.id ?? '')
  const [day, setDay] = useState(moved ? dayOf(Date.parse(moved.startsAt), clinic.timeZone) : today)
  const [reason, setReason] = useState('')
  const [bindsDoctor, setBindsDoctor] = useState(moved?.bound ?? false)
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const { data, loading, refetch } = useQuery(FreeSlotsDocument, {
    variables: { serviceId, day },
    fetchPolicy: 'network-only',
  })
  const columns = slotsByDoctor(data?.availableSlots ?? [])
  const at = (instant: string) => timeOfDay(instant, clinic.timeZone, i18n.language)

  const take = async (startsAt: string, doctorId: string) => {
    setBusy(true)
    setProblem(null)
    try {
      if (moved)
        await client.mutate({
          mutation: RescheduleAppointmentDocument,
          variables: { input: { id: moved.id, startsAt, ...(bindsDoctor ? { doctorId } : {}) } },
        })
      else if ('patient' in subject)
        await client.mutate({
          mutation: BookAppointmentDocument,
          variables: {
            input: {
              patientId: subject.patient.id,
              serviceId,
              startsAt,
              reason: reason.trim() || null,
              ...(bindsDoctor ? { doctorId } : {}),
            },
          },
        })
      say(t('booking.done', { day: dayName(day, i18n.language), time: at(startsAt) }))
      onClose()
    } catch (error) {
      setProblem(wordsFor(error, t))
      await refetch().catch(() => undefined)
    } finally {
      setBusy(false)
    }
  }

  const name = moved ? (moved.patient?.name ?? '') : 'patient' in subject ? subject.patient.name : ''
  return (
    <Dialog title={t(moved ? 'booking.moveTitle' : 'booking.title', { name })} isBroad onClose={onClose}>
      <div className="booking-head">
        {!moved && (
          <Choice label={t('booking.service')} value={serviceId} options={clinic.services} onChange={setServiceId} />
        )}
        <Field label={t('booking.day')} type="date" value={day} onChange={(next) => next && setDay(next)} />
        <div className="tabs">
          <Button aria-label={t('booking.before')} isDisabled={day <= today} onPress={() => setDay(addDays(day, -1))}>
            ‹
          </Button>
          <Button aria-label={t('booking.after')} onPress={() => setDay(addDays(day, 1))}>
            ›
          </Button>
        </div>
        <Choice
          label={t('booking.doctor')}
          value={bindsDoctor ? 'this' : 'any'}
          options={[
            { id: 'any', name: t('booking.anyDoctor') },
            { id: 'this', name: t('booking.thisDoctor') },
          ]}
          onChange={(id) => setBindsDoctor(id === 'this')}
        />
      </div>
      {!moved && (
        <Field
          label={t('person.reason')}
          hint={t('person.reasonHint')}
          value={reason}
          onChange={setReason}
          maxLength={1000}
        />
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
      <h3>{dayName(day, i18n.language)}</h3>
      {columns.length === 0 ? (
        <p className="quiet">{loading ? t('booking.looking') : t('booking.none')}</p>
      ) : (
        <div className="slots">
          {columns.map(({ doctor, slots }) => (
            <section key={doctor.id} aria-label={doctor.name}>
              <h3>{doctor.name}</h3>
              <div className="slot-list">
                {slots.map(({ startsAt }) => (
                  <Button key={startsAt} isDisabled={isBusy} onPress={() => void take(startsAt, doctor.id)}>
                    {at(startsAt)}
                  </Button>
                ))}
              </div>
            </section>
          ))}
        </div>
      )}
    </Dialog>
  )
}
