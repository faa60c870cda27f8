import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CalendarBooking, calendarFile } from './ics.ts'

const booking: CalendarBooking = {
  id: '019f9a52-6f3a-7c11-8a50-5f2d0c6b7a10',
  version: 1,
  startsAt: new Date('2026-11-23T09:30:00Z'),
  endsAt: new Date('2026-11-23T09:45:00Z'),
  title: 'General practice, Dr. Vega',
  place: 'Harbour Clinic\n1 Quay Street; 2nd floor',
  notes: null,
  isCancelled: false,
}
const now = new Date('2026-11-20T08:00:00.123Z')
const file = (change: Partial<CalendarBooking> = {}) => calendarFile({ ...booking, ...change }, now)

/** What a calendar reads: unfolded lines by name, with the escapes taken back. */
const read = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .replaceAll('\r\n ', '')
      .split('\r\n')
      .map((line) => {
        const at = line.indexOf(':')
        return [line.slice(0, at), line.slice(at + 1).replace(/\\(n|.)/g, (_, sign) => (sign === 'n' ? '\n' : sign))]
      }),
  )

describe('a booking in the calendar', () => {
  it('is a whole file of lines that end as RFC 5545 says', () => {
    expect(file()).toBe(
      [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'PRODID:-//Anteroom//Anteroom//EN',
        'CALSCALE:GREGORIAN',
        'METHOD:PUBLISH',
        'BEGIN:VEVENT',
        'UID:019f9a52-6f3a-7c11-8a50-5f2d0c6b7a10@anteroom',
        'SEQUENCE:1',
        'DTSTAMP:20261120T080000Z',
        'DTSTART:20261123T093000Z',
        'DTEND:20261123T094500Z',
        'SUMMARY:General practice\\, Dr. Vega',
        'LOCATION:Harbour Clinic\\n1 Quay Street\\; 2nd floor',
        'STATUS:CONFIRMED',
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n'),
    )
  })

  it('is the same event after it was moved, in a later version', () => {
    const moved = read(file({ version: 2, startsAt: new Date('2026-11-24T09:30:00+01:00') }))
    expect(moved.UID).toBe(read(file()).UID)
    expect([moved.SEQUENCE, moved.DTSTART]).toEqual(['2', '20261124T083000Z'])
  })

  it('goes when it is cancelled', () => {
    expect(read(file({ version: 3, isCancelled: true }))).toMatchObject({
      METHOD: 'CANCEL',
      STATUS: 'CANCELLED',
      SEQUENCE: '3',
    })
  })

  it('says any text as it was given, in lines of at most 75 bytes, and lets no text make lines of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const made = file({ title: text, place: text, notes: `x${text}` })
        for (const line of made.split('\r\n')) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75)
        const given = text
          .normalize('NFC')
          .replace(/\r\n?/g, '\n')
          .replace(/[^\P{Cc}\n]/gu, '')
        expect(read(made)).toMatchObject({ SUMMARY: given, LOCATION: given, DESCRIPTION: `x${given}` })
      }),
    )
  })

  it('cannot be made to hold another event', () => {
    const made = file({ title: 'x\r\nEND:VEVENT\r\nBEGIN:VEVENT\u2028SUMMARY:y' })
    expect(made.match(/^BEGIN:VEVENT/gm)).toHaveLength(1)
  })
})
