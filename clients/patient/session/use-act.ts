import { useState } from 'react'
import { useTexts } from '../texts/language.tsx'
import { refusalText } from '../texts/refusal.ts'

/** Something that is done once at a time, and what went wrong with it in words. */
export const useAct = () => {
  const texts = useTexts()
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy) return false
    setBusy(true)
    setProblem(null)
    try {
      await work()
      return true
    } catch (error) {
      setProblem(refusalText(error, texts))
      return false
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, problem, setProblem, run }
}
