import '../locales/later.ts'
import { useQuery } from '@apollo/client/react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Acts } from '../board/acts.ts'
import type { Found } from '../board/finder.tsx'
import { useArrivals } from '../booking/bookings.ts'
import { AddWalkInDocument, CheckInDocument, type RowFragment, type Urgency } from '../generated/graphql.ts'
import { PersonDetailsDocument } from '../generated/later.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useKeys } from '../ui/keys.ts'
import { timeOfDay } from '../ui/times.ts'

export type Person = Extract<Found, { kind: 'person' }>['person']

type Props = {
  person: Person
  acts: Acts
  onAdded: (entry: RowFragment) => void
  onBook: (person: Person) => void
  onClose: () => void
}

const MergeDialog = lazy(() => import('./merge-dialog.tsx').then(({ MergeDialog }) => ({ default: MergeDialog })))

const FIRST_FREE = 'first-free'

/** Somebody stands at the desk: into which queue, or which slot? A digit answers. */
export const PersonDialog = ({ person: found, acts, onAdded, onBook, onClose }: Props) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const [kept, setKept] = useState<Person | null>(null)
  // Who was found by a code came without details; those of a patient of this clinic are known.
  const { data: known } = useQuery(PersonDetailsDocument, {
    variables: { id: found.id },
    skip: found.phoneNumber !== null || found.dateOfBirth !== null,
  })
  const person: Person = kept ?? known?.patient ?? found
  const [isMerging, setMerging] = useState(false)
  const [reason, setReason] = useState('')
  const [urgency, setUrgency] = useState<Urgency>('ROUTINE')
  const [doctorId, setDoctorId] = useState(FIRST_FREE)
  const [isBusy, setBusy] = useState(false)
  const expected = useArrivals()?.filter(({ patient }) => patient?.id === person.id) ?? []

  /** Waits from now on, whichever way. */
  const enter = async (act: Promise<RowFragment | null>) => {
    setBusy(true)
    const entry = await act
    setBusy(false)
    if (!entry) return
    onAdded(entry)
    onClose()
  }
  const checkIn = (appointmentId: string) => {
    if (!isBusy) void enter(acts.change('checkIn', CheckInDocument, { appointmentId }))
  }
  const add = (serviceId: string) => {
    if (isBusy) return
    const input = {
      patientId: person.id,
      serviceId,
      urgency,
      reason: reason.trim() || null,
      doctorId: doctorId === FIRST_FREE ? null : doctorId,
    }
    void enter(acts.change('walkIn', AddWalkInDocument, { input }))
  }
  useKeys(
    {
      ...Object.fromEntries(clinic.services.slice(0, 9).map(({ id }, at) => [String(at + 1), () => add(id)])),
      b: () => onBook(person),
      m: () => setMerging(true),
    },
    { inDialog: !isMerging },
  )
  if (isMerging)
    return (
      <Suspense>
        <MergeDialog
          person={person}
          onMerged={(merged) => {
            setKept(merged)
            setMerging(false)
          }}
          onClose={() => setMerging(false)}
        />
      </Suspense>
    )

  const doctors = new Map(clinic.services.flatMap((service) => service.doctors.map(({ id, name }) => [id, name])))
  return (
    <Dialog title={person.name} onClose={onClose}>
      <p className="quiet">
        {[person.phoneNumber, person.dateOfBirth].filter(Boolean).join(' · ') || t('person.noDetails')}
      </p>
      <div className="choices">
        {expected.map((booking, at) => (
          <Button
            key={booking.id}
            {...(at === 0 ? { kind: 'main' as const, shortcut: '↵' } : {})}
            autoFocus={at === 0}
            onPress={() => checkIn(booking.id)}
          >
            {t('person.checkIn', {
              time: timeOfDay(booking.startsAt, clinic.timeZone, i18n.language),
              service: booking.service.name,
            })}
          </Button>
        ))}
        {clinic.services.map(({ id, name, open, closedReason }, at) => (
          <Button
            key={id}
            {...(at === 0 && expected.length === 0 ? { kind: 'main' as const } : {})}
            shortcut={String(at + 1)}
            isDisabled={!open}
            autoFocus={at === 0 && expected.length === 0}
            onPress={() => add(id)}
          >
            {open
              ? t('person.waitFor', { service: name })
              : t('person.closed', { service: name, reason: closedReason ?? '' })}
          </Button>
        ))}
        <Button shortcut="B" onPress={() => onBook(person)}>
          {t('person.book')}
        </Button>
        <Button shortcut="M" onPress={() => setMerging(true)}>
          {t('merge.open')}
        </Button>
      </div>
      <Field
        label={t('person.reason')}
        hint={t('person.reasonHint')}
        value={reason}
        onChange={setReason}
        maxLength={1000}
      />
      <div className="choices in-line">
        <Choice
          label={t('urgency.label')}
          value={urgency}
          options={(['ROUTINE', 'URGENT', 'EMERGENCY'] as const).map((id) => ({ id, name: t(`urgency.${id}`) }))}
          onChange={(id) => setUrgency(id as Urgency)}
        />
        <Choice
          label={t('person.doctor')}
          value={doctorId}
          options={[
            { id: FIRST_FREE, name: t('person.firstFree') },
            ...[...doctors].map(([id, name]) => ({ id, name })),
          ]}
          onChange={setDoctorId}
        />
      </div>
    </Dialog>
  )
}
