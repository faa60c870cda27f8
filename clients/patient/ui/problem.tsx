import { usePalette } from './theme.ts'
import { Words } from './words.tsx'

/** What went wrong, said at once. */
export const Problem = ({ text }: { text: string | null }) => {
  const palette = usePalette()
  return text ? (
    <Words role="alert" color={palette.emergency} size="small">
      {text}
    </Words>
  ) : null
}
