import { calendarFile } from '@anteroom/api/appointment/ics'
import { usePendingMark } from '@anteroom/offline/react'
import { useMutation, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import { Slots } from '../book/slots.tsx'
import { device } from '../device'
import {
  CancelDocument,
  ImHereDocument,
  MoveDocument,
  OneBookingDocument,
  type OwnBookingFragment,
  SayLateDocument,
} from '../generated/graphql.ts'
import { go, goBack, goOn } from '../navigation.ts'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { clinicDayOf, shortDay, timeOfDay } from '../texts/times.ts'
import { Directions } from '../turn/directions.tsx'
import { Button } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { Cell, Cells, Pass } from '../ui/pass.tsx'
import { Problem } from '../ui/problem.tsx'
import { SyncBand } from '../ui/sync-band.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

const isToday = ({ startsAt, service: { clinic } }: OwnBookingFragment): boolean =>
  clinicDayOf(startsAt, clinic.timeZone, clinic.dayStartsAt) ===
  clinicDayOf(Date.now(), clinic.timeZone, clinic.dayStartsAt)

const CancelIt = ({ id }: { id: string }) => {
  const t = useTexts()
  const [cancel] = useMutation(CancelDocument)
  const { isBusy, problem, run } = useAct()
  const [isSure, setSure] = useState(false)
  if (!isSure) return <Button onPress={() => setSure(true)}>{t.booking.cancel}</Button>
  return (
    <View style={{ gap: 2 * step }}>
      <Words role="alert" size="small">
        {t.booking.cancelSure}
      </Words>
      <Problem text={problem} />
      <Button isDisabled={isBusy} onPress={() => void run(() => cancel({ variables: { id, reason: null } }))}>
        {t.booking.cancelYes}
      </Button>
      <Button kind="main" onPress={() => setSure(false)}>
        {t.booking.cancelNo}
      </Button>
    </View>
  )
}

const MINUTES_LATE = [5, 10, 15, 30, 60]

const RunningLate = ({ id }: { id: string }) => {
  const t = useTexts()
  const [sayLate] = useMutation(SayLateDocument)
  const { isBusy, problem, run } = useAct()
  const [isAsking, setAsking] = useState(false)
  const say = (minutes: number) =>
    run(() => sayLate({ variables: { appointmentId: id, minutes } })).then((isDone) => isDone && setAsking(false))
  if (!isAsking) return <Button onPress={() => setAsking(true)}>{t.booking.late}</Button>
  return (
    <View style={{ gap: 2 * step }}>
      <Words size="small">{t.booking.lateText}</Words>
      <View style={{ flexDirection: 'row', flexWrap: 'wrap', gap: 2 * step }}>
        {MINUTES_LATE.map((minutes) => (
          <Button key={minutes} isDisabled={isBusy} onPress={() => void say(minutes)}>
            {t.book.minutes(minutes)}
          </Button>
        ))}
      </View>
      <Problem text={problem} />
    </View>
  )
}

/** The appointment for the phone's own calendar; never why the patient comes, for calendars are shared. */
const calendarEntryOf = (booking: OwnBookingFragment) => {
  const { id, version, startsAt, endsAt, service, bound, doctor } = booking
  const title = `${service.name}, ${service.clinic.name}`
  const place = [service.clinic.name, service.clinic.address].filter(Boolean).join('\n')
  const notes = [bound ? doctor.name : null, service.clinic.directions].filter(Boolean).join('\n')
  return {
    title,
    startsAt,
    endsAt,
    location: place,
    notes,
    ics: calendarFile(
      {
        id,
        version,
        startsAt: new Date(startsAt),
        endsAt: new Date(endsAt),
        title,
        place,
        notes: notes || null,
        isCancelled: booking.status === 'CANCELLED',
      },
      new Date(),
    ),
  }
}

const useBooking = (id: string) => {
  const { data, loading } = useQuery(OneBookingDocument, { variables: { id }, fetchPolicy: 'cache-and-network' })
  return { booking: data?.appointment ?? null, isLoading: loading }
}

const Missing = ({ isLoading }: { isLoading: boolean }) => {
  const t = useTexts()
  return (
    <Page>
      <Words role="status">{isLoading ? t.loading : t.booking.gone}</Words>
    </Page>
  )
}

/** One appointment, and what can be done with it. */
export const Booking = ({ id }: { id: string }) => {
  const t = useTexts()
  const { booking, isLoading } = useBooking(id)
  const mark = usePendingMark(id)
  const [checkIn] = useMutation(ImHereDocument)
  const { isBusy, problem, run } = useAct()
  if (!booking) return <Missing isLoading={isLoading} />
  const { startsAt, service, status, doctor, bound, lateMinutes, queueEntry } = booking
  const here = () =>
    run(async () => {
      const { data } = await checkIn({ variables: { appointmentId: id } })
      if (data) goOn(`/turn/${data.checkIn.id}`)
    })
  return (
    <Page title={t.booking.title} onBack={() => goOn('/')}>
      <SyncBand />
      <Pass
        head={
          <>
            <Words isStrong>{service.name}</Words>
            <Words size="small">{service.clinic.name}</Words>
          </>
        }
      >
        <Cells>
          <Cell label={t.pass.day} isLarge>
            {shortDay(startsAt, t.language, service.clinic.timeZone)}
          </Cell>
          <Cell label={t.pass.time} isLarge>
            {timeOfDay(startsAt, t.language, service.clinic.timeZone)}
          </Cell>
          <Cell label={t.pass.doctor}>{bound ? doctor.name : t.booking.anyDoctor}</Cell>
          {booking.patient && <Cell label={t.pass.patient}>{booking.patient.name}</Cell>}
          <Cell label={t.pass.state}>{t.state[status]}</Cell>
        </Cells>
        {lateMinutes !== null && status === 'BOOKED' && <Words size="small">{t.booking.lateSaid(lateMinutes)}</Words>}
        {mark && <Words size="small">{t.booking.pending}</Words>}
      </Pass>
      <Problem text={problem} />
      {status === 'CHECKED_IN' && queueEntry && (
        <Button kind="main" onPress={() => go(`/turn/${queueEntry.id}`)}>
          {t.booking.turn}
        </Button>
      )}
      {status === 'BOOKED' && (
        <View style={{ gap: 3 * step }}>
          {isToday(booking) ? (
            <Button kind="main" isDisabled={isBusy} onPress={() => void here()}>
              {t.booking.here}
            </Button>
          ) : (
            <Words size="small" isQuiet>
              {t.booking.hereHint}
            </Words>
          )}
          {isToday(booking) && <RunningLate id={id} />}
          <Button onPress={() => void run(() => device.addToCalendar(calendarEntryOf(booking)))}>
            {t.booking.calendar}
          </Button>
          <Button onPress={() => go(`/move/${id}`)}>{t.booking.move}</Button>
          <CancelIt id={id} />
          <Directions clinic={service.clinic} />
        </View>
      )}
    </Page>
  )
}

/** Another time for an appointment; a doctor who was asked for stays. */
export const MoveBooking = ({ id }: { id: string }) => {
  const t = useTexts()
  const { booking, isLoading } = useBooking(id)
  const [move] = useMutation(MoveDocument)
  const { problem, run } = useAct()
  if (!booking) return <Missing isLoading={isLoading} />
  const { service, bound, doctor, startsAt: except } = booking
  return (
    <Page title={t.book.moveTitle}>
      <SyncBand />
      <Problem text={problem} />
      <Slots
        serviceId={service.id}
        doctorId={bound ? doctor.id : null}
        timeZone={service.clinic.timeZone}
        except={except}
        onChoose={({ startsAt }) =>
          void run(() => move({ variables: { input: { id, startsAt, doctorId: bound ? doctor.id : null } } })).then(
            (isDone) => isDone && goBack(),
          )
        }
      />
    </Page>
  )
}
