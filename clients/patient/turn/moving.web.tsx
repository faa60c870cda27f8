import { StyleSheet, View } from 'react-native'
import { motionMs } from '../ui/tokens.ts'
import type { MovingProps } from './moving'
import { useStillness } from './use-stillness.ts'

const from = (points: number) => ({
  animationDuration: `${motionMs}ms`,
  animationTimingFunction: 'cubic-bezier(0.2, 0, 0, 1)',
  animationKeyframes: [{ from: { opacity: 0, transform: `translateY(${points}px)` } }],
})

/** As in moving.tsx, by the browser's own animations: React Native's bring all of its lists along. */
const styles = StyleSheet.create({ up: from(16) as object, back: from(-16) as object })

export const Moving = ({ of, towards, children }: MovingProps) => {
  const isStill = useStillness()
  return (
    <View key={of} style={towards !== null && !isStill && styles[towards]}>
      {children}
    </View>
  )
}
