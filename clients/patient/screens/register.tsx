import { useState } from 'react'
import { Platform } from 'react-native'
import { phoneOf, type Registration, register, requestCode } from '../session/account.ts'
import { usePocket } from '../session/session.tsx'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { codeOf } from '../texts/refusal.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { Words } from '../ui/words.tsx'
import { OtherLanguages } from './enter.tsx'

/** Browsers have a word of their own for it. */
const birthday = (Platform.OS === 'web' ? 'bday' : 'birthdate-full') as 'birthdate-full'

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** The desk knows this number: whoever reads its messages takes the record over. */
const WithCode = ({ registration }: { registration: Registration }) => {
  const t = useTexts()
  const pocket = usePocket()
  const { isBusy, problem, run } = useAct()
  const [code, setCode] = useState('')
  const [isTried, setTried] = useState(false)
  const [isSentAgain, setSentAgain] = useState(false)
  const wrong = /^\d{6}$/.test(code.trim()) ? null : t.register.codeWrong
  const submit = () => {
    setTried(true)
    if (!wrong) void run(() => register(pocket, { ...registration, code: code.trim() }))
  }
  const again = () =>
    run(() => requestCode(pocket, registration.phoneNumber, 'REGISTER')).then((isDone) => setSentAgain(isDone))
  return (
    <Page title={t.register.codeTitle}>
      <Words>{t.register.codeText}</Words>
      <Field
        label={t.register.code}
        problem={isTried ? wrong : null}
        value={code}
        onChangeText={setCode}
        inputMode="numeric"
        autoComplete="one-time-code"
        autoFocus
        onSubmitEditing={submit}
      />
      <Problem text={problem} />
      <Button kind="main" onPress={submit} isDisabled={isBusy}>
        {t.register.act}
      </Button>
      <Button onPress={() => void again()} isDisabled={isBusy}>
        {t.register.sendAgain}
      </Button>
      {isSentAgain && <Words role="status">{t.register.sent}</Words>}
    </Page>
  )
}

export const Register = () => {
  const t = useTexts()
  const pocket = usePocket()
  const { isBusy, problem, run } = useAct()
  const [name, setName] = useState('')
  const [phone, setPhone] = useState('')
  const [birth, setBirth] = useState('')
  const [password, setPassword] = useState('')
  const [isTried, setTried] = useState(false)
  const [withCode, setWithCode] = useState<Registration | null>(null)
  const wrong = {
    name: name.trim() ? null : t.register.nameMissing,
    phone: phoneOf(phone).startsWith('+') ? null : t.enter.phoneWrong,
    birth: birth.trim() === '' || isDate(birth.trim()) ? null : t.register.birthWrong,
    password: password.length >= 8 ? null : t.enter.passwordHint,
  }
  const submit = () => {
    setTried(true)
    if (Object.values(wrong).some((problem) => problem !== null)) return
    const registration: Registration = {
      name: name.trim(),
      phoneNumber: phoneOf(phone),
      password,
      dateOfBirth: birth.trim() || null,
      language: t.language,
    }
    void run(async () => {
      try {
        await register(pocket, registration)
      } catch (error) {
        if (codeOf(error) !== 'PHONE_NEEDS_CODE') throw error
        await requestCode(pocket, registration.phoneNumber, 'REGISTER')
        setWithCode(registration)
      }
    })
  }
  if (withCode) return <WithCode registration={withCode} />
  return (
    <Page title={t.register.title}>
      <Field
        label={t.register.name}
        problem={isTried ? wrong.name : null}
        value={name}
        onChangeText={setName}
        autoComplete="name"
        autoCapitalize="words"
      />
      <Field
        label={t.enter.phone}
        hint={t.enter.phoneHint}
        problem={isTried ? wrong.phone : null}
        value={phone}
        onChangeText={setPhone}
        inputMode="tel"
        autoComplete="tel"
      />
      <Field
        label={t.register.birth}
        hint={t.register.birthHint}
        problem={isTried ? wrong.birth : null}
        value={birth}
        onChangeText={setBirth}
        autoComplete={birthday}
      />
      <Field
        label={t.enter.password}
        hint={t.enter.passwordHint}
        problem={isTried ? wrong.password : null}
        value={password}
        onChangeText={setPassword}
        secureTextEntry
        autoComplete="new-password"
        onSubmitEditing={submit}
      />
      <Problem text={problem} />
      <Button kind="main" onPress={submit} isDisabled={isBusy}>
        {t.register.act}
      </Button>
      <OtherLanguages />
    </Page>
  )
}
