import type { ReactNode } from 'react'
import { ScrollView, View, type ViewStyle } from 'react-native'
import { device } from '../device'
import { goBack } from '../navigation.ts'
import { useTexts } from '../texts/language.tsx'
import { Button } from './button.tsx'
import { usePalette } from './theme.ts'
import { radius, step } from './tokens.ts'
import { Words } from './words.tsx'

/** One screen: its title, the way back, what it holds, one column as wide as a hand can read. */
export const Page = ({
  title,
  hasBack = true,
  onBack = goBack,
  head,
  children,
  background,
}: {
  title?: string
  hasBack?: boolean
  onBack?: () => void
  /** In place of the title. */
  head?: ReactNode
  children: ReactNode
  background?: string
}) => {
  const palette = usePalette()
  const t = useTexts()
  return (
    <ScrollView
      style={{ flex: 1, backgroundColor: background ?? palette.grey1 }}
      contentContainerStyle={{ flexGrow: 1, alignItems: 'center' }}
      keyboardShouldPersistTaps="handled"
      // iOS keeps clear of its bars by itself.
      contentInsetAdjustmentBehavior="automatic"
    >
      <View
        role="main"
        style={{
          flexGrow: 1,
          width: '100%',
          maxWidth: 544,
          padding: 5 * step,
          paddingTop: 5 * step + device.insets.top,
          paddingBottom: 5 * step + device.insets.bottom,
          gap: 5 * step,
        }}
      >
        {(hasBack || title || head) && (
          <View style={{ gap: 2 * step }}>
            {hasBack && (
              <Button kind="plain" onPress={onBack} style={{ alignSelf: 'flex-start', paddingHorizontal: 0 }}>
                {`‹ ${t.back}`}
              </Button>
            )}
            {head}
            {title && (
              <Words size="large" isStrong heading={1}>
                {title}
              </Words>
            )}
          </View>
        )}
        {children}
      </View>
    </ScrollView>
  )
}

/** Something that belongs together, framed by a hairline. */
export const Card = ({ children, style }: { children: ReactNode; style?: ViewStyle }) => {
  const palette = usePalette()
  return (
    <View
      style={[
        {
          gap: 2 * step,
          padding: 4 * step,
          borderWidth: 1,
          borderColor: palette.grey3,
          borderRadius: radius,
          backgroundColor: palette.grey0,
        },
        style,
      ]}
    >
      {children}
    </View>
  )
}

export const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <View style={{ gap: 3 * step }}>
    <Words isStrong heading={2}>
      {title}
    </Words>
    {children}
  </View>
)
