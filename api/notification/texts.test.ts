import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NotificationKind } from '../database/generated/enums.ts'
import type { Correction } from './correction.ts'
import { cutToSeptets, isGsm7, segments, septets, toGsm7 } from './gsm.ts'
import { languageOf, localTime, type MessageValues, textOf } from './texts.ts'

const link = `https://${'x'.repeat(27)}.example/t/${'A'.repeat(22)}`.slice(0, 60)
const startsAt = new Date('2026-11-23T14:30:00Z')
const clinic = { name: 'Harbour Clinic', timeZone: 'America/New_York' }

type Case = { [Kind in NotificationKind]: { kind: Kind; values: MessageValues[Kind] } }[NotificationKind]

const corrections: Correction[] = ['NOT_YET', 'COME', 'STILL_WAITING', 'NO_TICKET']

const casesOf = (v: {
  clinic: { name: string; timeZone: string }
  startsAt: Date
  ticket: string
  room: string | null
  position: number
  link: string
}): Case[] => [
  ...(['BOOKED', 'RESCHEDULED', 'REMINDER', 'CANCELLED'] as const).map((kind) => ({ kind, values: v })),
  { kind: 'ALMOST_YOUR_TURN', values: v },
  { kind: 'YOUR_TURN', values: { ...v, again: false } },
  { kind: 'YOUR_TURN', values: { ...v, again: true } },
  { kind: 'MISSED', values: v },
  ...corrections.map((says) => ({ kind: 'CORRECTION' as const, values: { ...v, says } })),
  { kind: 'VERIFICATION', values: { code: '012345' } },
]

const plain = casesOf({ clinic, startsAt, ticket: 'G-014', room: 'Room 3', position: 3, link })

const write = ({ kind, values }: Case, tag: string, channel?: 'SMS' | 'PUSH') =>
  textOf(kind, tag, values as MessageValues[typeof kind], channel)

describe('texts', () => {
  it('has every kind in every language', () => {
    expect(new Set(plain.map(({ kind }) => kind))).toEqual(new Set(Object.keys(NotificationKind)))
    for (const one of plain)
      for (const tag of ['en', 'es']) {
        expect(write(one, tag).title).not.toBe('')
        expect(write(one, tag).body).not.toMatch(/undefined|null|NaN|Invalid/)
      }
  })

  it.each([
    [
      'BOOKED',
      'en',
      'Harbour Clinic: your appointment is on Mon, Nov 23, 9:30 AM. Reply C to cancel, STOP for no messages.',
    ],
    ['BOOKED', 'es-MX', 'Harbour Clinic: su cita es el lun 23 de nov, 9:30 am. Responda C'],
    ['BOOKED', 'es', 'Harbour Clinic: su cita es el lun, 23 nov, 9:30. Responda C'],
    ['ALMOST_YOUR_TURN', 'en', 'Harbour Clinic: ticket G-014, almost your turn: you are number 3 in line.'],
    ['YOUR_TURN', 'en-GB', 'Harbour Clinic: ticket G-014, it is your turn. Please come to: Room 3.'],
    ['YOUR_TURN', 'es', 'Harbour Clinic: turno G-014, le toca. Pase a: Room 3.'],
    ['VERIFICATION', 'en', 'Your code is 012345.'],
  ])('%s in %s', (kind, tag, expected) => {
    const one = plain.find((each) => each.kind === kind) as Case
    expect(write(one, tag).body).toContain(expected)
  })

  it('stays in the GSM 7-bit alphabet and within two SMS, whatever names and numbers are put in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: null }),
        fc.date({ min: new Date('2026-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
        fc.constantFrom('America/New_York', 'Asia/Kathmandu', 'Pacific/Chatham', 'Europe/Madrid'),
        fc.constantFrom('en', 'en-US', 'en-AU', 'es', 'es-MX', 'es-419', 'ar-u-nu-arab', 'en-u-ca-buddhist', 'zh-Hant'),
        fc.integer({ min: 1, max: 9999 }),
        (name, room, at, timeZone, tag, position) => {
          const v = { clinic: { name, timeZone }, startsAt: at, ticket: `WWWW-${position}`, room, position, link }
          for (const one of casesOf(v)) {
            const { body } = write(one, tag)
            expect(isGsm7(body), body).toBe(true)
            expect(segments(body), body).toBeLessThanOrEqual(2)
            if (one.kind !== 'VERIFICATION' && one.kind !== 'CANCELLED') expect(body.endsWith(` ${link}`)).toBe(true)
          }
        },
      ),
    )
  })

  it('keeps the widest names within two SMS', () => {
    const wide = { clinic: { name: '[€]'.repeat(70), timeZone: 'UTC' }, room: '{€}'.repeat(14) }
    for (const one of casesOf({ ...wide, startsAt, ticket: 'WWWW-9999', position: 9999, link }))
      for (const tag of ['en', 'es']) expect(segments(write(one, tag).body)).toBeLessThanOrEqual(2)
  })

  it('tells a push message’s reader neither how to answer nor the link, which the message carries itself', () => {
    for (const one of plain) expect(write(one, 'en', 'PUSH').body).not.toMatch(/https|Reply|STOP/)
  })

  it('calls a clinic whose name the alphabet cannot write "Your clinic", and leaves such a room out', () => {
    const v = { clinic: { name: 'Клиника', timeZone: 'UTC' }, startsAt, ticket: 'G-1', room: '三番', position: 1, link }
    const [turn] = casesOf(v).filter(({ kind }) => kind === 'YOUR_TURN')
    expect(write(turn as Case, 'en').body).toContain('Your clinic: ticket G-1, it is your turn. Please come in.')
    expect(write(turn as Case, 'es').body).toContain('Su clinica: turno G-1, le toca. Por favor, pase.')
  })

  it('chooses the language by its tag, English where there is none', () => {
    expect(['es', 'es-AR', 'ES', 'en-GB', 'de', ''].map(languageOf)).toEqual(['es', 'es', 'es', 'en', 'en', 'en'])
  })

  it('writes times by the clinic’s clocks, through summer time', () => {
    expect(localTime(new Date('2026-03-29T00:59:00Z'), 'Europe/Madrid', 'es')).toContain('1:59')
    expect(localTime(new Date('2026-03-29T01:00:00Z'), 'Europe/Madrid', 'es')).toContain('3:00')
    expect(localTime(startsAt, 'Europe/Madrid', 'en-GB')).toMatch(/Mon 23 Nov, 15:30|Mon, 23 Nov, 15:30/)
  })
})

describe('GSM 7-bit', () => {
  it.each([
    ['é, ñ and ü stay', 'José Núñez Agüero', 'José Nuñez Agüero'],
    ['accents that it lacks fall off', 'clínica está aquí ão', 'clinica esta aqui ao'],
    ['typographic marks become plain ones', '“A” – B…\u202f№ 5’s', '"A" - B... No. 5\'s'],
    ['what has no likeness is left out', 'Ward 日本 🏥', 'Ward  '],
  ])('%s', (_name, text, expected) => {
    expect(toGsm7(text)).toBe(expected)
  })

  it.each([
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['€'.repeat(81), 2],
    ['ж'.repeat(70), 1],
    ['ж'.repeat(71), 2],
  ])('counts SMS', (text, count) => {
    expect(segments(text)).toBe(count)
  })

  it('brings any text into the alphabet, and cuts it to any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 60 }), (text, most) => {
        const plainText = toGsm7(text)
        expect(isGsm7(plainText)).toBe(true)
        expect(toGsm7(plainText)).toBe(plainText)
        expect(septets(cutToSeptets(plainText, most))).toBeLessThanOrEqual(most)
      }),
    )
  })
})
