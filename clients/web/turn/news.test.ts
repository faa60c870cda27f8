import type { ShownVisit } from '@anteroom/api/visit/shown'
import { describe, expect, it } from 'vitest'
import { changeOf, changeText, isCall, isOver, screenOf, spoken } from './news.ts'
import { en, es } from './words.ts'

const visit = (
  status: ShownVisit['status'],
  position: number | null = null,
  room: string | null = null,
): ShownVisit => ({
  ticket: 'G-014',
  status,
  position,
  ahead: position && position - 1,
  room,
  estimate: null,
})

describe('what is said of a change', () => {
  it.each([
    ['nothing at first', null, visit('WAITING', 4), null],
    ['nothing where the place is the same', visit('WAITING', 4), visit('WAITING', 4), null],
    ['moved up', visit('WAITING', 7), visit('WAITING', 5), 'You moved up from 7 to 5.'],
    [
      'moved back, with what can be the reason',
      visit('WAITING', 3),
      visit('WAITING', 4),
      'Your place went from 3 to 4. Urgent patients and earlier appointments come first.',
    ],
    ['back from a hold', visit('ON_HOLD'), visit('WAITING', 2), 'You are back in the queue.'],
    ['back after a call', visit('CALLED'), visit('WAITING', 1), 'You are back in the queue.'],
    ['nothing beside the room', visit('WAITING', 1), visit('CALLED', null, '3'), null],
  ] as const)('%s', (_name, before, now, text) => {
    const change = changeOf(before, now)
    expect(change && changeText(change, en, null)).toBe(text)
  })

  it('has the reason where it is known, and never who', () => {
    const change = changeOf(visit('WAITING', 3), visit('WAITING', 4))
    expect(change && changeText(change, en, 'MORE_URGENT')).toBe(
      'Your place went from 3 to 4. Somebody is more urgent.',
    )
    expect(change && changeText(change, es, 'DESK')).toBe(
      'Ha pasado del puesto 3 al 4. El mostrador ha dejado pasar a alguien.',
    )
    const up = changeOf(visit('WAITING', 4), visit('WAITING', 3))
    expect(up && changeText(up, en, 'DESK')).toBe('You moved up from 4 to 3.')
  })
})

describe('a chime', () => {
  it.each([
    ['when the call comes', visit('WAITING', 1), visit('CALLED', null, '3'), true],
    ['when the room changes', visit('CALLED', null, '3'), visit('CALLED', null, '4'), true],
    ['not twice', visit('CALLED', null, '3'), visit('CALLED', null, '3'), false],
    ['not when the visit begins', visit('CALLED', null, '3'), visit('IN_SERVICE', null, '3'), false],
  ] as const)('%s', (_name, before, now, sounds) => {
    expect(isCall(before, now)).toBe(sounds)
  })
})

describe('what is read aloud', () => {
  it('names the place and the range, the room, or how it ended', () => {
    const waiting = { ...visit('WAITING', 4), estimate: { lowMinutes: 20, highMinutes: 35 } }
    expect(spoken(waiting, en)).toBe('Your place: 4. about 20–35 min.')
    expect(spoken(visit('WAITING', 1), es)).toBe('Es usted el siguiente.')
    expect(spoken(visit('CALLED', null, '3'), en)).toBe('Room 3. Please come in.')
    expect(spoken(visit('CALLED'), en)).toBe('Please come to the desk')
    expect(spoken(visit('SERVED'), es)).toBe('Su visita ha terminado')
  })

  it('knows a screen for every state but waiting and called, and which of them are the end', () => {
    const states = ['WAITING', 'CALLED', 'ON_HOLD', 'IN_SERVICE', 'SERVED', 'LEFT', 'NO_SHOW'] as const
    expect(states.map((status) => screenOf(visit(status)))).toEqual([
      null,
      null,
      'onHold',
      'inService',
      'served',
      'left',
      'noShow',
    ])
    expect(states.filter((status) => isOver(visit(status)))).toEqual(['SERVED', 'LEFT'])
    expect(isOver(null)).toBe(false)
  })
})
