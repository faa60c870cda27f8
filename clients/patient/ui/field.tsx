import { useId } from 'react'
import { TextInput, type TextInputProps, View } from 'react-native'
import { device } from '../device'
import { usePalette } from './theme.ts'
import { radius, sizes, step } from './tokens.ts'
import { Words } from './words.tsx'

type Props = Omit<TextInputProps, 'style'> & {
  label: string
  hint?: string
  /** What is wrong with what was written. */
  problem?: string | null
}

/** Something to fill in, with its name above it and what is wrong below. */
export const Field = ({ label, hint, problem, ...props }: Props) => {
  const palette = usePalette()
  const id = useId()
  return (
    <View style={{ gap: step }}>
      <Words size="small" id={id}>
        {label}
      </Words>
      <TextInput
        aria-labelledby={id}
        accessibilityLabel={label}
        placeholderTextColor={palette.grey6}
        autoCapitalize="none"
        autoCorrect={false}
        {...props}
        style={{
          minHeight: 48,
          paddingHorizontal: 3 * step,
          paddingVertical: 2 * step,
          borderWidth: problem ? 2 : 1,
          borderColor: problem ? palette.emergency : palette.grey5,
          borderRadius: radius,
          backgroundColor: palette.grey0,
          color: palette.grey8,
          fontSize: device.fontSize(sizes.text),
          ...device.font,
        }}
      />
      {hint && !problem && (
        <Words size="small" isQuiet>
          {hint}
        </Words>
      )}
      {problem && (
        <Words size="small" color={palette.emergency} role="alert">
          {problem}
        </Words>
      )}
    </View>
  )
}
