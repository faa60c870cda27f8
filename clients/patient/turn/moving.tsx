import { type ReactNode, useEffect, useRef } from 'react'
import { Animated, Easing } from 'react-native'
import { motionMs } from '../ui/tokens.ts'
import { useStillness } from './use-stillness.ts'

export type MovingProps = { of: string; towards: 'up' | 'back' | null; children: ReactNode }

/** Comes from below where the line moved on, from above where it went back; not at all for those who want no motion. */
export const Moving = ({ of, towards, children }: MovingProps) => {
  const way = useRef(new Animated.Value(1)).current
  const isStill = useStillness()
  const last = useRef(of)
  useEffect(() => {
    if (last.current === of) return
    last.current = of
    if (isStill || towards === null) return
    way.setValue(0)
    Animated.timing(way, {
      toValue: 1,
      duration: motionMs,
      easing: Easing.bezier(0.2, 0, 0, 1),
      useNativeDriver: false,
    }).start()
  }, [of, towards, isStill, way])
  const from = towards === 'back' ? -16 : 16
  return (
    <Animated.View
      style={{
        opacity: way,
        transform: [{ translateY: way.interpolate({ inputRange: [0, 1], outputRange: [from, 0] }) }],
      }}
    >
      {children}
    </Animated.View>
  )
}
