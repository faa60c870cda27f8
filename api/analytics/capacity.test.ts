import { describe, expect, it } from 'vitest'
import { capacityOf, type WorkingDoctor } from './capacity.ts'

const MONDAY = '2026-03-02'
const doctor = (more: Partial<WorkingDoctor> = {}): WorkingDoctor => ({
  weekly: [{ weekday: 1, from: 9 * 60, to: 11 * 60 + 30 }],
  exceptions: [],
  slotMinutes: [15],
  ...more,
})
const capacity = (doctors: WorkingDoctor[], from = MONDAY, to = from) => {
  const { byDay, byHour } = capacityOf({ from, to, dayStartsAt: 240 }, doctors)
  return [Object.fromEntries(byDay), Object.fromEntries(byHour)]
}

describe('what the doctors’ hours have room for', () => {
  it.each<[string, WorkingDoctor[], object, object]>([
    ['nobody', [], {}, {}],
    ['one doctor, slots of 15 minutes', [doctor()], { [MONDAY]: 10 }, { 9: 4, 10: 4, 11: 2 }],
    ['two doctors', [doctor(), doctor()], { [MONDAY]: 20 }, { 9: 8, 10: 8, 11: 4 }],
    ['services of unlike slots', [doctor({ slotMinutes: [10, 20, 60] })], { [MONDAY]: 5 }, { 9: 2, 10: 2, 11: 1 }],
    ['a doctor without services', [doctor({ slotMinutes: [] })], {}, {}],
    [
      'leave',
      [doctor({ exceptions: [{ day: MONDAY, kind: 'LEAVE', from: 0, to: 10 * 60 }] })],
      { [MONDAY]: 6 },
      { 10: 4, 11: 2 },
    ],
    [
      'extra hours',
      [doctor({ exceptions: [{ day: MONDAY, kind: 'EXTRA', from: 20 * 60, to: 21 * 60 }] })],
      { [MONDAY]: 14 },
      { 9: 4, 10: 4, 11: 2, 20: 4 },
    ],
  ])('%s', (_, doctors, byDay, byHour) => {
    expect(capacity(doctors)).toEqual([byDay, byHour])
  })

  it('counts the hours after midnight to the clinic day before', () => {
    const night = [doctor({ weekly: [{ weekday: 2, from: 60, to: 5 * 60 }] })]
    expect(capacity(night)).toEqual([{ [MONDAY]: 12 }, { 1: 4, 2: 4, 3: 4 }])
    expect(capacity(night, '2026-03-03')).toEqual([{ '2026-03-03': 4 }, { 4: 4 }])
  })
})
