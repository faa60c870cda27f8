import type { TypedDocumentNode } from '@apollo/client'
import { useApolloClient } from '@apollo/client/react'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import {
  CallEntryDocument,
  CallNextDocument,
  HoldDocument,
  LeaveQueueDocument,
  MarkNoShowDocument,
  MarkServedDocument,
  MoveEntryDocument,
  RecallDocument,
  ReturnToQueueDocument,
  type RowFragment,
  SetUrgencyDocument,
  StartServiceDocument,
  TransferDocument,
  UndoDocument,
  type Urgency,
} from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { wordsFor } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import type { ActionId } from './actions.ts'

/** What the toast says was done. */
export type Done = ActionId | 'walkIn' | 'checkIn'

const plain = {
  recall: RecallDocument,
  start: StartServiceDocument,
  served: MarkServedDocument,
  noShow: MarkNoShowDocument,
  return: ReturnToQueueDocument,
  hold: HoldDocument,
  leave: LeaveQueueDocument,
} as const

export type PlainAction = keyof typeof plain

export const isPlain = (action: ActionId): action is PlainAction => action in plain

/** Every change of a queue goes through here: done, said, and for a while to be taken back. Answers null where it was refused. */
export const useActs = () => {
  const client = useApolloClient()
  const { t } = useTranslation()
  const { clinic } = useStaff()

  const change = useCallback(
    async <Variables extends Record<string, unknown>>(
      done: Done,
      mutation: TypedDocumentNode<{ entry: RowFragment | null }, Variables>,
      variables: Variables,
    ): Promise<RowFragment | null> => {
      try {
        const { data } = await client.mutate({ mutation, variables } as never)
        const entry = (data as { entry: RowFragment | null } | undefined)?.entry ?? null
        if (!entry) {
          say(t('nobodyToCall'))
          return null
        }
        const undo = () =>
          void client
            .mutate({ mutation: UndoDocument, variables: { entryId: entry.id, version: entry.version } })
            .then(() => say(t('undone', { ticket: entry.ticket })))
            .catch((error) => say(wordsFor(error, t)))
        say(t(`done.${done}`, { ticket: entry.ticket, name: entry.patient?.name ?? '' }), {
          seconds: done === 'recall' ? 6 : clinic.undoSeconds || 6,
          ...(done === 'recall' || clinic.undoSeconds === 0 ? {} : { undo }),
        })
        return entry
      } catch (error) {
        say(wordsFor(error, t), { seconds: 10 })
        return null
      }
    },
    [client, t, clinic.undoSeconds],
  )

  return {
    change,
    plain: (action: PlainAction, entryId: string) => change(action, plain[action], { entryId }),
    call: (entryId: string, doctorId: string | null, room: string | null) =>
      change('call', CallEntryDocument, { entryId, doctorId, room }),
    callNext: (serviceId: string, doctorId: string | null, room: string | null) =>
      change('call', CallNextDocument, { serviceId, doctorId, room }),
    setUrgency: (entryId: string, urgency: Urgency, reason: string | null) =>
      change('urgency', SetUrgencyDocument, { entryId, urgency, reason }),
    move: (entryId: string, after: string | null, reason: string) =>
      change('move', MoveEntryDocument, { entryId, after, reason }),
    transfer: (entryId: string, serviceId: string | null, doctorId: string | null) =>
      change('transfer', TransferDocument, { entryId, serviceId, doctorId }),
  }
}

export type Acts = ReturnType<typeof useActs>
