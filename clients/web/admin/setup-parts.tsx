import { type FormEvent, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import type { Desk } from './setup-desk.tsx'
import type { ClinicDetails } from './use-clinic.ts'
import { adminWords } from './words.ts'

/** What each step is given. */
export type StepProps = {
  clinic: ClinicDetails
  /** Who sits at the desk, where somebody does. */
  desk: Desk | null
  /** What was saved is read anew. */
  onSaved: () => Promise<unknown>
  /** To the next step; what is there is kept. */
  onNext: () => void
  onBack: () => void
}

/** Saves one thing at a time, and keeps why it could not be. */
export const useSaving = () => {
  const { t } = useTranslation()
  const [isSaving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const save = async (act: () => Promise<unknown>): Promise<boolean> => {
    setSaving(true)
    setProblem(null)
    try {
      await act()
      return true
    } catch (error) {
      setProblem(adminWords(error, t))
      return false
    } finally {
      setSaving(false)
    }
  }
  return { isSaving, problem, setProblem, save }
}

/** What a step asks, with one button below it. */
export const SetupForm = ({
  act,
  isMain,
  saving: { isSaving, problem },
  onSubmit,
  children,
}: {
  act: string
  isMain: boolean
  saving: ReturnType<typeof useSaving>
  onSubmit: () => void
  children: ReactNode
}) => (
  <form
    className="setup-form"
    noValidate
    onSubmit={(event: FormEvent) => {
      event.preventDefault()
      if (!isSaving) onSubmit()
    }}
  >
    {children}
    <p className="problem" role="alert">
      {problem}
    </p>
    <div>
      <Button {...(isMain ? { kind: 'main' as const } : {})} type="submit" isDisabled={isSaving}>
        {act}
      </Button>
    </div>
  </form>
)
