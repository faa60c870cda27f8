import { expect, test } from 'vitest'
import { isGsm7 } from '../notification/gsm.ts'
import { readAnswer } from './answers.ts'
import { type Reply, replyText } from './replies.ts'

test.each([
  ['STOP', { kind: 'stop' }],
  [' stop. ', { kind: 'stop' }],
  ['Stop all', { kind: 'stop' }],
  ['UNSUBSCRIBE', { kind: 'stop' }],
  ['cancel', { kind: 'stop' }],
  ['END', { kind: 'stop' }],
  ['quit', { kind: 'stop' }],
  ['start', { kind: 'start' }],
  ['UNSTOP', { kind: 'start' }],
  ['C', { kind: 'cancel', choice: null }],
  ['c', { kind: 'cancel', choice: null }],
  ['C 2', { kind: 'cancel', choice: 2 }],
  ['c2', { kind: 'cancel', choice: 2 }],
  ['"C"', { kind: 'cancel', choice: null }],
  ['L', { kind: 'late', minutes: null }],
  ['l 15', { kind: 'late', minutes: 15 }],
  ['15', { kind: 'late', minutes: 15 }],
  ['20 min', { kind: 'late', minutes: 20 }],
  ['0', { kind: 'help' }],
  ['999', { kind: 'help' }],
  ['min', { kind: 'help' }],
  ['Can I bring my dog?', { kind: 'help' }],
  ['please do not stop', { kind: 'help' }],
  ['C you soon', { kind: 'help' }],
  ['', { kind: 'help' }],
])('%j means %j', (text, answer) => {
  expect(readAnswer(text)).toEqual(answer)
})

const booking = { startsAt: new Date('2026-11-23T09:30:00Z'), clinic: 'Clínica Río', timeZone: 'Europe/Madrid' }
const replies: Reply[] = [
  { says: 'gone', booking },
  { says: 'tooLate', booking },
  { says: 'late', booking },
  { says: 'which', bookings: [booking, booking] },
  { says: 'noBooking' },
  { says: 'noneToday' },
  { says: 'started' },
  { says: 'help' },
]

test.each(['en', 'es'])('every reply in %s is in the GSM 7-bit alphabet', (language) => {
  for (const reply of replies) {
    const text = replyText(reply, language)
    expect(isGsm7(text), text).toBe(true)
    expect(text.length).toBeLessThan(300)
  }
})
