/** A booking as a calendar needs it. */
export type CalendarBooking = {
  id: string
  /** Grows with every change: a calendar that has the booking already takes the newer one. */
  version: number
  startsAt: Date
  endsAt: Date
  /** What it is called in the reader's calendar. Never why the patient comes: calendars are shared. */
  title: string
  /** Name and address of the clinic; may have several lines. */
  place: string
  /** May have several lines. */
  notes: string | null
  isCancelled: boolean
}

/** Lines hold at most so many bytes before they go on in the next one. */
const MOST_BYTES = 75

const escaped = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\\;,]/g, (sign) => `\\${sign}`)
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/\p{Cc}/gu, '')

const bytesOf = (sign: string): number => {
  const point = sign.codePointAt(0) as number
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
}

/** A line in the pieces that RFC 5545 wants; no sign is cut in two. */
const folded = (line: string): string => {
  let text = ''
  let bytes = 0
  for (const sign of line) {
    const more = bytesOf(sign)
    if (bytes + more > MOST_BYTES) {
      text += '\r\n '
      bytes = 1
    }
    text += sign
    bytes += more
  }
  return text
}

/** As in 20261123T093000Z. */
const utc = (at: Date): string => `${at.toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`

/** A booking as a file for the phone's calendar (RFC 5545): the same UID in every version, so that a later file replaces the earlier one. */
export const calendarFile = (booking: CalendarBooking, now: Date): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Anteroom//Anteroom//EN',
    'CALSCALE:GREGORIAN',
    `METHOD:${booking.isCancelled ? 'CANCEL' : 'PUBLISH'}`,
    'BEGIN:VEVENT',
    `UID:${booking.id}@anteroom`,
    `SEQUENCE:${booking.version}`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(booking.startsAt)}`,
    `DTEND:${utc(booking.endsAt)}`,
    `SUMMARY:${escaped(booking.title)}`,
    `LOCATION:${escaped(booking.place)}`,
    ...(booking.notes ? [`DESCRIPTION:${escaped(booking.notes)}`] : []),
    `STATUS:${booking.isCancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
    .map((line) => `${folded(line)}\r\n`)
    .join('')
