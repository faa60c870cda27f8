import { useApolloClient } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { UpdateClinicDocument } from '../generated/admin.ts'
import { languages } from '../locales/language.ts'
import { FormField } from '../ui/form-field.tsx'
import { Checks } from './checks.tsx'
import { LinesField } from './lines-field.tsx'
import { filled, zone } from './rules.ts'
import { SetupForm, type StepProps, useSaving } from './setup-parts.tsx'

const spoken = Object.entries(languages).map(([id, name]) => ({ id, name }))

/** A clinic that was made with the first time zone of the list is most likely where this computer is. */
const likelyZone = (zone: string): string =>
  zone === 'UTC' ? Intl.DateTimeFormat().resolvedOptions().timeZone || zone : zone

/** Name, address, time zone and languages. */
export const SetupClinic = ({ clinic, onSaved, onNext }: StepProps) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const saving = useSaving()
  const [tags, setTags] = useState<readonly string[]>(clinic.languages)
  const schema = z.object({ name: filled(t, 100), address: z.string().max(200), timeZone: zone(t) })
  const { control, handleSubmit } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: clinic.name, address: clinic.address ?? '', timeZone: likelyZone(clinic.timeZone) },
  })
  const submit = handleSubmit(async ({ name, address, timeZone }) => {
    if (tags.length === 0) return saving.setProblem(t('setup.clinic.noLanguage'))
    const input = { name, timeZone, address: address.trim() || null, languages: [...tags] }
    const isSaved = await saving.save(async () => {
      await client.mutate({ mutation: UpdateClinicDocument, variables: { id: clinic.id, input } })
      await onSaved()
    })
    if (isSaved) onNext()
  })
  return (
    <>
      <p className="quiet">{t('setup.clinic.text')}</p>
      <SetupForm act={t('setup.clinic.save')} isMain saving={saving} onSubmit={() => void submit()}>
        <FormField control={control} name="name" label={t('admin.clinic.name')} autoComplete="off" />
        <LinesField control={control} name="address" label={t('admin.clinic.address')} hint={t('admin.optional')} />
        <FormField
          control={control}
          name="timeZone"
          label={t('admin.clinic.timeZone')}
          hint={t('admin.clinic.timeZoneHint')}
          autoComplete="off"
        />
        <Checks label={t('setup.clinic.languages')} options={spoken} chosen={tags} onChange={setTags} />
      </SetupForm>
    </>
  )
}
