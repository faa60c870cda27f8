import { type Change, changeText } from '@anteroom/web/turn/news'
import { View } from 'react-native'
import type { PositionFragment } from '../generated/graphql.ts'
import { useTurnWords } from '../texts/language.tsx'
import { usePalette } from '../ui/theme.ts'
import { sizes, step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'
import { Line } from './line.tsx'
import { Moving } from './moving'

/** The place of somebody who waits: the position as the largest thing on the screen. */
export const PlaceInLine = ({
  visit,
  change,
  why,
  isStale,
}: {
  visit: PositionFragment
  change: Change | null
  /** Of a step back, where it is known. */
  why: string | null
  isStale: boolean
}) => {
  const words = useTurnWords()
  const palette = usePalette()
  const { position, ahead, estimate } = visit
  const ink = isStale ? palette.grey6 : palette.grey8
  return (
    <View style={{ gap: step }}>
      <View role="heading" aria-level={1} aria-label={`${words.place} ${position}`}>
        <Words isQuiet>{words.place}</Words>
        <Moving of={String(position)} towards={change && change.kind !== 'returned' ? change.kind : null}>
          <Words size={2 * sizes.huge} isStrong color={ink} style={{ letterSpacing: -3 }}>
            {position}
          </Words>
        </Moving>
      </View>
      {estimate && (
        <Words size="large" color={ink}>
          {words.range(estimate.lowMinutes, estimate.highMinutes)}
        </Words>
      )}
      <Words size="small" isQuiet>
        {estimate ? words.rangeMeans : words.noRange}
      </Words>
      <Line ahead={ahead ?? 0} />
      <Words color={ink}>{position === 1 ? words.next : words.ahead(ahead ?? 0)}</Words>
      {change && !isStale && (
        <Words isStrong color={palette.accent}>
          {change.kind === 'back' && why
            ? `${words.movedBack(change.from, change.to)} ${why}`
            : changeText(change, words, null)}
        </Words>
      )}
    </View>
  )
}
