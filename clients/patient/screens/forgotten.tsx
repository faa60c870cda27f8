import { useState } from 'react'
import { phoneOf, requestCode, resetPassword } from '../session/account.ts'
import { usePocket } from '../session/session.tsx'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { Words } from '../ui/words.tsx'

/** A new password with a code by SMS. */
export const Forgotten = () => {
  const t = useTexts()
  const pocket = usePocket()
  const { isBusy, problem, run } = useAct()
  const [phone, setPhone] = useState('')
  const [isSent, setSent] = useState(false)
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const [isTried, setTried] = useState(false)
  const phoneWrong = phoneOf(phone).startsWith('+') ? null : t.enter.phoneWrong
  const codeWrong = /^\d{6}$/.test(code.trim()) ? null : t.register.codeWrong
  const passwordWrong = password.length >= 8 ? null : t.enter.passwordHint
  const send = () => {
    setTried(true)
    if (phoneWrong) return
    void run(() => requestCode(pocket, phoneOf(phone), 'RESET_PASSWORD')).then((isDone) => {
      setSent(isDone)
      setTried(false)
    })
  }
  const submit = () => {
    setTried(true)
    if (codeWrong || passwordWrong) return
    void run(() => resetPassword(pocket, { phoneNumber: phoneOf(phone), code: code.trim(), newPassword: password }))
  }
  return (
    <Page title={t.forgotten.title}>
      <Words role="status">{isSent ? t.forgotten.sent : t.forgotten.text}</Words>
      {isSent ? (
        <>
          <Field
            label={t.register.code}
            problem={isTried ? codeWrong : null}
            value={code}
            onChangeText={setCode}
            inputMode="numeric"
            autoComplete="one-time-code"
            autoFocus
          />
          <Field
            label={t.forgotten.next}
            hint={t.enter.passwordHint}
            problem={isTried ? passwordWrong : null}
            value={password}
            onChangeText={setPassword}
            secureTextEntry
            autoComplete="new-password"
            onSubmitEditing={submit}
          />
        </>
      ) : (
        <Field
          label={t.enter.phone}
          hint={t.enter.phoneHint}
          problem={isTried ? phoneWrong : null}
          value={phone}
          onChangeText={setPhone}
          inputMode="tel"
          autoComplete="tel"
          onSubmitEditing={send}
        />
      )}
      <Problem text={problem} />
      <Button kind="main" onPress={isSent ? submit : send} isDisabled={isBusy}>
        {isSent ? t.forgotten.act : t.forgotten.send}
      </Button>
    </Page>
  )
}
