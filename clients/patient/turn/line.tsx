import { View } from 'react-native'
import { usePalette } from '../ui/theme.ts'
import { step } from '../ui/tokens.ts'

const MOST_MARKS = 8

/** The line of people moving towards the door; the last mark is the reader. */
export const Line = ({ ahead }: { ahead: number }) => {
  const palette = usePalette()
  const round = { width: 4 * step, height: 4 * step, borderRadius: 2 * step }
  return (
    <View
      aria-hidden
      style={{ flexDirection: 'row', flexWrap: 'wrap', alignItems: 'center', gap: 2 * step, marginVertical: 2 * step }}
    >
      <View
        style={{
          width: 5 * step,
          height: 7 * step,
          borderWidth: 2,
          borderBottomWidth: 0,
          borderColor: palette.grey5,
          borderTopLeftRadius: 3,
          borderTopRightRadius: 3,
        }}
      />
      {Array.from({ length: Math.min(ahead, MOST_MARKS) }, (_, place) => (
        <View
          // biome-ignore lint/suspicious/noArrayIndexKey: a place in the line is its index
          key={place}
          style={[
            round,
            ahead > MOST_MARKS && place === MOST_MARKS - 1
              ? { borderWidth: 2, borderStyle: 'dotted', borderColor: palette.grey5 }
              : { backgroundColor: palette.grey5 },
          ]}
        />
      ))}
      <View style={{ padding: 2, borderRadius: 3 * step, borderWidth: 2, borderColor: palette.accent }}>
        <View style={[round, { backgroundColor: palette.accent }]} />
      </View>
    </View>
  )
}
