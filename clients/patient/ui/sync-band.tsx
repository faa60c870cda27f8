import { useNotices, useSyncStatus } from '@anteroom/offline/react'
import { View } from 'react-native'
import { useTexts } from '../texts/language.tsx'
import { timeOfDay } from '../texts/times.ts'
import { Button } from './button.tsx'
import { usePalette } from './theme.ts'
import { step } from './tokens.ts'
import { Words } from './words.tsx'

/** Says without alarm that there is no connection, what waits to be sent, and what the clinic did not take. */
export const SyncBand = () => {
  const t = useTexts()
  const palette = usePalette()
  const { isOnline, unsent, syncedAt, trouble } = useSyncStatus()
  const { notices, dismiss } = useNotices()
  const said = [
    ...(isOnline ? [] : [syncedAt ? t.sync.offline(timeOfDay(syncedAt, t.language)) : t.sync.offlineNever]),
    ...(unsent > 0 && !isOnline ? [t.sync.unsent(unsent)] : []),
    ...(trouble && t.sync.stored[trouble] ? [t.sync.stored[trouble]] : []),
  ]
  if (said.length === 0 && notices.length === 0) return null
  return (
    <View style={{ gap: 2 * step, padding: 4 * step, backgroundColor: palette.grey2, borderRadius: 2 * step }}>
      <View role="status" aria-live="polite">
        {said.map((line) => (
          <Words key={line} size="small">
            {line}
          </Words>
        ))}
      </View>
      {notices.map(({ id, operation, result }) => (
        <View key={id} style={{ gap: step }} role="alert">
          <Words size="small" isStrong>
            {[operation ? t.command[operation.command] : null, t.sync.refused].filter(Boolean).join(': ')}
          </Words>
          <Words size="small">
            {result.outcome === 'OVERRIDDEN'
              ? t.sync.overridden
              : (t.refusal[result.code ?? ''] ?? result.message ?? t.refusal.INTERNAL)}
          </Words>
          <Button
            kind="plain"
            onPress={() => void dismiss(id)}
            style={{ alignSelf: 'flex-start', paddingHorizontal: 0 }}
          >
            {t.sync.dismiss}
          </Button>
        </View>
      ))}
    </View>
  )
}
