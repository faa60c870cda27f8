import { createContext, type ReactNode, useContext } from 'react'
import { Text, type TextProps, type TextStyle } from 'react-native'
import { device } from '../device'
import { usePalette } from './theme.ts'
import { sizes } from './tokens.ts'

/** On the accent's ground, everything is written in the one colour that stands out from it. */
const OnAccent = createContext(false)
export const Inverse = ({ children }: { children: ReactNode }) => <OnAccent value={true}>{children}</OnAccent>
export const useInk = (): { text: string; quiet: string; line: string; isInverse: boolean } => {
  const palette = usePalette()
  const isInverse = useContext(OnAccent)
  return isInverse
    ? { text: palette.onAccent, quiet: palette.onAccent, line: palette.onAccent, isInverse }
    : { text: palette.grey8, quiet: palette.grey6, line: palette.grey5, isInverse }
}

type Props = TextProps & {
  size?: keyof typeof sizes | number
  isStrong?: boolean
  isQuiet?: boolean
  color?: string
  /** A heading of this level. */
  heading?: 1 | 2 | 3
}

/** Everything that is written, in the few sizes and two weights that there are. */
export const Words = ({ size = 'text', isStrong = false, isQuiet = false, color, heading, style, ...props }: Props) => {
  const ink = useInk()
  const points = typeof size === 'number' ? size : sizes[size]
  const made: TextStyle = {
    color: color ?? (isQuiet ? ink.quiet : ink.text),
    fontSize: device.fontSize(points),
    lineHeight: device.fontSize(points * (points >= 28 ? 1.15 : 1.4)),
    fontWeight: isStrong ? '600' : '400',
    fontVariant: ['tabular-nums'],
    ...device.font,
  }
  return (
    <Text {...(heading ? { role: 'heading' as const, 'aria-level': heading } : {})} {...props} style={[made, style]} />
  )
}
