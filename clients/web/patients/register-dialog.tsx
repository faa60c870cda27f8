import '../locales/later.ts'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useForm, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { FindPatientsDocument } from '../generated/graphql.ts'
import { CreatePatientDocument } from '../generated/later.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormField } from '../ui/form-field.tsx'
import { codeOf, wordsFor } from '../ui/refusal.ts'
import type { Person } from './person-dialog.tsx'

type Props = { text: string; onKnown: (person: Person) => void; onClose: () => void }

/** Makes a record; says who it may already be. */
export const RegisterDialog = ({ text, onKnown, onClose }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const isNumber = /^[+0-9]/.test(text)
  const schema = z.object({
    name: z.string().trim().min(1, t('register.nameMissing')).max(200),
    phoneNumber: z
      .string()
      .trim()
      .transform((number) => number.replace(/[ ()/-]/g, ''))
      .refine((number) => number === '' || /^\+[0-9]{7,15}$/.test(number), t('register.phoneForm')),
    dateOfBirth: z.string(),
  })
  const { control, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: isNumber ? '' : text, phoneNumber: isNumber ? text : '', dateOfBirth: '' },
  })
  const name = useWatch({ control, name: 'name' }).trim()
  const { data } = useQuery(FindPatientsDocument, { variables: { search: name }, skip: name.length < 2 })
  const likely = (data?.patients?.edges ?? [])
    .map(({ node }) => node)
    .filter((person) => person.name.toLowerCase().includes(name.toLowerCase()))

  const submit = handleSubmit(async (values) => {
    try {
      const { data: made } = await client.mutate({
        mutation: CreatePatientDocument,
        variables: {
          input: {
            name: values.name,
            phoneNumber: values.phoneNumber || null,
            dateOfBirth: values.dateOfBirth || null,
          },
        },
      })
      if (made) onKnown(made.createPatient)
    } catch (error) {
      setError(codeOf(error) === 'PHONE_TAKEN' ? 'phoneNumber' : 'name', { message: wordsFor(error, t) })
    }
  })

  return (
    <Dialog title={t('register.title')} onClose={onClose}>
      {likely.length > 0 && (
        <div className="notice choices" role="status">
          <p>{t('register.likely')}</p>
          {likely.slice(0, 3).map((person) => (
            <Button key={person.id} onPress={() => onKnown(person)}>
              {[person.name, person.phoneNumber, person.dateOfBirth].filter(Boolean).join(' · ')}
            </Button>
          ))}
        </div>
      )}
      <form className="choices" onSubmit={submit} noValidate>
        <FormField control={control} name="name" label={t('register.name')} autoComplete="off" autoFocus />
        <FormField
          control={control}
          name="phoneNumber"
          type="tel"
          label={t('register.phone')}
          hint={t('register.phoneHint')}
          autoComplete="off"
        />
        <FormField control={control} name="dateOfBirth" type="date" label={t('register.born')} autoComplete="off" />
        <div className="dialog-end">
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" shortcut="↵" isDisabled={formState.isSubmitting}>
            {t('register.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
