import type { ReactNode } from 'react'
import { View } from 'react-native'
import { usePalette } from './theme.ts'
import { radius, step } from './tokens.ts'
import { Words } from './words.tsx'

const NOTCH = 3 * step

/** Where a slip would be torn: a dashed line between two notches. */
const Perforation = () => {
  const palette = usePalette()
  const notch = {
    width: NOTCH,
    height: NOTCH,
    borderRadius: NOTCH / 2,
    borderWidth: 1,
    borderColor: palette.grey4,
    backgroundColor: palette.grey1,
  }
  return (
    <View aria-hidden style={{ flexDirection: 'row', alignItems: 'center', overflow: 'hidden', marginHorizontal: -1 }}>
      <View style={[notch, { marginLeft: -NOTCH / 2 }]} />
      <View style={{ flex: 1, height: 0, borderWidth: 1, borderStyle: 'dashed', borderColor: palette.grey4 }} />
      <View style={[notch, { marginRight: -NOTCH / 2 }]} />
    </View>
  )
}

/** A visit on a slip, as a boarding pass has it: where to above the perforation, all that matters below. */
export const Pass = ({ head, children }: { head: ReactNode; children: ReactNode }) => {
  const palette = usePalette()
  return (
    <View style={{ borderWidth: 1, borderColor: palette.grey4, borderRadius: radius, backgroundColor: palette.grey0 }}>
      <View style={{ paddingHorizontal: 4 * step, paddingTop: 3 * step, paddingBottom: 2 * step, gap: step }}>
        {head}
      </View>
      <Perforation />
      <View style={{ paddingHorizontal: 4 * step, paddingTop: 3 * step, paddingBottom: 4 * step, gap: 3 * step }}>
        {children}
      </View>
    </View>
  )
}

/** Cells side by side, below each other where the text is large. */
export const Cells = ({ children }: { children: ReactNode }) => (
  <View style={{ flexDirection: 'row', flexWrap: 'wrap', columnGap: 4 * step, rowGap: 3 * step }}>{children}</View>
)

export const Cell = ({
  label,
  isLarge = false,
  children,
}: {
  label: string
  isLarge?: boolean
  children: ReactNode
}) => (
  <View style={{ flexGrow: 1, flexShrink: 1, flexBasis: isLarge ? 'auto' : '40%', maxWidth: '100%' }}>
    <Words size="small" isQuiet>
      {label}
    </Words>
    <Words size={isLarge ? 'large' : 'text'} isStrong={isLarge}>
      {children}
    </Words>
  </View>
)
