/** What a patient's answer by SMS asks for. */
export type Answer =
  | { kind: 'stop' }
  | { kind: 'start' }
  /** `choice`: the number in the list that was offered before. */
  | { kind: 'cancel'; choice: number | null }
  | { kind: 'late'; minutes: number | null }
  | { kind: 'help' }

/** Twilio and carriers block the number on these by themselves, CANCEL among them, so we stop as well. */
const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT', 'PARAR', 'BAJA'])
const START = new Set(['START', 'UNSTOP', 'YES', 'ALTA'])

/** Later than this is not late, it is another day's visit. */
export const MOST_LATE_MINUTES = 240

const CANCEL = /^C\s*(\d{1,2})?$/
const LATE = /^(?:L\s*)?(\d{1,3})?(?:\s*(?:M|MIN|MINS|MINUTE|MINUTES|MINUTO|MINUTOS))?$/

/** Reads an answer: one word or letter, in any case, whatever stands around it; all that is longer or other asks for help. */
export const readAnswer = (text: string): Answer => {
  const words = text
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, ' ')
    .trim()
  const alone = words.replaceAll(' ', '')
  if (STOP.has(alone)) return { kind: 'stop' }
  if (START.has(alone)) return { kind: 'start' }
  const cancel = CANCEL.exec(words)
  if (cancel) return { kind: 'cancel', choice: cancel[1] === undefined ? null : Number(cancel[1]) }
  if (words === 'L') return { kind: 'late', minutes: null }
  const minutes = Number(LATE.exec(words)?.[1] ?? Number.NaN)
  if (minutes >= 1 && minutes <= MOST_LATE_MINUTES) return { kind: 'late', minutes }
  return { kind: 'help' }
}
