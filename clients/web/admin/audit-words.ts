import type { TFunction } from 'i18next'
import { admin } from '../locales/en-admin.ts'
import type { later } from '../locales/en-later.ts'

type Event = {
  action: string
  entity: string
  actor: { __typename: 'User'; name: string } | { __typename: 'Patient' } | null
}

const { acts, looks, kinds: kindNames } = admin.admin.audit

/** By which the log can be searched: what stands before the dot of an action. */
export const kinds = Object.keys(kindNames) as (keyof typeof kindNames)[]

const isIn = <Names extends object>(names: Names, name: string): name is Extract<keyof Names, string> =>
  Object.hasOwn(names, name)

/** The actions of one kind that have words of their own, by those words. */
export const actionsOf = (kind: string, t: TFunction): { id: string; name: string }[] => {
  const told =
    kind === 'read'
      ? Object.keys(looks).map((name) => `read.${name}`)
      : Object.keys(acts).flatMap((act) => (act.startsWith(`${kind}_`) ? act.replace('_', '.') : []))
  return told.map((action) => ({ id: action, name: sentenceOf({ action, entity: '', actor: null }, t, '…') }))
}

/** Who did it. Patients' names are not for those who read the log; without an actor it was the server, or nobody who is known. */
const whoOf = ({ action, actor }: Event, t: TFunction): string => {
  if (actor?.__typename === 'User') return actor.name
  if (actor) return t('admin.audit.patient')
  return t(/^(session|denied|refused|code)\./.test(action) ? 'admin.audit.stranger' : 'admin.audit.server')
}

/** An entry of the audit log as a sentence. What has no words of its own is told by its name. */
export const sentenceOf = (event: Event, t: TFunction, who = whoOf(event, t)): string => {
  const [kind = '', name = ''] = event.action.split('.')
  const act = event.action.replace('.', '_')
  if (isIn(acts, act)) return t(`admin.audit.acts.${act}`, { who })
  if (kind === 'read' && isIn(looks, name))
    return t('admin.audit.looked', { who, what: t(`admin.audit.looks.${name}`) })
  if (kind === 'read') return t('admin.audit.looked', { who, what: name })
  if (kind === 'denied') return t('admin.audit.denied', { who, what: askedName(name, t) })
  if (kind === 'refused') return t('admin.audit.refused', { who, what: askedName(name, t) })
  if (kind === 'sync') return t('admin.audit.offline', { who, what: commandName(name, t) })
  return t('admin.audit.other', { who, what: event.action })
}

/** What was asked of the API: a command, or something to look at. */
const askedName = (name: string, t: TFunction): string =>
  isIn(looks, name) ? t(`admin.audit.looks.${name}`) : commandName(name, t)

const commandName = (name: string, t: TFunction): string => {
  const key = `command.${name}` as `command.${keyof typeof later.command}`
  const words = t(key)
  return words === key ? name : words
}
