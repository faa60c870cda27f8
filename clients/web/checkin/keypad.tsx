import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'

const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '0'] as const

type Props = { hasPlus?: boolean; onKey: (key: string) => void; onDelete: () => void; onEnter: () => void }

/** Large digits to touch; a keyboard does as well. The device's own keyboard stays away, and with it what it would remember. */
export const Keypad = ({ hasPlus = false, onKey, onDelete, onEnter }: Props) => {
  const { t } = useTranslation()
  const act = useRef({ onKey, onDelete, onEnter })
  act.current = { onKey, onDelete, onEnter }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (/^\d$/.test(event.key) || (hasPlus && event.key === '+')) act.current.onKey(event.key)
      else if (event.key === 'Backspace') act.current.onDelete()
      // A button that has the focus takes Enter for itself.
      else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) act.current.onEnter()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [hasPlus])
  return (
    <fieldset className="keypad" aria-label={t('door.keys')}>
      {digits.map((digit) =>
        digit === '+' && !hasPlus ? (
          <span key={digit} />
        ) : (
          <Button key={digit} onPress={() => onKey(digit)}>
            {digit}
          </Button>
        ),
      )}
      <Button aria-label={t('door.delete')} onPress={onDelete}>
        <span aria-hidden="true">⌫</span>
      </Button>
    </fieldset>
  )
}
