import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hoursShown, hoursText, minutesOf, typedHours, typedTime } from './typed-hours.ts'

describe('times as people type them', () => {
  it.each([
    ['8', '08:00'],
    ['8:30', '08:30'],
    ['08.30', '08:30'],
    [' 17:05 ', '17:05'],
    ['24', '24:00'],
    ['24:01', null],
    ['8:60', null],
    ['8:3', null],
    ['noon', null],
    ['', null],
  ])('%j is %j', (text, time) => expect(typedTime(text)).toBe(time))
})

describe('hours of a day as people type them', () => {
  it.each([
    ['', []],
    ['8:30-12', [{ from: '08:30', to: '12:00' }]],
    [
      '13–17; 8-12',
      [
        { from: '08:00', to: '12:00' },
        { from: '13:00', to: '17:00' },
      ],
    ],
    [
      '8-12, 12-14',
      [
        { from: '08:00', to: '12:00' },
        { from: '12:00', to: '14:00' },
      ],
    ],
    ['8-12, 11-14', null],
    ['12-8', null],
    ['8', null],
    ['8-9-10', null],
    ['22-6', null],
  ])('%j', (text, hours) => expect(typedHours(text)).toEqual(hours))

  it('read again what they wrote', () => {
    const quarter = (n: number) =>
      `${String(Math.floor(n / 4)).padStart(2, '0')}:${String((n % 4) * 15).padStart(2, '0')}`
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 96 }), { maxLength: 12 }), (edges) => {
        const even = edges.sort((a, b) => a - b).slice(0, edges.length - (edges.length % 2))
        const hours = even.flatMap((edge, at) =>
          at % 2 === 0 ? [{ from: quarter(edge), to: quarter(even[at + 1] as number) }] : [],
        )
        expect(typedHours(hoursText(hours))).toEqual(hours)
        const { first, last } = hoursShown(hours)
        for (const { from, to } of hours) expect(minutesOf(from) >= first * 60 && minutesOf(to) <= last * 60).toBe(true)
      }),
    )
  })
})
