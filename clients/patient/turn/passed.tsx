import type { Words as TurnWords } from '@anteroom/web/turn/words'
import { View } from 'react-native'
import type { Texts } from '../texts/en.ts'
import { useTexts, useTurnWords } from '../texts/language.tsx'
import { timeOfDay } from '../texts/times.ts'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'
import type { Passing } from './use-passed.ts'

/** Why somebody came before the reader, in words: what the desk wrote, or the kind of reason. */
export const reasonOf = ({ cause, reason }: Passing, t: Texts, words: TurnWords): string =>
  cause === 'DESK' && reason ? t.turn.desk(reason) : words.passed[cause ?? 'DESK']

export const Passed = ({ passed }: { passed: readonly Passing[] }) => {
  const t = useTexts()
  const words = useTurnWords()
  if (passed.length === 0) return null
  return (
    <View style={{ gap: step }}>
      <Words size="small" isStrong heading={2}>
        {t.turn.passed}
      </Words>
      {passed.toReversed().map((one) => (
        <Words key={one.at} size="small" isQuiet>
          {`${timeOfDay(one.at, t.language)}  ${reasonOf(one, t, words)}`}
        </Words>
      ))}
    </View>
  )
}
