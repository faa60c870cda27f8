import { useApolloClient, useQuery } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import {
  BookingsOutsideDocument,
  CancelBookingsOutsideDocument,
  CreateUserDocument,
  type Role,
  UpdateUserDocument,
  type UpdateUserInput,
} from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { FormField } from '../ui/form-field.tsx'
import { codeOf } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import { Check, Checks } from './checks.tsx'
import { BookingList } from './outside.tsx'
import type { Member } from './people.tsx'
import { filled, username } from './rules.ts'
import { StateLine } from './state-line.tsx'
import { adminWords } from './words.ts'

type Props = { member: Member | null; onSaved: () => void; onClose: () => void }

const roles = ['RECEPTIONIST', 'DOCTOR', 'ADMIN'] as const

/** A new member of staff, or what can be changed of one. */
export const PersonForm = ({ member, onSaved, onClose }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const staff = useStaff()
  const { clinic } = staff
  const had = member?.doctor?.active ? member.doctor.services.map(({ id }) => id) : []
  const [role, setRole] = useState<Role>(member?.role ?? 'RECEPTIONIST')
  const [serviceIds, setServiceIds] = useState(had)
  const [isEnding, setEnding] = useState(false)
  const schema = z.object({
    name: filled(t, 200),
    username: member ? z.string() : username(t),
    password: z
      .string()
      .refine((text) => (member !== null && text === '') || text.length >= 8, t('admin.people.passwordForm')),
  })
  const { control, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: member?.name ?? '', username: member?.username ?? '', password: '' },
  })
  const update = async (id: string, input: UpdateUserInput) =>
    client.mutate({
      mutation: UpdateUserDocument,
      variables: { id, input },
    })

  const submit = handleSubmit(async ({ name, username, password }) => {
    const isSame = serviceIds.length === had.length && had.every((id) => serviceIds.includes(id))
    try {
      if (member) {
        const changed = { name, role, password: password || null, serviceIds: isSame ? null : serviceIds }
        await update(member.id, changed)
        say(t('admin.saved'))
      } else {
        const input = { clinicId: clinic.id, name, username, password, role, serviceIds }
        await client.mutate({ mutation: CreateUserDocument, variables: { input } })
        say(t('admin.people.created', { name, username }))
      }
      onSaved()
    } catch (error) {
      setError(codeOf(error) === 'USERNAME_TAKEN' ? 'username' : 'name', { message: adminWords(error, t) })
    }
  })

  const activate = async () => {
    if (!member) return
    try {
      await update(member.id, { active: true })
      say(t('admin.people.activated', { name: member.name }))
      onSaved()
    } catch (error) {
      setError('name', { message: adminWords(error, t) })
    }
  }

  if (member && isEnding)
    return (
      <Deactivation
        member={member}
        onSure={async () => {
          await update(member.id, { active: false })
          say(t('admin.people.deactivated', { name: member.name }))
          onSaved()
        }}
        onClose={() => setEnding(false)}
      />
    )
  return (
    <Dialog title={member?.name ?? t('admin.people.addTitle')} onClose={onClose}>
      <form className="choices" onSubmit={submit} noValidate>
        <FormField control={control} name="name" label={t('admin.people.name')} autoComplete="off" autoFocus />
        {!member && (
          <FormField
            control={control}
            name="username"
            label={t('admin.people.username')}
            hint={t('admin.people.usernameHint')}
            autoComplete="off"
          />
        )}
        <FormField
          control={control}
          name="password"
          type="password"
          label={t(member ? 'admin.people.newPassword' : 'admin.people.password')}
          hint={t(member ? 'admin.people.newPasswordHint' : 'admin.people.passwordHint')}
          autoComplete="new-password"
        />
        <Choice
          label={t('admin.people.role')}
          value={role}
          options={roles.map((id) => ({ id, name: t(`role.${id}`) }))}
          onChange={(id) => setRole(id as Role)}
        />
        <Checks
          label={t('admin.people.services')}
          options={clinic.services}
          chosen={serviceIds}
          onChange={setServiceIds}
        />
        <div className="dialog-end">
          {member && member.id !== staff.id && (
            <Button onPress={() => (member.active ? setEnding(true) : void activate())}>
              {t(member.active ? 'admin.people.deactivate' : 'admin.people.activate')}
            </Button>
          )}
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" isDisabled={formState.isSubmitting}>
            {t('admin.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

type DeactivationProps = { member: Member; onSure: () => Promise<void>; onClose: () => void }

const MOST_AT_ONCE = 500

/** Says what ends with a log-in before it does. */
const Deactivation = ({ member, onSure, onClose }: DeactivationProps) => {
  const { t } = useTranslation()
  const [problem, setProblem] = useState<string | null>(null)
  const isDoctor = Boolean(member.doctor?.active)
  const { data, error, refetch } = useQuery(BookingsOutsideDocument, {
    // Without hours there is room for none of the doctor's bookings: these are all that there are.
    variables: { plan: { doctorId: member.doctor?.id ?? '', hours: [] } },
    skip: !isDoctor,
    fetchPolicy: 'no-cache',
  })
  const { clinic } = useStaff()
  const client = useApolloClient()
  const [isTelling, setTelling] = useState(false)
  const [reason, setReason] = useState('')
  const bookings = data?.bookingsOutside ?? []
  const count = bookings.length
  const end = async () => {
    setProblem(null)
    try {
      // First, so that nobody is told of a doctor's leaving who then stays.
      await onSure()
      if (!isTelling || !member.doctor) return
      for (let from = 0; from < count; from += MOST_AT_ONCE) {
        const appointmentIds = bookings.slice(from, from + MOST_AT_ONCE).map(({ id }) => id)
        const variables = { doctorId: member.doctor.id, appointmentIds, reason: reason.trim() || null }
        await client.mutate({ mutation: CancelBookingsOutsideDocument, variables })
      }
      say(t('admin.hours.cancelled'))
    } catch (error) {
      setProblem(adminWords(error, t))
      say(adminWords(error, t))
    }
  }
  return (
    <Dialog title={t('admin.people.deactivateTitle', { name: member.name })} onClose={onClose}>
      <ul className="points">
        <li>{t('admin.people.endsLogins')}</li>
        {isDoctor && <li>{t('admin.people.endsDoctor')}</li>}
        {count > 0 && <li>{t('admin.people.endsBookings', { count })}</li>}
        <li>{t('admin.people.endsNothing')}</li>
      </ul>
      {isDoctor && !data && <StateLine error={error} retry={() => void refetch().catch(() => undefined)} />}
      {count > 0 && (
        <section className="notice choices" aria-label={t('admin.hours.outside', { count })}>
          <BookingList bookings={bookings} timeZone={clinic.timeZone} />
          <Check label={t('admin.hours.cancel', { count })} isChosen={isTelling} onChange={setTelling} />
          {isTelling && (
            <Field
              label={t('admin.hours.reason')}
              hint={t('admin.optional')}
              value={reason}
              onChange={setReason}
              maxLength={500}
            />
          )}
        </section>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
      <div className="dialog-end">
        <Button onPress={onClose} autoFocus>
          {t('cancel')}
        </Button>
        <Button kind="main" isDisabled={isDoctor && !data} onPress={() => void end()}>
          {t('admin.people.deactivate')}
        </Button>
      </div>
    </Dialog>
  )
}
