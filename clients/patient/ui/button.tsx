import type { ReactNode } from 'react'
import { Pressable, type ViewStyle } from 'react-native'
import { usePalette } from './theme.ts'
import { radius, step } from './tokens.ts'
import { useInk, Words } from './words.tsx'

type Props = {
  children: ReactNode
  onPress: () => void
  /** The one main action of a screen; plain ones look like a link. */
  kind?: 'main' | 'normal' | 'plain'
  isDisabled?: boolean
  isSelected?: boolean
  label?: string
  /** As in a list of which one is chosen. */
  role?: 'button' | 'radio' | 'link'
  style?: ViewStyle
}

export const Button = ({
  children,
  onPress,
  kind = 'normal',
  isDisabled = false,
  isSelected,
  label,
  role = 'button',
  style,
}: Props) => {
  const palette = usePalette()
  const ink = useInk()
  const isMain = (kind === 'main' || isSelected === true) && !ink.isInverse
  return (
    <Pressable
      role={role}
      disabled={isDisabled}
      aria-disabled={isDisabled}
      {...(role === 'radio' ? { 'aria-checked': isSelected === true } : {})}
      {...(label ? { 'aria-label': label } : {})}
      onPress={onPress}
      style={({ pressed }) => [
        {
          minHeight: 48,
          paddingVertical: 2 * step,
          paddingHorizontal: 4 * step,
          borderRadius: radius,
          borderWidth: kind === 'plain' ? 0 : 1,
          borderColor: isMain ? palette.accent : ink.line,
          backgroundColor: isMain
            ? pressed
              ? palette.accentPress
              : palette.accent
            : kind === 'plain' || ink.isInverse
              ? 'transparent'
              : pressed
                ? palette.grey2
                : palette.grey0,
          alignItems: 'center',
          justifyContent: 'center',
          opacity: isDisabled ? 0.5 : 1,
        },
        style,
      ]}
    >
      <Words
        size="small"
        isStrong={kind === 'main'}
        color={isMain ? palette.onAccent : kind === 'plain' && !ink.isInverse ? palette.accent : ink.text}
        style={{ textAlign: 'center' }}
      >
        {children}
      </Words>
    </Pressable>
  )
}
