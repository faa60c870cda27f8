import type { NotificationKind } from '../database/generated/enums.ts'
import { badInput } from '../errors.ts'

/** What a clinic may say in its own words. A correction says what went wrong, and a code is of no clinic: these stay as they are. */
export const ownKinds = [
  'BOOKED',
  'RESCHEDULED',
  'REMINDER',
  'ALMOST_YOUR_TURN',
  'YOUR_TURN',
  'MISSED',
  'CANCELLED',
] as const satisfies readonly NotificationKind[]
export type OwnKind = (typeof ownKinds)[number]

/** What stands for something in a text of each kind, as in {when}; the first two have to be there, so that a message says what it is about. */
export const placeholders: Record<OwnKind, readonly string[]> = {
  BOOKED: ['clinic', 'when'],
  RESCHEDULED: ['clinic', 'when'],
  REMINDER: ['clinic', 'when'],
  ALMOST_YOUR_TURN: ['clinic', 'ticket', 'position'],
  YOUR_TURN: ['clinic', 'ticket', 'room'],
  MISSED: ['clinic', 'ticket'],
  CANCELLED: ['clinic', 'when'],
}

/** { language: { kind: text } }, as it is kept. */
export type OwnTexts = Partial<Record<string, Partial<Record<string, string>>>>

export const MOST_CHARACTERS = 300

const LANGUAGE = /^[a-z]{2,3}$/
const PLACEHOLDER = /\{([^{}]*)\}/g

export const isOwnKind = (kind: string): kind is OwnKind => (ownKinds as readonly string[]).includes(kind)

/** A text of the clinic's own as it was typed, in one line; refused where a patient could not read what it says. */
export const ownText = (kind: OwnKind, typed: string, field: string): string => {
  const text = typed.replace(/\s+/g, ' ').trim()
  if (text === '') throw badInput(field, 'must not be empty; leave the entry out for the usual words')
  if (text.length > MOST_CHARACTERS) throw badInput(field, `must have at most ${MOST_CHARACTERS} characters`)
  const allowed = placeholders[kind]
  const used = [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
  const unknown = used.find((name) => !allowed.includes(name))
  if (unknown !== undefined)
    throw badInput(
      field,
      `must not contain {${unknown}}; ${kind} may contain ${allowed.map((name) => `{${name}}`).join(', ')}`,
    )
  if (/[{}]/.test(text.replace(PLACEHOLDER, '')))
    throw badInput(field, 'must have { and } only around the name of a value')
  const missing = allowed.slice(0, 2).find((name) => !used.includes(name))
  if (missing) throw badInput(field, `must contain {${missing}}`)
  return text
}

type Entry = { language: string; kind: NotificationKind; text: string }

/** The list as it was given → the texts as they are kept. */
export const ownTexts = (entries: readonly Entry[], field: string): OwnTexts => {
  const texts: Record<string, Record<string, string>> = {}
  for (const [at, { language, kind, text }] of entries.entries()) {
    if (!LANGUAGE.test(language))
      throw badInput(`${field}.${at}.language`, 'must be a language as in en, without a country')
    if (!isOwnKind(kind)) throw badInput(`${field}.${at}.kind`, `must be one of ${ownKinds.join(', ')}`)
    if (texts[language]?.[kind] !== undefined)
      throw badInput(`${field}.${at}.kind`, 'must not be there twice in one language')
    texts[language] = { ...texts[language], [kind]: ownText(kind, text, `${field}.${at}.text`) }
  }
  return texts
}

/** What a clinic's settings hold, whatever is there: texts that no longer fit are not said. */
export const ownTextOf = (texts: unknown, tag: string, kind: NotificationKind): string | null => {
  const language = tag.toLowerCase().split('-')[0] ?? ''
  const text = (texts as OwnTexts | null | undefined)?.[language]?.[kind]
  return typeof text === 'string' && isOwnKind(kind) ? text : null
}

/** The text with its values; null where one is not known, as the room, so that the usual words are said instead. */
export const filledIn = (text: string, values: Record<string, string | number | null>): string | null => {
  const isKnown = [...text.matchAll(PLACEHOLDER)].every(([, name = '']) => values[name] != null)
  return isKnown ? text.replace(PLACEHOLDER, (_, name: string) => String(values[name])) : null
}
