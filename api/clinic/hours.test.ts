import { describe, expect, test } from 'vitest'
import { Refusal } from '../errors.ts'
import { type DayException, type Stretch, weeklyHours, workingStretches } from './hours.ts'

// 2026-11-23 is a Monday.
const MONDAY = '2026-11-23'

const stretches = (text: string): Stretch[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((part) => {
      const [from, to] = part.split('-').map(Number)
      return { from: (from as number) * 60, to: (to as number) * 60 }
    })

const exceptions = (kind: 'LEAVE' | 'EXTRA', text: string): DayException[] =>
  stretches(text).map((stretch) => ({ ...stretch, kind, day: MONDAY }))

describe('working hours of a day', () => {
  test.each([
    { name: 'the weekly hours', weekly: '8-12 14-18', leave: '', extra: '', expected: '8-12 14-18' },
    { name: 'none on a day without hours', weekly: '', leave: '', extra: '', expected: '' },
    { name: 'leave cuts a hole', weekly: '8-12', leave: '9-10', extra: '', expected: '8-9 10-12' },
    { name: 'leave over an edge shortens', weekly: '8-12', leave: '7-9', extra: '', expected: '9-12' },
    { name: 'leave of the whole day leaves nothing', weekly: '8-12 14-18', leave: '0-24', extra: '', expected: '' },
    {
      name: 'leave that only touches changes nothing',
      weekly: '8-12',
      leave: '12-13 7-8',
      extra: '',
      expected: '8-12',
    },
    { name: 'two leaves', weekly: '8-18', leave: '9-10 9-12', extra: '', expected: '8-9 12-18' },
    { name: 'extra hours on a free day', weekly: '', leave: '', extra: '10-12', expected: '10-12' },
    { name: 'extra hours that overlap are one stretch', weekly: '8-12', leave: '', extra: '11-13', expected: '8-13' },
    { name: 'extra hours that touch are one stretch', weekly: '8-12', leave: '', extra: '12-13', expected: '8-13' },
    { name: 'leave wins over extra hours', weekly: '8-12', leave: '0-24', extra: '10-11', expected: '' },
  ])('$name', ({ weekly, leave, extra, expected }) => {
    const hours = stretches(weekly).map((stretch) => ({ ...stretch, weekday: 1 }))
    const changes = [...exceptions('LEAVE', leave), ...exceptions('EXTRA', extra)]
    expect(workingStretches(MONDAY, hours, changes)).toEqual(stretches(expected))
  })

  test('other days have their own hours and exceptions', () => {
    const hours = [{ weekday: 2, from: 480, to: 720 }]
    expect(workingStretches(MONDAY, hours, exceptions('EXTRA', '8-9'))).toEqual(stretches('8-9'))
    expect(workingStretches('2026-11-24', hours, exceptions('LEAVE', '0-24'))).toEqual(stretches('8-12'))
  })
})

describe('weekly hours as typed', () => {
  const field = (hours: { weekday: number; from: string; to: string }[]) => {
    try {
      weeklyHours(hours, 'input.hours')
      return null
    } catch (error) {
      return error instanceof Refusal ? error.details.field : error
    }
  }
  const monday = { weekday: 1, from: '08:00', to: '12:00' }

  test.each([
    ['an empty week', [], null],
    ['hours that touch', [monday, { weekday: 1, from: '12:00', to: '16:00' }], null],
    ['the same hours on two days', [monday, { ...monday, weekday: 2 }], null],
    ['the whole day', [{ weekday: 7, from: '00:00', to: '24:00' }], null],
    ['weekday 0', [{ ...monday, weekday: 0 }], 'input.hours.0.weekday'],
    ['weekday 8', [monday, { ...monday, weekday: 8 }], 'input.hours.1.weekday'],
    ['a time that is none', [monday, { weekday: 2, from: '8:00', to: '12:00' }], 'input.hours.1.from'],
    ['an end past midnight', [{ ...monday, to: '24:30' }], 'input.hours.0.to'],
    ['an end before the start', [{ ...monday, to: '07:00' }], 'input.hours.0.to'],
    ['an end at the start', [{ ...monday, to: '08:00' }], 'input.hours.0.to'],
    [
      'an overlap',
      [monday, { ...monday, weekday: 2 }, { weekday: 1, from: '11:59', to: '13:00' }],
      'input.hours.2.from',
    ],
  ])('%s', (_name, hours, refused) => {
    expect(field(hours)).toBe(refused)
  })
})
