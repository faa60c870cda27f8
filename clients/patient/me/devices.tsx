import { useMutation, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { device } from '../device'
import {
  DevicesDocument,
  LogoutOthersDocument,
  RegisterDeviceDocument,
  RemoveDeviceDocument,
} from '../generated/graphql.ts'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { shortDay } from '../texts/times.ts'
import { Button } from '../ui/button.tsx'
import { Card, Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { Words } from '../ui/words.tsx'

/** Messages to this phone; a browser has none. */
const Push = () => {
  const t = useTexts()
  const [register] = useMutation(RegisterDeviceDocument)
  const { isBusy, problem, run } = useAct()
  const [said, setSaid] = useState<string | null>(null)
  if (!device.hasPush) return null
  const ask = () =>
    run(async () => {
      const push = await device.pushToken()
      if (push) await register({ variables: { pushToken: push.token, platform: push.platform } })
      setSaid(push ? t.me.pushOn : t.me.pushNo)
    })
  return (
    <>
      <Button isDisabled={isBusy} onPress={() => void ask()}>
        {t.me.push}
      </Button>
      <Problem text={problem} />
      {said && (
        <Words role="status" size="small">
          {said}
        </Words>
      )}
    </>
  )
}

/** Where this patient is logged in, and the way out there. */
export const Devices = () => {
  const t = useTexts()
  const { data, refetch } = useQuery(DevicesDocument, { fetchPolicy: 'network-only' })
  const [remove] = useMutation(RemoveDeviceDocument)
  const [logoutOthers] = useMutation(LogoutOthersDocument)
  const { isBusy, problem, run } = useAct()
  const devices = data?.devices ?? []
  return (
    <Section title={t.me.devices}>
      {devices.map(({ id, platform, since, isThis }) => (
        <Card key={id}>
          <Words size="small" isStrong>
            {[t.me.platform[platform ?? 'web'] ?? t.me.platform.web, isThis ? t.me.thisDevice : null]
              .filter(Boolean)
              .join(' · ')}
          </Words>
          <Words size="small" isQuiet>
            {t.me.deviceSince(shortDay(since, t.language))}
          </Words>
          {!isThis && (
            <Button
              isDisabled={isBusy}
              onPress={() =>
                void run(async () => {
                  await remove({ variables: { id } })
                  await refetch()
                })
              }
            >
              {t.me.remove}
            </Button>
          )}
        </Card>
      ))}
      <Problem text={problem} />
      {devices.length > 1 && (
        <Button
          isDisabled={isBusy}
          onPress={() =>
            void run(async () => {
              await logoutOthers()
              await refetch()
            })
          }
        >
          {t.me.logoutOthers}
        </Button>
      )}
      <Push />
    </Section>
  )
}
