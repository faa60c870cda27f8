import { useCallback, useEffect, useState } from 'react'
import { DoorClinicDocument, type DoorClinicQuery } from '../generated/checkin.ts'
import { ask, Refused } from './ask.ts'

export type DoorClinic = NonNullable<DoorClinicQuery['clinic']>

const LOOK_MS = 30_000
const TRY_AGAIN_MS = 3_000

/** The clinic at whose door this tablet hangs, looked at now and then; whether the server can be reached. `null`: there is none. */
export const useDoorClinic = (clinicId: string) => {
  const [clinic, setClinic] = useState<DoorClinic | null | undefined>()
  const [isReached, setReached] = useState(true)
  const lost = useCallback(() => setReached(false), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever finds that it cannot be reached, it is tried again soon.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    let failures = 0
    const look = async () => {
      clearTimeout(timer)
      let next = LOOK_MS
      try {
        const { clinic } = await ask(DoorClinicDocument, { clinicId })
        if (isOver) return
        setClinic(clinic)
        setReached(true)
        failures = 0
      } catch (error) {
        if (isOver) return
        if (error instanceof Refused && error.code !== 'UNAVAILABLE') setClinic(null)
        else {
          // Once is no reason to take the screen from somebody who is typing.
          if (++failures > 1) lost()
          next = TRY_AGAIN_MS
        }
      }
      timer = setTimeout(look, next)
    }
    void look()
    const again = () => void look()
    addEventListener('online', again)
    addEventListener('offline', lost)
    return () => {
      isOver = true
      clearTimeout(timer)
      removeEventListener('online', again)
      removeEventListener('offline', lost)
    }
  }, [clinicId, isReached, lost])
  return { clinic, isReached, lost }
}
