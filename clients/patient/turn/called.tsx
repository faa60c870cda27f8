import { View } from 'react-native'
import { useTurnWords } from '../texts/language.tsx'
import { sizes, step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

/** Clinics name their rooms as they like. */
const isLong = (room: string): boolean => room.split(' ').some((word) => word.length > 7)

/** Nothing else matters: the whole screen says where to go. */
export const Called = ({ room }: { room: string | null }) => {
  const words = useTurnWords()
  const title = room === null ? words.yourTurn : words.room(room)
  return (
    <View style={{ flexGrow: 1, justifyContent: 'center', gap: 3 * step }}>
      <Words heading={1} size={isLong(title) ? sizes.large * 1.5 : sizes.huge} isStrong>
        {title}
      </Words>
      <Words size="large">{room === null ? words.comeToDesk : words.comeIn}</Words>
      <Words aria-hidden size={sizes.huge}>
        →
      </Words>
    </View>
  )
}
