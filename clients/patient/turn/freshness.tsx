import { View } from 'react-native'
import { useTexts, useTurnWords } from '../texts/language.tsx'
import { timeOfDay } from '../texts/times.ts'
import { usePalette } from '../ui/theme.ts'
import { step } from '../ui/tokens.ts'
import { useInk, Words } from '../ui/words.tsx'

/** Live, or how old what is shown is. */
export const Freshness = ({ isLive, isLost, asOf }: { isLive: boolean; isLost: boolean; asOf: string | number }) => {
  const words = useTurnWords()
  const t = useTexts()
  const palette = usePalette()
  const ink = useInk()
  const color = ink.isInverse ? ink.text : isLive ? palette.accent : palette.grey6
  return (
    <View style={{ flexDirection: 'row', alignItems: 'center', gap: 2 * step }}>
      <View
        style={{
          width: 10,
          height: 10,
          borderRadius: 5,
          borderWidth: 2,
          borderColor: color,
          backgroundColor: isLive ? color : 'transparent',
        }}
      />
      <Words size="small" isQuiet>
        {isLive ? words.live : isLost ? words.asOf(timeOfDay(asOf, t.language)) : words.connecting}
      </Words>
    </View>
  )
}
