import { leaveHome } from '@anteroom/api/visit/leave-home'
import { useEffect, useState } from 'react'
import { View } from 'react-native'
import { device } from '../device'
import type { PositionFragment } from '../generated/graphql.ts'
import { useTexts, useTurnWords } from '../texts/language.tsx'
import { timeOfDay } from '../texts/times.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

const KEY = 'travel-minutes'
const MOST_MINUTES = 600

/** The way to the clinic, which this device alone knows. */
export const useTravel = (): [string, (written: string) => void] => {
  const [written, setWritten] = useState('')
  useEffect(() => {
    void device.texts
      .get(KEY)
      .then((kept) => kept && setWritten(kept))
      .catch(() => undefined)
  }, [])
  const set = (text: string) => {
    const digits = text.replace(/\D/g, '').slice(0, 3)
    setWritten(digits)
    void device.texts.set(KEY, digits).catch(() => undefined)
  }
  return [written, set]
}

/** When to leave home, from the range and the reader's own way; looked at anew every minute. */
export const LeaveHome = ({ visit }: { visit: PositionFragment }) => {
  const t = useTexts()
  const words = useTurnWords()
  const [written, setWritten] = useTravel()
  const [isOpen, setOpen] = useState(false)
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [])
  const travelMinutes = Math.min(Number(written), MOST_MINUTES)
  const way =
    travelMinutes > 0 && visit.estimate
      ? leaveHome(
          { asOf: new Date(visit.asOf), lowMinutes: visit.estimate.lowMinutes, travelMinutes },
          new Date(Math.max(now, Date.parse(visit.asOf))),
        )
      : null
  return (
    <View style={{ gap: 2 * step }}>
      {way && (
        <Words isStrong>
          {way.inMinutes === 0 ? words.leave.now : words.leave.at(timeOfDay(way.at.getTime(), t.language))}
        </Words>
      )}
      {isOpen && travelMinutes > 0 && !visit.estimate && <Words size="small">{words.leave.unknown}</Words>}
      {isOpen ? (
        <Field
          label={t.me.travel}
          hint={t.me.travelHint}
          value={written}
          onChangeText={setWritten}
          inputMode="numeric"
          autoFocus
        />
      ) : (
        <Button kind="plain" onPress={() => setOpen(true)}>
          {words.leave.open}
        </Button>
      )}
    </View>
  )
}
