import { useCallback, useRef, useState } from 'react'
import {
  CheckInAtDoorDocument,
  type DoorTicketPartsFragment,
  FindAtDoorDocument,
  type FindAtDoorMutation,
  JoinAtDoorDocument,
} from '../generated/checkin.ts'
import { ask, Refused } from './ask.ts'
import type { DoorClinic } from './use-clinic.ts'

export type Visit = FindAtDoorMutation['findAtDoor']['visits'][number]
export type Ticket = DoorTicketPartsFragment

/** Why somebody is sent to the desk. */
export type Why = 'offline' | 'tooMany' | 'off' | 'failed' | 'closed' | 'old'

/** What the screen asks or says now. */
export type Step =
  | { at: 'start' | 'scan' | 'birth' | 'name' | 'service' | 'nothing' | 'busy' }
  | { at: 'phone'; isWrong: boolean }
  | { at: 'choose'; visits: readonly Visit[] }
  | { at: 'ticket'; ticket: Ticket }
  | { at: 'desk'; why: Why }

/** What is known of whoever stands here; gone with them. `phone` null: they would rather not say. */
type Known = {
  isWalkIn: boolean
  phone?: string | null
  birth?: string
  name?: string
  serviceId?: string
  /** What a scanned code is good for. */
  person?: string | null
  /** The visits of the family, to check in one after the other. */
  visits: readonly Visit[]
  /** So that a ticket that is asked for twice is given once. */
  key: string
}

const nobody = (): Known => ({ isWalkIn: false, visits: [], key: crypto.randomUUID() })

const whys: Record<string, Why> = {
  TOO_MANY_ATTEMPTS: 'tooMany',
  NOT_SELF: 'off',
  NOT_REMOTE: 'closed',
  CLOSED: 'closed',
  NOT_FOUND: 'old',
}

/** One person after the other: what they are asked, and what becomes of it. */
export const useVisitor = (clinic: DoorClinic, language: string, onLost: () => void) => {
  const [step, setStep] = useState<Step>({ at: 'start' })
  const known = useRef(nobody())
  /** Who stands here now: an answer for somebody who has gone is shown to nobody. */
  const turn = useRef(0)
  const doorServices = clinic.services.filter(({ doorJoin }) => doorJoin)

  const restart = useCallback(() => {
    turn.current++
    known.current = nobody()
    setStep({ at: 'start' })
  }, [])

  const during = async (act: () => Promise<Step>) => {
    const mine = turn.current
    setStep({ at: 'busy' })
    let next: Step
    try {
      next = await act()
    } catch (error) {
      next = afterFailure(error)
    }
    if (mine === turn.current) setStep(next)
  }

  const afterFailure = (error: unknown): Step => {
    if (!(error instanceof Refused) || error.code === 'UNAVAILABLE') {
      onLost()
      return { at: 'desk', why: 'offline' }
    }
    if (error.field === 'input.phoneNumber') {
      delete known.current.phone
      return { at: 'phone', isWrong: true }
    }
    return { at: 'desk', why: whys[error.code] ?? 'failed' }
  }

  const checkIn = async (visit: Visit): Promise<Step> => {
    const { checkInAtDoor: ticket } = await ask(CheckInAtDoorDocument, { pass: visit.pass })
    known.current.visits = known.current.visits.filter(({ pass, ticket }) => pass !== visit.pass && ticket === null)
    return { at: 'ticket', ticket }
  }

  const afterFind = async ({ visits, person }: FindAtDoorMutation['findAtDoor']): Promise<Step> => {
    known.current.person = person
    known.current.visits = visits
    const [first, ...others] = visits
    if (!first) return { at: 'nothing' }
    return others.length === 0 ? checkIn(first) : { at: 'choose', visits }
  }

  const look = () =>
    during(async () => {
      const { phone: phoneNumber, birth: dateOfBirth } = known.current
      const input = { clinicId: clinic.id, phoneNumber: phoneNumber ?? '', dateOfBirth: dateOfBirth ?? '' }
      return afterFind((await ask(FindAtDoorDocument, { input })).findAtDoor)
    })

  const join = () =>
    during(async () => {
      const { serviceId = '', person, name, birth: dateOfBirth, phone: phoneNumber, key } = known.current
      const who = person ? { person } : { name, dateOfBirth, phoneNumber, language }
      const { joinAtDoor: ticket } = await ask(JoinAtDoorDocument, {
        input: { clinicId: clinic.id, serviceId, key, ...who },
      })
      known.current.visits = []
      return { at: 'ticket', ticket }
    })

  /** The next thing that is not known yet; when all is, it is done. */
  const goOn = () => {
    const { isWalkIn, phone, birth, name, serviceId, person } = known.current
    if (isWalkIn && !serviceId) return setStep({ at: 'service' })
    if (isWalkIn && person) return void join()
    if (isWalkIn && name === undefined) return setStep({ at: 'name' })
    if (isWalkIn && birth === undefined) return setStep({ at: 'birth' })
    if (phone === undefined) return setStep({ at: 'phone', isWrong: false })
    if (birth === undefined) return setStep({ at: 'birth' })
    void (isWalkIn ? join() : look())
  }
  const answer = (given: Partial<Known>) => {
    Object.assign(known.current, given)
    goOn()
  }

  return {
    step,
    doorServices,
    isWalkIn: known.current.isWalkIn,
    restart,
    answer,
    /** Whether somebody of the family could still check in. */
    hasMore: known.current.visits.length > 0,
    chooseAnother: () => setStep({ at: 'choose', visits: known.current.visits }),
    begin: {
      booked: () => answer({ isWalkIn: false }),
      scan: () => setStep({ at: 'scan' }),
      walkIn: () =>
        answer({
          isWalkIn: true,
          ...(doorServices.length === 1 && doorServices[0]?.open ? { serviceId: doorServices[0].id } : {}),
        }),
    },
    scanned: (code: string) => {
      turn.current++
      known.current = nobody()
      void during(async () =>
        afterFind((await ask(FindAtDoorDocument, { input: { clinicId: clinic.id, scanned: code } })).findAtDoor),
      )
    },
    choose: (visit: Visit) => void during(() => checkIn(visit)),
    /** The same question once more, from its beginning. */
    retry: () => {
      known.current = nobody()
      goOn()
    },
  }
}
