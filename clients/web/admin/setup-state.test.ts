import { describe, expect, it } from 'vitest'
import { doneOf, firstOpen, letterFor, type SoFar, steps } from './setup-state.ts'

const nothing: SoFar = { address: null, services: [], doctors: [], hasDesk: false }
const free = { hours: [] }
const works = { hours: [{}] }

describe('the set-up of a clinic', () => {
  it.each([
    ['nothing', nothing, [], 'clinic'],
    ['a service', { ...nothing, services: [{}] }, ['clinic', 'services'], 'doctors'],
    [
      'a doctor without hours',
      { ...nothing, services: [{}], doctors: [free] },
      ['clinic', 'services', 'doctors'],
      'hours',
    ],
    [
      'one doctor of two without hours',
      { ...nothing, services: [{}], doctors: [works, free] },
      ['clinic', 'services', 'doctors'],
      'hours',
    ],
    [
      'doctors with hours',
      { ...nothing, services: [{}], doctors: [works] },
      ['clinic', 'services', 'doctors', 'hours'],
      'desk',
    ],
    ['a desk before all else', { ...nothing, hasDesk: true }, ['desk'], 'clinic'],
    ['everything', { address: 'x', services: [{}], doctors: [works], hasDesk: true }, [...steps], 'desk'],
  ] as const)('with %s goes on where it stopped', (_name, soFar, done, next) => {
    expect(doneOf(soFar, [])).toEqual(done)
    expect(firstOpen(doneOf(soFar, []), [])).toBe(next)
  })

  it('passes over what it was told to leave', () => {
    expect(doneOf(nothing, ['clinic', 'services'])).toEqual(['clinic'])
    expect(firstOpen(doneOf(nothing, ['clinic', 'services']), ['clinic', 'services'])).toBe('doctors')
    expect(firstOpen([], [...steps])).toBe('desk')
  })
})

it.each([
  ['General practice', [], 'G'],
  ['General practice', ['G'], 'E'],
  ['Ärztliche Sprechstunde', [], 'A'],
  ['Aa', ['A'], 'B'],
  ['接种', [], ''],
  ['', [], ''],
  ['Vaccination', [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'], 'VA'],
])('“%s”, where %j are taken, gets the letter %s', (name, taken, letter) => {
  expect(letterFor(name, taken)).toBe(letter)
})
