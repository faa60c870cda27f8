import { View } from 'react-native'
import { useTexts } from '../texts/language.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

/** Where the clinic is, as its admin wrote it. */
export const Directions = ({ clinic }: { clinic: { address: string | null; directions: string | null } }) => {
  const t = useTexts()
  if (!clinic.address && !clinic.directions) return null
  return (
    <View style={{ gap: step }}>
      <Words size="small" isStrong heading={2}>
        {t.turn.directions}
      </Words>
      {[clinic.address, clinic.directions].filter(Boolean).map((text) => (
        <Words key={text} size="small">
          {text}
        </Words>
      ))}
    </View>
  )
}
