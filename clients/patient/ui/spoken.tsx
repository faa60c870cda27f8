import { useEffect } from 'react'
import { AccessibilityInfo, Platform } from 'react-native'
import { Words } from './words.tsx'

/** Said by a screen reader when it changes, and seen by nobody. */
export const Spoken = ({ text }: { text: string }) => {
  useEffect(() => {
    // iOS knows no live regions.
    if (Platform.OS === 'ios' && text) AccessibilityInfo.announceForAccessibility(text)
  }, [text])
  return (
    <Words
      role="status"
      aria-live="polite"
      size="small"
      style={{ position: 'absolute', width: 1, height: 1, overflow: 'hidden' }}
    >
      {text}
    </Words>
  )
}
