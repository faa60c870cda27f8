import type { SessionData } from '@anteroom/offline/session'
import { useMutation } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import { device } from '../device'
import { ChangePasswordDocument, DeleteMyAccountDocument, ExportMyDataDocument } from '../generated/graphql.ts'
import { goOn } from '../navigation.ts'
import { usePocket } from '../session/session.tsx'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

export const Password = () => {
  const t = useTexts()
  const { session } = usePocket()
  const [change] = useMutation(ChangePasswordDocument, { fetchPolicy: 'no-cache' })
  const { isBusy, problem, run } = useAct()
  const [isOpen, setOpen] = useState(false)
  const [isSaved, setSaved] = useState(false)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const save = () =>
    run(async () => {
      const { data } = await change({ variables: { current, new: next } })
      if (data) await session.adopt(data.session as SessionData)
      setSaved(true)
      setOpen(false)
    })
  if (!isOpen)
    return (
      <View style={{ gap: 2 * step }}>
        <Button onPress={() => setOpen(true)}>{t.me.password}</Button>
        {isSaved && (
          <Words role="status" size="small">
            {t.me.passwordSaved}
          </Words>
        )}
      </View>
    )
  return (
    <Section title={t.me.password}>
      <Field
        label={t.me.current}
        value={current}
        onChangeText={setCurrent}
        secureTextEntry
        autoComplete="current-password"
      />
      <Field
        label={t.me.next}
        hint={t.enter.passwordHint}
        value={next}
        onChangeText={setNext}
        secureTextEntry
        autoComplete="new-password"
      />
      <Problem text={problem} />
      <Button kind="main" isDisabled={isBusy || current === '' || next.length < 8} onPress={() => void save()}>
        {t.save}
      </Button>
      <Button onPress={() => setOpen(false)}>{t.back}</Button>
    </Section>
  )
}

/** A copy of everything that is kept about this person. */
export const Export = () => {
  const t = useTexts()
  const [ask] = useMutation(ExportMyDataDocument, { fetchPolicy: 'no-cache' })
  const { isBusy, problem, run } = useAct()
  return (
    <View style={{ gap: 2 * step }}>
      <Button
        isDisabled={isBusy}
        onPress={() =>
          void run(async () => {
            const { data } = await ask()
            if (data) await device.save('anteroom.json', data.exportMyData)
          })
        }
      >
        {t.me.export}
      </Button>
      <Words size="small" isQuiet>
        {t.me.exportText}
      </Words>
      <Problem text={problem} />
    </View>
  )
}

/** The end of the account, with the password, after what it means has been said. */
export const Delete = () => {
  const t = useTexts()
  const { forget } = usePocket()
  const [remove] = useMutation(DeleteMyAccountDocument, { fetchPolicy: 'no-cache' })
  const { isBusy, problem, run } = useAct()
  const [isOpen, setOpen] = useState(false)
  const [password, setPassword] = useState('')
  if (!isOpen) return <Button onPress={() => setOpen(true)}>{t.me.delete}</Button>
  return (
    <Section title={t.me.delete}>
      <Words size="small">{t.me.deleteText}</Words>
      <Field
        label={t.enter.password}
        value={password}
        onChangeText={setPassword}
        secureTextEntry
        autoComplete="current-password"
      />
      <Problem text={problem} />
      <Button
        isDisabled={isBusy || password === ''}
        onPress={() =>
          void run(async () => {
            await remove({ variables: { password } })
            await forget()
            goOn('/')
          })
        }
      >
        {t.me.deleteYes}
      </Button>
      <Button kind="main" onPress={() => setOpen(false)}>
        {t.back}
      </Button>
    </Section>
  )
}
