import { useApolloClient } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { CreateUserDocument, type Role } from '../generated/admin.ts'
import { FormField } from '../ui/form-field.tsx'
import { codeOf } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import { Checks } from './checks.tsx'
import { filled, newPassword, username } from './rules.ts'
import { SetupForm, useSaving } from './setup-parts.tsx'
import { adminWords } from './words.ts'

const blank = { name: '', username: '', password: '' }

type Props = {
  kind: Role
  clinicId: string
  /** Which of these they give. */
  services: readonly { id: string; name: string }[]
  act: string
  isMain: boolean
  onSaved: () => Promise<unknown>
}

/** Somebody who is to log in here. */
export const SetupPerson = ({ kind, clinicId, services, act, isMain, onSaved }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const saving = useSaving()
  const [without, setWithout] = useState<readonly string[]>([])
  const ids = services.map(({ id }) => id)
  const schema = z.object({ name: filled(t, 200), username: username(t), password: newPassword(t) })
  const { control, handleSubmit, reset, setError } = useForm({ resolver: zodResolver(schema), defaultValues: blank })
  const submit = handleSubmit((values) =>
    saving.save(async () => {
      const serviceIds = kind === 'DOCTOR' ? ids.filter((id) => !without.includes(id)) : []
      const input = { ...values, username: values.username.trim(), clinicId, role: kind, serviceIds }
      try {
        await client.mutate({ mutation: CreateUserDocument, variables: { input } })
      } catch (error) {
        if (codeOf(error) !== 'USERNAME_TAKEN') throw error
        return setError('username', { message: adminWords(error, t) })
      }
      reset(blank)
      say(t('admin.people.created', { name: values.name, username: values.username.trim() }))
      await onSaved()
    }),
  )
  return (
    <SetupForm act={act} isMain={isMain} saving={saving} onSubmit={() => void submit()}>
      <FormField control={control} name="name" label={t('admin.people.name')} autoComplete="off" />
      <FormField
        control={control}
        name="username"
        label={t('admin.people.username')}
        hint={t('admin.people.usernameHint')}
        autoComplete="off"
      />
      <FormField
        control={control}
        name="password"
        type="password"
        label={t('admin.people.password')}
        hint={t('admin.people.passwordHint')}
        autoComplete="new-password"
      />
      {services.length > 1 && (
        <Checks
          label={t('admin.people.services')}
          options={services}
          chosen={ids.filter((id) => !without.includes(id))}
          onChange={(chosen) => setWithout(ids.filter((id) => !chosen.includes(id)))}
        />
      )}
    </SetupForm>
  )
}
