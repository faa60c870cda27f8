import '../locales/later.ts'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { type Language, languages, setLanguage } from '../locales/language.ts'
import { Button } from '../ui/button.tsx'
import { FormField } from '../ui/form-field.tsx'
import { wordsFor } from '../ui/refusal.ts'
import { useDesk, useDeskState } from './session.tsx'

export const LogIn = () => {
  const { t, i18n } = useTranslation()
  const { logIn } = useDesk()
  const state = useDeskState()
  const [problem, setProblem] = useState<string | null>(null)
  const schema = z.object({
    username: z.string().trim().min(1, t('logIn.usernameMissing')),
    password: z.string().min(1, t('logIn.passwordMissing')),
  })
  const { control, handleSubmit, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { username: '', password: '' },
  })
  const submit = handleSubmit(async ({ username, password }) => {
    setProblem(null)
    await logIn(username, password).catch((error) => setProblem(wordsFor(error, t)))
  })
  return (
    <main className="centre">
      <div className="card">
        <h1>Anteroom</h1>
        {state.at === 'out' && state.hasEnded && <p className="notice">{t('logIn.ended')}</p>}
        <form onSubmit={submit} noValidate>
          <FormField control={control} name="username" label={t('logIn.username')} autoComplete="username" autoFocus />
          <FormField
            control={control}
            name="password"
            type="password"
            label={t('logIn.password')}
            autoComplete="current-password"
          />
          <p className="problem" role="alert">
            {problem}
          </p>
          <Button kind="main" type="submit" isWide isDisabled={formState.isSubmitting}>
            {t('logIn.enter')}
          </Button>
        </form>
        <p className="tabs">
          {Object.entries(languages)
            .filter(([id]) => id !== i18n.language)
            .map(([id, name]) => (
              <Button key={id} kind="plain" onPress={() => void setLanguage(id as Language)}>
                <span lang={id}>{name}</span>
              </Button>
            ))}
        </p>
      </div>
    </main>
  )
}
