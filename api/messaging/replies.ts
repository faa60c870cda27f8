import { toGsm7 } from '../notification/gsm.ts'
import { type Language, languageOf, localTime } from '../notification/texts.ts'

/** A booking as a reply names it: when and where, never for what. */
export type Named = { startsAt: Date; clinic: string; timeZone: string }

/** What is said in reply to an SMS. */
export type Reply =
  | { says: 'gone' | 'tooLate' | 'late'; booking: Named }
  | { says: 'which'; bookings: readonly Named[] }
  | { says: 'noBooking' | 'noneToday' | 'started' | 'help' }

type Words = {
  gone: (booking: string) => string
  tooLate: (booking: string) => string
  late: (booking: string) => string
  which: string
  noBooking: string
  noneToday: string
  started: string
  help: string
}

const words: Record<Language, Words> = {
  en: {
    gone: (booking) => `Your appointment ${booking} has ended or was cancelled before.`,
    tooLate: (booking) => `Your appointment ${booking} cannot be cancelled now. Please call the clinic.`,
    late: (booking) => `Thank you. The desk sees that you come late to your appointment ${booking}.`,
    which: 'Which appointment? Reply C and its number:',
    noBooking: 'There is no appointment to cancel for this number. For anything else please call the clinic.',
    noneToday: 'There is no appointment today for this number. For anything else please call the clinic.',
    started: 'You will get messages about your visits again. Reply STOP to end them.',
    help: 'Reply C to cancel an appointment, L or a number of minutes if you are late, STOP for no messages. For anything else please call the clinic.',
  },
  es: {
    gone: (booking) => `Su cita ${booking} ya terminó o fue cancelada antes.`,
    tooLate: (booking) => `Su cita ${booking} ya no se puede cancelar así. Llame a la clínica, por favor.`,
    late: (booking) => `Gracias. La recepción ve que llega tarde a su cita ${booking}.`,
    which: '¿Qué cita? Responda C y su número:',
    noBooking: 'No hay ninguna cita que cancelar para este número. Para lo demás llame a la clínica, por favor.',
    noneToday: 'No hay ninguna cita hoy para este número. Para lo demás llame a la clínica, por favor.',
    started: 'Volverá a recibir mensajes sobre sus visitas. Responda STOP para no recibirlos.',
    help: 'Responda C para cancelar una cita, L o los minutos si llega tarde, STOP para no recibir mensajes. Para lo demás llame a la clínica.',
  },
}

/** The text of a reply in the language of a patient's tag, in the GSM 7-bit alphabet. */
export const replyText = (reply: Reply, tag: string): string => {
  const inLanguage = words[languageOf(tag)]
  const named = ({ startsAt, clinic, timeZone }: Named): string =>
    `(${localTime(startsAt, timeZone, tag)}, ${clinic.slice(0, 40)})`
  if ('bookings' in reply) {
    const lines = reply.bookings.map((booking, index) => `${index + 1}: ${named(booking).slice(1, -1)}`)
    return toGsm7([inLanguage.which, ...lines].join('\n'))
  }
  return toGsm7('booking' in reply ? inLanguage[reply.says](named(reply.booking)) : inLanguage[reply.says])
}
