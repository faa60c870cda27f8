import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'

type Toast = { id: number; text: string; until: number; undo?: () => void }

let toasts: readonly Toast[] = []
let count = 0
const listeners = new Set<() => void>()

const set = (next: readonly Toast[]) => {
  toasts = next
  for (const listener of listeners) listener()
}

const drop = (id: number) => set(toasts.filter((toast) => toast.id !== id))

/** Says what happened, for so many seconds; with `undo` there is a way back until then. */
export const say = (text: string, { seconds = 6, undo }: { seconds?: number; undo?: () => void } = {}): void => {
  count++
  const id = count
  set([...toasts.slice(-2), { id, text, until: Date.now() + seconds * 1000, ...(undo ? { undo } : {}) }])
  setTimeout(() => drop(id), seconds * 1000)
}

/** Takes the newest act back that can still be taken back. */
export const undoLast = (): void => {
  const toast = toasts.findLast(({ undo }) => undo)
  if (!toast) return
  drop(toast.id)
  toast.undo?.()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const Remaining = ({ until }: { until: number }) => {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return <span aria-hidden="true">{Math.max(0, Math.ceil((until - now) / 1000))} s</span>
}

export const Toasts = () => {
  const { t } = useTranslation()
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div className="toast" key={toast.id}>
          <span>{toast.text}</span>
          {toast.undo && (
            <Button
              kind="plain"
              shortcut="Z"
              onPress={() => {
                drop(toast.id)
                toast.undo?.()
              }}
            >
              {t('undo')} <Remaining until={toast.until} />
            </Button>
          )}
          <Button kind="plain" aria-label={t('close')} onPress={() => drop(toast.id)}>
            <span aria-hidden="true">×</span>
          </Button>
        </div>
      ))}
    </div>
  )
}
