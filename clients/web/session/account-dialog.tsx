import '../locales/later.ts'
import type { SessionData } from '@anteroom/offline/session'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState, useSyncExternalStore } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { ChangePasswordDocument } from '../generated/graphql.ts'
import { type Language, languages, setLanguage } from '../locales/language.ts'
import { canInstall, install, watchInstall } from '../shell/install.ts'
import { type ScreenName, screensOf, useScreen } from '../shell/screens.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormField } from '../ui/form-field.tsx'
import { wordsFor } from '../ui/refusal.ts'
import { readTheme, setTheme, type Theme } from '../ui/theme.ts'
import { say } from '../ui/toasts.tsx'
import { LogOutDialog } from './log-out-dialog.tsx'
import { useDesk, usePlace, useStaff } from './session.tsx'

const Password = ({ onDone }: { onDone: () => void }) => {
  const { t } = useTranslation()
  const { session } = useDesk()
  const { client, engine } = usePlace().offline
  const schema = z.object({
    current: z.string().min(1, t('account.currentMissing')),
    next: z.string().min(8, t('account.tooShort')),
  })
  const { control, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: { current: '', next: '' },
  })
  const submit = handleSubmit(async ({ current, next }) => {
    try {
      const { data } = await client.mutate({
        mutation: ChangePasswordDocument,
        variables: { current, new: next },
        fetchPolicy: 'no-cache',
      })
      if (data) {
        await session.adopt(data.session as SessionData)
        // What a log-out seals from now on opens with the new password.
        void engine?.unlock(next).catch(() => undefined)
      }
      say(t('account.passwordChanged'))
      onDone()
    } catch (error) {
      setError('current', { message: wordsFor(error, t) })
    }
  })
  return (
    <form className="choices" onSubmit={submit}>
      <FormField
        control={control}
        name="current"
        type="password"
        label={t('account.current')}
        autoComplete="current-password"
        autoFocus
      />
      <FormField
        control={control}
        name="next"
        type="password"
        label={t('account.next')}
        hint={t('account.nextHint')}
        autoComplete="new-password"
      />
      <div className="dialog-end">
        <Button onPress={onDone}>{t('cancel')}</Button>
        <Button kind="main" type="submit" isDisabled={formState.isSubmitting}>
          {t('account.changePassword')}
        </Button>
      </div>
    </form>
  )
}

/** Language, light or dark, own password, other screens of this person, and the way out. */
export const AccountDialog = ({ onClose }: { onClose: () => void }) => {
  const { t, i18n } = useTranslation()
  const { logOut } = useDesk()
  const staff = useStaff()
  const [screen, setScreen] = useScreen(staff)
  const [theme, setChosen] = useState<Theme>(readTheme)
  const isInstallable = useSyncExternalStore(watchInstall, canInstall)
  const [isChanging, setChanging] = useState(false)
  const [unsent, setUnsent] = useState<number | null>(null)
  if (isChanging)
    return (
      <Dialog title={t('account.changePassword')} onClose={onClose}>
        <Password onDone={onClose} />
      </Dialog>
    )
  if (unsent !== null) return <LogOutDialog unsent={unsent} onClose={onClose} />
  const leave = async () => {
    const left = await logOut()
    if (!left.done) setUnsent(left.unsent.length)
  }
  const others = screensOf(staff).filter((name) => name !== screen)
  return (
    <Dialog title={staff.name} onClose={onClose}>
      <p className="quiet">{t('account.who', { username: staff.username ?? '', role: t(`role.${staff.role}`) })}</p>
      <Choice
        label={t('account.language')}
        value={i18n.language}
        options={Object.entries(languages).map(([id, name]) => ({ id, name }))}
        onChange={(id) => void setLanguage(id as Language)}
      />
      <Choice
        label={t('account.theme')}
        value={theme}
        options={(['system', 'light', 'dark'] as const).map((id) => ({ id, name: t(`theme.${id}`) }))}
        onChange={(id) => {
          setTheme(id as Theme)
          setChosen(id as Theme)
        }}
      />
      <div className="choices">
        {others.map((name: ScreenName) => (
          <Button
            key={name}
            onPress={() => {
              setScreen(name)
              onClose()
            }}
          >
            {t(`screen.${name}`)}
          </Button>
        ))}
        <a className="button" href={`/display/${staff.clinic.id}`} target="_blank" rel="noreferrer">
          {t('account.display')}
        </a>
        {isInstallable && <Button onPress={() => void install()}>{t('install.button')}</Button>}
        <Button onPress={() => setChanging(true)}>{t('account.changePassword')}</Button>
        <Button onPress={() => void leave()}>{t('account.logOut')}</Button>
      </div>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('close')}</Button>
      </div>
    </Dialog>
  )
}
