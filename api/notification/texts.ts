import type { NotificationChannel, NotificationKind } from '../database/generated/enums.ts'
import type { Correction } from './correction.ts'
import { cutToSeptets, toGsm7 } from './gsm.ts'
import { filledIn, type OwnKind, ownTextOf } from './own-texts.ts'

export const languages = ['en', 'es'] as const
export type Language = (typeof languages)[number]

/** `messageTexts`: the clinic's own words, as they are kept. */
type Clinic = { clinic: { name: string; timeZone: string; messageTexts?: unknown } }
type Linked = Clinic & { link: string }
type Booking = Linked & { startsAt: Date }
type Visit = Linked & { ticket: string }

/**
 * What each kind of message says. Never the service, the doctor or the reason: "Dermatology" on a lock screen
 * tells the household what is nobody's business. Nor the patient's name.
 */
export type MessageValues = {
  BOOKED: Booking
  RESCHEDULED: Booking
  REMINDER: Booking
  ALMOST_YOUR_TURN: Visit & { position: number }
  /** `again`: a recall. */
  YOUR_TURN: Visit & { room: string | null; again: boolean }
  MISSED: Visit
  CANCELLED: Clinic & { startsAt: Date }
  CORRECTION: Visit & { room: string | null; says: Correction }
  VERIFICATION: { code: string }
}

/** A message to read: the title is a push message's; a text message has only the body. */
export type MessageText = { title: string; body: string }

/** What templates are given: short, plain, in the alphabet. */
type Plain = { clinic: string; when: string; ticket: string; room: string | null; position: number; code: string }
type Template = { title: string; says: (values: Plain) => string }
type Templates = {
  /** Where a clinic's name cannot be written in the alphabet. */
  clinic: string
  messages: Record<Exclude<NotificationKind, 'CORRECTION'> | 'RECALL', Template>
  corrections: Record<Correction, Template>
  /** Behind the text of an SMS: what can be answered. */
  answers: Partial<Record<NotificationKind, string>>
}

const templates: Record<Language, Templates> = {
  en: {
    clinic: 'Your clinic',
    messages: {
      BOOKED: { title: 'Appointment booked', says: (v) => `${v.clinic}: your appointment is on ${v.when}.` },
      RESCHEDULED: { title: 'Appointment moved', says: (v) => `${v.clinic}: your appointment is now on ${v.when}.` },
      REMINDER: { title: 'Your appointment', says: (v) => `${v.clinic}: reminder of your appointment on ${v.when}.` },
      ALMOST_YOUR_TURN: {
        title: 'Almost your turn',
        says: (v) =>
          v.position <= 1
            ? `${v.clinic}: ticket ${v.ticket}, you are next. Please stay close.`
            : `${v.clinic}: ticket ${v.ticket}, almost your turn: you are number ${v.position} in line.`,
      },
      YOUR_TURN: {
        title: 'Your turn',
        says: (v) =>
          `${v.clinic}: ticket ${v.ticket}, it is your turn. ${v.room ? `Please come to: ${v.room}.` : 'Please come in.'}`,
      },
      RECALL: {
        title: 'Called again',
        says: (v) =>
          `${v.clinic}: ticket ${v.ticket}, we called you again. ${v.room ? `Please come to: ${v.room}.` : 'Please come in.'}`,
      },
      MISSED: {
        title: 'You were called',
        says: (v) => `${v.clinic}: we called ticket ${v.ticket} and did not find you. Please speak to the desk.`,
      },
      CANCELLED: {
        title: 'Appointment cancelled',
        says: (v) => `${v.clinic}: your appointment on ${v.when} is cancelled.`,
      },
      VERIFICATION: {
        title: 'Your code',
        says: (v) => `Your code is ${v.code}. It is good for 10 minutes. Do not tell it to anybody.`,
      },
    },
    corrections: {
      NOT_YET: {
        title: 'Not your turn yet',
        says: (v) => `${v.clinic}: sorry, it is not the turn of ticket ${v.ticket} yet. You keep your place.`,
      },
      COME: {
        title: 'It is your turn',
        says: (v) =>
          `${v.clinic}: sorry, ticket ${v.ticket} was not missed. ${v.room ? `Please come to: ${v.room}.` : 'Please come in.'}`,
      },
      STILL_WAITING: {
        title: 'Not cancelled',
        says: (v) => `${v.clinic}: sorry, your visit is not cancelled. Ticket ${v.ticket} is still good.`,
      },
      NO_TICKET: {
        title: 'Ticket withdrawn',
        says: (v) => `${v.clinic}: sorry, ticket ${v.ticket} was given by mistake and is withdrawn.`,
      },
    },
    answers: {
      BOOKED: 'Reply C to cancel, STOP for no messages.',
      RESCHEDULED: 'Reply C to cancel.',
      REMINDER: 'Reply C to cancel, L if late, STOP for no messages.',
    },
  },
  es: {
    clinic: 'Su clinica',
    messages: {
      BOOKED: { title: 'Cita reservada', says: (v) => `${v.clinic}: su cita es el ${v.when}.` },
      RESCHEDULED: { title: 'Cita cambiada', says: (v) => `${v.clinic}: su cita es ahora el ${v.when}.` },
      REMINDER: { title: 'Su cita', says: (v) => `${v.clinic}: le recordamos su cita del ${v.when}.` },
      ALMOST_YOUR_TURN: {
        title: 'Casi es su turno',
        says: (v) =>
          v.position <= 1
            ? `${v.clinic}: turno ${v.ticket}, usted es el siguiente. Por favor, quédese cerca.`
            : `${v.clinic}: turno ${v.ticket}, casi le toca: es el número ${v.position} de la fila.`,
      },
      YOUR_TURN: {
        title: 'Es su turno',
        says: (v) => `${v.clinic}: turno ${v.ticket}, le toca. ${v.room ? `Pase a: ${v.room}.` : 'Por favor, pase.'}`,
      },
      RECALL: {
        title: 'Le llamamos de nuevo',
        says: (v) =>
          `${v.clinic}: turno ${v.ticket}, le llamamos de nuevo. ${v.room ? `Pase a: ${v.room}.` : 'Por favor, pase.'}`,
      },
      MISSED: {
        title: 'Le hemos llamado',
        says: (v) => `${v.clinic}: llamamos al turno ${v.ticket} y no le encontramos. Diríjase a recepción, por favor.`,
      },
      CANCELLED: { title: 'Cita cancelada', says: (v) => `${v.clinic}: su cita del ${v.when} está cancelada.` },
      VERIFICATION: {
        title: 'Su código',
        says: (v) => `Su código es ${v.code}. Vale 10 minutos. No se lo diga a nadie.`,
      },
    },
    corrections: {
      NOT_YET: {
        title: 'Aún no es su turno',
        says: (v) => `${v.clinic}: perdone, aún no le toca al turno ${v.ticket}. Conserva su lugar.`,
      },
      COME: {
        title: 'Es su turno',
        says: (v) =>
          `${v.clinic}: perdone, el turno ${v.ticket} no está perdido. ${v.room ? `Pase a: ${v.room}.` : 'Por favor, pase.'}`,
      },
      STILL_WAITING: {
        title: 'No está cancelada',
        says: (v) => `${v.clinic}: perdone, su visita no está cancelada. El turno ${v.ticket} sigue en pie.`,
      },
      NO_TICKET: {
        title: 'Turno retirado',
        says: (v) => `${v.clinic}: perdone, el turno ${v.ticket} se dio por error y queda retirado.`,
      },
    },
    answers: {
      BOOKED: 'Responda C para cancelar, STOP para no recibir mensajes.',
      RESCHEDULED: 'Responda C para cancelar.',
      REMINDER: 'Responda C para cancelar, L si llega tarde, STOP para no recibir mensajes.',
    },
  },
}

/** The language of the texts for a patient's language tag: es for es-MX; English where there are no texts. */
export const languageOf = (tag: string): Language =>
  languages.find((language) => language === tag.toLowerCase().split('-')[0]) ?? 'en'

/** An instant as the clocks of the clinic show it, written as the patient's language does: "Mon, Nov 23, 9:30 AM". */
export const localTime = (instant: Date, timeZone: string, tag: string): string => {
  // Without what a tag may carry besides language and country, as another calendar or other digits.
  const [language, country] = tag.split('-')
  const locale =
    languageOf(tag) === language && /^[A-Z]{2}$/.test(country ?? '') ? `${language}-${country}` : languageOf(tag)
  const written = new Intl.DateTimeFormat(locale, {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
  }).format(instant)
  // "a. m." before the end of a sentence would end it twice.
  return toGsm7(written).replace(/\b([ap])\. ?m\./i, '$1m')
}

const CLINIC_SEPTETS = 40
const ROOM_SEPTETS = 30

/** Has it letters of which nothing is left in the alphabet, as Chinese ones? */
const losesLetters = (text: string): boolean =>
  [...text.normalize('NFC')].some((character) => /[\p{L}\p{N}]/u.test(character) && toGsm7(character) === '')

/** A name from the clinic's settings, fit for a message; null where nothing legible is left of it. */
const plainName = (name: string, most: number): string | null => {
  const plain = toGsm7(name).replace(/\s+/g, ' ').trim()
  return plain === '' || losesLetters(name) ? null : cutToSeptets(plain, most)
}

/** What costs half, wherever it says the same: a clinic's own words in another script are sent in theirs. */
export const cheapest = (text: string): string => (losesLetters(text) ? text : toGsm7(text))

const templateOf = <Kind extends NotificationKind>(
  { messages, corrections }: Templates,
  kind: Kind,
  values: MessageValues[Kind],
): Template => {
  if ('says' in values) return corrections[values.says]
  if ('again' in values && values.again) return messages.RECALL
  return messages[kind as Exclude<NotificationKind, 'CORRECTION'>]
}

/**
 * The text of a message in the language of a tag: plain, in the GSM 7-bit alphabet, one or two SMS long with its link.
 * A push message carries its link beside the text and cannot be answered, so its body is the sentence alone.
 */
export const textOf = <Kind extends NotificationKind>(
  kind: Kind,
  tag: string,
  values: MessageValues[Kind],
  channel: NotificationChannel = 'SMS',
): MessageText => {
  const inLanguage = templates[languageOf(tag)]
  const { title, says } = templateOf(inLanguage, kind, values)
  const plain: Plain = {
    clinic: 'clinic' in values ? (plainName(values.clinic.name, CLINIC_SEPTETS) ?? inLanguage.clinic) : '',
    when: 'startsAt' in values ? localTime(values.startsAt, values.clinic.timeZone, tag) : '',
    ticket: 'ticket' in values ? values.ticket : '',
    room: 'room' in values && values.room !== null ? plainName(values.room, ROOM_SEPTETS) : null,
    position: 'position' in values ? values.position : 0,
    code: 'code' in values ? values.code : '',
  }
  const isRecall = 'again' in values && values.again
  const own = 'clinic' in values && !isRecall ? ownTextOf(values.clinic.messageTexts, tag, kind) : null
  const sentence = (own && filledIn(own, plain)) ?? says(plain)
  if (channel === 'PUSH') return { title, body: sentence }
  const link = 'link' in values ? values.link : ''
  const parts = [cheapest(sentence), toGsm7(inLanguage.answers[kind] ?? ''), link]
  return { title, body: parts.filter((part) => part !== '').join(' ') }
}

/** The usual words of each kind with its placeholders, as a clinic begins its own from. */
export const usualText = (kind: OwnKind, tag: string): string => {
  // Not a number, so that the words for a longer line are said.
  const position = '{position}' as unknown as number
  const values = { clinic: '{clinic}', when: '{when}', ticket: '{ticket}', room: '{room}', position, code: '' }
  return templates[languageOf(tag)].messages[kind].says(values)
}

/** A message of one kind as it would go out, with values as an example. */
export const exampleOf = (
  kind: OwnKind,
  tag: string,
  {
    clinic,
    link,
    now,
    text,
  }: { clinic: { name: string; timeZone: string }; link: string; now: Date; text: string | null },
): string => {
  const language = tag.toLowerCase().split('-')[0] ?? tag
  const all = {
    ...{ clinic: { ...clinic, messageTexts: text === null ? {} : { [language]: { [kind]: text } } }, link },
    ...{ startsAt: now, ticket: 'G-014', position: 3, room: '3', again: false },
  }
  // What a kind does not say is not asked; a cancelled booking has no link.
  const { link: _, again: __, ...cancelled } = all
  const { again: ___, ...others } = all
  const values = kind === 'CANCELLED' ? cancelled : kind === 'YOUR_TURN' ? all : others
  return textOf(kind, tag, values as MessageValues[typeof kind]).body
}
