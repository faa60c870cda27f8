import { useApolloClient } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useEffect } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { CreateServiceDocument } from '../generated/admin.ts'
import { FormField } from '../ui/form-field.tsx'
import { codeOf } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import { filled, ticketLetter, whole } from './rules.ts'
import { SetupForm, type StepProps, useSaving } from './setup-parts.tsx'
import { letterFor } from './setup-state.ts'
import { adminWords } from './words.ts'

const blank = { name: '', letter: '', slot: '15' }

/** The services, by name, ticket letter and length; everything else has a good default. */
export const SetupServices = ({ clinic, onSaved }: StepProps) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const saving = useSaving()
  const taken = clinic.services.map(({ ticketLetter }) => ticketLetter)
  const schema = z.object({ name: filled(t, 100), letter: ticketLetter(t), slot: whole(t, 5, 480) })
  const { control, handleSubmit, reset, setError, setValue, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: blank,
  })
  const name = useWatch({ control, name: 'name' })
  const isOwnLetter = Boolean(formState.dirtyFields.letter)
  const proposed = letterFor(name, taken)
  useEffect(() => {
    if (!isOwnLetter) setValue('letter', proposed)
  }, [isOwnLetter, proposed, setValue])
  const submit = handleSubmit(({ name, letter, slot }) =>
    saving.save(async () => {
      const input = {
        ...{ clinicId: clinic.id, name, slotMinutes: Number(slot) },
        ticketLetter: letter.trim().toUpperCase(),
      }
      try {
        await client.mutate({ mutation: CreateServiceDocument, variables: { input } })
      } catch (error) {
        if (codeOf(error) !== 'LETTER_TAKEN') throw error
        return setError('letter', { message: adminWords(error, t) })
      }
      reset(blank)
      say(t('admin.saved'))
      await onSaved()
    }),
  )
  return (
    <>
      <p className="quiet">{t('setup.services.text')}</p>
      {clinic.services.length > 0 && (
        <ul className="admin-list" aria-label={t('setup.services.made')}>
          {clinic.services.map(({ id, name, ticketLetter, slotMinutes }) => (
            <li key={id} className="admin-row">
              <span className="admin-letter strong">{ticketLetter}</span>
              <div>
                <p className="strong">{name}</p>
                <p className="small quiet">
                  {t('setup.services.line', { ticket: `${ticketLetter}-001`, minutes: slotMinutes })}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
      <SetupForm
        act={t('setup.services.add')}
        isMain={clinic.services.length === 0}
        saving={saving}
        onSubmit={() => void submit()}
      >
        <FormField control={control} name="name" label={t('admin.services.name')} autoComplete="off" />
        <FormField
          control={control}
          name="letter"
          label={t('admin.services.letter')}
          hint={t('admin.services.letterHint')}
          autoComplete="off"
        />
        <FormField control={control} name="slot" label={t('setup.services.slot')} autoComplete="off" />
      </SetupForm>
    </>
  )
}
