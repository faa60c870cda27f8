import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Acts } from '../board/acts.ts'
import type { Found } from '../board/finder.tsx'
import { AddWalkInDocument, type RowFragment, type Urgency } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useKeys } from '../ui/keys.ts'

export type Person = Extract<Found, { kind: 'person' }>['person']

type Props = {
  person: Person
  acts: Acts
  onAdded: (entry: RowFragment) => void
  onBook: (person: Person) => void
  onClose: () => void
}

const FIRST_FREE = 'first-free'

/** Somebody stands at the desk: into which queue, or which slot? A digit answers. */
export const PersonDialog = ({ person, acts, onAdded, onBook, onClose }: Props) => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const [reason, setReason] = useState('')
  const [urgency, setUrgency] = useState<Urgency>('ROUTINE')
  const [doctorId, setDoctorId] = useState(FIRST_FREE)
  const [isBusy, setBusy] = useState(false)

  const add = async (serviceId: string) => {
    if (isBusy) return
    setBusy(true)
    const entry = await acts.change('walkIn', AddWalkInDocument, {
      input: {
        patientId: person.id,
        serviceId,
        urgency,
        reason: reason.trim() || null,
        doctorId: doctorId === FIRST_FREE ? null : doctorId,
      },
    })
    setBusy(false)
    if (!entry) return
    onAdded(entry)
    onClose()
  }
  useKeys(
    {
      ...Object.fromEntries(clinic.services.slice(0, 9).map(({ id }, at) => [String(at + 1), () => void add(id)])),
      b: () => onBook(person),
    },
    { inDialog: true },
  )

  const doctors = new Map(clinic.services.flatMap((service) => service.doctors.map(({ id, name }) => [id, name])))
  return (
    <Dialog title={person.name} onClose={onClose}>
      <p className="quiet">
        {[person.phoneNumber, person.dateOfBirth].filter(Boolean).join(' · ') || t('person.noDetails')}
      </p>
      <div className="choices">
        {clinic.services.map(({ id, name, open, closedReason }, at) => (
          <Button
            key={id}
            {...(at === 0 ? { kind: 'main' as const } : {})}
            shortcut={String(at + 1)}
            isDisabled={!open}
            autoFocus={at === 0}
            onPress={() => void add(id)}
          >
            {open
              ? t('person.waitFor', { service: name })
              : t('person.closed', { service: name, reason: closedReason ?? '' })}
          </Button>
        ))}
        <Button shortcut="B" onPress={() => onBook(person)}>
          {t('person.book')}
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
