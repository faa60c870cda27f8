import { useState } from 'react'
import { View } from 'react-native'
import { go } from '../navigation.ts'
import { phoneOf } from '../session/account.ts'
import { usePocket, usePocketState } from '../session/session.tsx'
import { useAct } from '../session/use-act.ts'
import { type Language, languages, useChooseLanguage, useTexts } from '../texts/language.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

/** The other languages, each in its own name. */
export const OtherLanguages = () => {
  const t = useTexts()
  const choose = useChooseLanguage()
  return (Object.keys(languages) as Language[])
    .filter((language) => language !== t.language)
    .map((language) => (
      <Button key={language} kind="plain" onPress={() => choose(language)}>
        {languages[language]}
      </Button>
    ))
}

export const Enter = () => {
  const t = useTexts()
  const { session } = usePocket()
  const state = usePocketState()
  const { isBusy, problem, run } = useAct()
  const [phone, setPhone] = useState('')
  const [password, setPassword] = useState('')
  const [isTried, setTried] = useState(false)
  const phoneWrong = phoneOf(phone).startsWith('+') ? null : t.enter.phoneWrong
  const passwordWrong = password ? null : t.enter.passwordMissing
  const submit = () => {
    setTried(true)
    if (!phoneWrong && !passwordWrong) void run(() => session.logInPatient(phoneOf(phone), password))
  }
  return (
    <Page title={t.enter.title} hasBack={false}>
      {state.at === 'out' && state.hasEnded && <Words role="status">{t.enter.ended}</Words>}
      <View style={{ gap: 4 * step }}>
        <Field
          label={t.enter.phone}
          hint={t.enter.phoneHint}
          problem={isTried ? phoneWrong : null}
          value={phone}
          onChangeText={setPhone}
          inputMode="tel"
          autoComplete="tel"
        />
        <Field
          label={t.enter.password}
          problem={isTried ? passwordWrong : null}
          value={password}
          onChangeText={setPassword}
          secureTextEntry
          autoComplete="current-password"
          onSubmitEditing={submit}
        />
        <Problem text={problem} />
        <Button kind="main" onPress={submit} isDisabled={isBusy}>
          {t.enter.act}
        </Button>
      </View>
      <View style={{ gap: 2 * step }}>
        <Button onPress={() => go('/register')}>{t.enter.noAccount}</Button>
        <Button kind="plain" onPress={() => go('/forgotten')}>
          {t.enter.forgotten}
        </Button>
        <OtherLanguages />
      </View>
    </Page>
  )
}
