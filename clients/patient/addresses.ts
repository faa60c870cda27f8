/** Every screen by its address; the rest of an address is the ids of what it shows. */
export type Route =
  | { name: 'home' }
  | { name: 'turn'; id: string }
  | { name: 'book'; choice: Choice }
  | { name: 'booking'; id: string }
  | { name: 'move'; id: string }
  | { name: 'me' }
  | { name: 'code' }
  | { name: 'register' }
  | { name: 'forgotten' }

/** How far the choice of an appointment has come; each step has an address of its own, so that Back goes one step back. */
export type Choice = {
  clinicId: string
  serviceId: string | null
  /** Undefined: not said yet; null: whoever is free first. */
  doctorId: string | null | undefined
  startsAt: string | null
}

const withId = ['turn', 'booking', 'move'] as const
const plain = ['me', 'code', 'register', 'forgotten'] as const

const FIRST_FREE = 'any'

const isId = (text: string | undefined): text is string => /^[0-9a-f-]{36}$/i.test(text ?? '')

const choiceOf = ([clinicId, serviceId, doctor, time]: readonly string[]): Choice | null => {
  if (!isId(clinicId)) return null
  const none = { clinicId, serviceId: null, doctorId: undefined, startsAt: null }
  if (!isId(serviceId)) return none
  const doctorId = doctor === FIRST_FREE ? null : isId(doctor) ? doctor : undefined
  const startsAt = doctorId !== undefined && time && !Number.isNaN(Date.parse(time)) ? time : null
  return { clinicId, serviceId, doctorId, startsAt }
}

export const pathOfChoice = ({ clinicId, serviceId, doctorId, startsAt }: Choice): string =>
  ['/book', clinicId, serviceId, doctorId === null ? FIRST_FREE : doctorId, startsAt].filter(Boolean).join('/')

/** The screen of an address; home for what is none. */
export const routeOf = (path: string): Route => {
  const [name = '', ...rest] = path.replace(/^\//, '').split('/').map(decodeURIComponent)
  if (name === 'book') {
    const choice = choiceOf(rest)
    if (choice) return { name, choice }
  }
  const [id] = rest
  for (const one of withId) if (one === name && isId(id)) return { name: one, id }
  for (const one of plain) if (one === name) return { name: one }
  return { name: 'home' }
}

/** anteroom://turn/1234 and https://clinic.example/patient/turn/1234 are the same screen. */
export const pathOf = (url: string): string => {
  const path = url.startsWith('anteroom://')
    ? `/${url.slice('anteroom://'.length)}`
    : url.replace(/^[a-z]+:\/\/(?:[^/]*\/patient)?/, '')
  return path.split('?')[0] || '/'
}

/** What of a push message's tap is needed here, as expo-notifications gives it. */
export type Tap = {
  notification: {
    request: { content: { data?: Record<string, unknown> | null }; trigger?: unknown }
  }
}

type Data = Record<string, unknown> | null

/**
 * The screen that a push message is about; null where it says none. Whatever else it holds opens nothing. Firebase's data stand in the
 * content, or in what set it off: where Android itself drew the message, and always on an iPhone.
 */
export const pathOfTap = ({ notification: { request } }: Tap): string | null => {
  const { remoteMessage, payload } = (request.trigger ?? {}) as { remoteMessage?: { data?: Data }; payload?: Data }
  const path = request.content.data?.path ?? remoteMessage?.data?.path ?? payload?.path
  return typeof path === 'string' && path.startsWith('/') ? path : null
}
