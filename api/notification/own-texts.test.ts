import { describe, expect, it } from 'vitest'
import type { Refusal } from '../errors.ts'
import { isGsm7, segments } from './gsm.ts'
import { filledIn, type OwnKind, ownKinds, ownText, ownTextOf, ownTexts, placeholders } from './own-texts.ts'
import { exampleOf, languages, textOf, usualText } from './texts.ts'

const clinic = { name: 'Riverside Clinic', timeZone: 'UTC' }
const link = 'https://anteroom.example/t/abc'
const now = new Date('2026-03-02T09:30:00Z')

/** Which field a refusal names. */
const fieldOf = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (refusal) {
    return (refusal as Refusal).details?.field
  }
}

describe('a clinic’s own words', () => {
  it.each<[OwnKind, string, string]>([
    ['BOOKED', ' ', 'must not be empty'],
    ['BOOKED', 'See you on {when}, {name}. {clinic}', 'must not contain {name}; BOOKED may contain {clinic}, {when}'],
    ['BOOKED', '{clinic}: come at {ticket}', 'must not contain {ticket}'],
    ['YOUR_TURN', '{clinic}: {ticket} to {room} {position}', 'must not contain {position}'],
    ['MISSED', '{clinic}: {ticket', 'must have { and } only around'],
    ['MISSED', '{clinic}: you were called', 'must contain {ticket}'],
    ['BOOKED', 'On {when}', 'must contain {clinic}'],
    ['BOOKED', `{clinic} {when} ${'x'.repeat(300)}`, 'at most 300'],
  ])('%s “%s” is refused', (kind, text, rule) => {
    expect(() => ownText(kind, text, 'input.messageTexts.0.text')).toThrow(rule)
    expect(fieldOf(() => ownText(kind, text, 'input.messageTexts.0.text'))).toBe('input.messageTexts.0.text')
  })

  it('are kept by language and kind, each once', () => {
    const text = '{clinic}:\n  see you on {when}.'
    expect(ownTexts([{ language: 'en', kind: 'BOOKED', text }], 'f')).toEqual({
      en: { BOOKED: '{clinic}: see you on {when}.' },
    })
    const twice = [1, 2].map(() => ({ language: 'en', kind: 'BOOKED' as const, text }))
    expect(fieldOf(() => ownTexts(twice, 'f'))).toBe('f.1.kind')
    expect(fieldOf(() => ownTexts([{ language: 'en-US', kind: 'BOOKED', text }], 'f'))).toBe('f.0.language')
    expect(fieldOf(() => ownTexts([{ language: 'en', kind: 'VERIFICATION', text }], 'f'))).toBe('f.0.kind')
  })

  it('are said instead of the usual ones, with link and what can be answered behind them', () => {
    const messageTexts = { en: { BOOKED: 'Hello from {clinic}, until {when}' } }
    const values = { clinic: { ...clinic, messageTexts }, link, startsAt: now }
    expect(textOf('BOOKED', 'en-US', values).body).toBe(
      `Hello from Riverside Clinic, until Mon, Mar 2, 9:30 AM Reply C to cancel, STOP for no messages. ${link}`,
    )
    expect(textOf('BOOKED', 'es', values).body).toContain('su cita es el')
    expect(ownTextOf(messageTexts, 'es', 'BOOKED')).toBeNull()
  })

  it('give way to the usual ones where they name a room and there is none, and at a second call', () => {
    const messageTexts = { en: { YOUR_TURN: '{clinic}, {ticket}: room {room}' } }
    const values = { clinic: { ...clinic, messageTexts }, link, ticket: 'G-014', again: false }
    expect(textOf('YOUR_TURN', 'en', { ...values, room: '3' }).body).toBe(`Riverside Clinic, G-014: room 3 ${link}`)
    expect(textOf('YOUR_TURN', 'en', { ...values, room: null }).body).toContain('Please come in.')
    expect(textOf('YOUR_TURN', 'en', { ...values, room: '3', again: true }).body).toContain('called you again')
    expect(filledIn('{a} {b}', { a: 1, b: null })).toBeNull()
  })

  it('in another script are sent in it, and cost accordingly', () => {
    const text =
      '{clinic}：您的预约时间是 {when}，请提前十分钟到达前台登记，谢谢您的配合。如果您不能来，请打电话告诉我们，我们会为您另约时间。'
    const body = exampleOf('CANCELLED', 'zh', { clinic, link, now, text })
    expect(body).toContain('您的预约时间是')
    expect([isGsm7(body), segments(body)]).toEqual([false, 2])
  })

  it('begin from the usual ones, which fit every rule for them', () => {
    for (const language of languages)
      for (const kind of ownKinds) {
        const usual = usualText(kind, language)
        expect(ownText(kind, usual, 'text'), `${kind} ${language}`).toBe(usual)
        expect([...usual.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted()).toEqual(
          [...placeholders[kind]].toSorted(),
        )
        const example = { clinic, link, now }
        expect(exampleOf(kind, language, { ...example, text: usual })).toBe(
          exampleOf(kind, language, { ...example, text: null }),
        )
      }
  })
})
