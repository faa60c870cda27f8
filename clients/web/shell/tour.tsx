import '../locales/later.ts'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'

type Props = { screen: 'board' | 'room'; isAsked: boolean; onEnd: () => void }

const STEPS = 3

/** Three steps beside the work, which goes on meanwhile: every key does what it always does. */
export const Tour = ({ screen, isAsked, onEnd }: Props) => {
  const { t } = useTranslation()
  const [step, setStep] = useState(0)
  const title = useRef<HTMLHeadingElement>(null)
  // Who asked for it is taken there; nobody else is taken away from what they do.
  useEffect(() => {
    if (isAsked) title.current?.focus()
  }, [isAsked])
  // The step's part of the screen is marked as long as it is told of.
  useEffect(() => {
    document.documentElement.dataset.tour = `${screen}-${step + 1}`
    return () => {
      delete document.documentElement.dataset.tour
    }
  }, [screen, step])
  const texts = t(matchMedia('(pointer: coarse)').matches ? `tour.touch.${screen}` : `tour.${screen}`, {
    returnObjects: true,
  })
  const isLast = step === STEPS - 1
  return (
    <aside className="tour" aria-labelledby="tour">
      <h2 id="tour" ref={title} tabIndex={-1}>
        {t('tour.title', { step: step + 1, steps: STEPS })}
      </h2>
      <p aria-live="polite">{texts[step]}</p>
      <div className="dialog-end">
        {!isLast && (
          <Button kind="plain" onPress={onEnd}>
            {t('tour.skip')}
          </Button>
        )}
        <Button kind="main" onPress={() => (isLast ? onEnd() : setStep(step + 1))}>
          {t(isLast ? 'tour.end' : 'tour.next')}
        </Button>
      </div>
    </aside>
  )
}
