import { useEffect, useState } from 'react'
import { AccessibilityInfo } from 'react-native'

/** Whether the reader wants no motion. */
export const useStillness = (): boolean => {
  const [isStill, setStill] = useState(false)
  useEffect(() => {
    void AccessibilityInfo.isReduceMotionEnabled().then(setStill)
    const watching = AccessibilityInfo.addEventListener('reduceMotionChanged', setStill)
    return () => watching?.remove()
  }, [])
  return isStill
}
