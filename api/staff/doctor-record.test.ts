import { describe, expect, it } from 'vitest'
import { doctorRecordOf } from './doctor-record.ts'
import { leavesNoAdmin } from './last-admin.ts'

const resting = { active: false }
const working = { active: true }

describe('a doctor record', () => {
  it.each([
    ['a receptionist gets none', null, { role: 'RECEPTIONIST', active: true, serviceIds: null }, null],
    ['an empty list alone makes none', null, { role: 'ADMIN', active: true, serviceIds: [] }, null],
    [
      'an admin with services gets one',
      null,
      { role: 'ADMIN', active: true, serviceIds: ['s'] },
      { active: true, serviceIds: ['s'] },
    ],
    [
      'a doctor gets one without services',
      null,
      { role: 'DOCTOR', active: true, serviceIds: null },
      { active: true, serviceIds: null },
    ],
    [
      'a new doctor gets one with an empty list',
      null,
      { role: 'DOCTOR', active: true, serviceIds: [] },
      { active: true, serviceIds: [] },
    ],
    [
      'services revive it',
      resting,
      { role: 'ADMIN', active: true, serviceIds: ['s'] },
      { active: true, serviceIds: ['s'] },
    ],
    [
      'the role revives it',
      resting,
      { role: 'DOCTOR', active: true, serviceIds: null },
      { active: true, serviceIds: null },
    ],
    [
      'an empty list puts it to rest',
      working,
      { role: 'DOCTOR', active: true, serviceIds: [] },
      { active: false, serviceIds: [] },
    ],
    ['another role leaves it', working, { role: 'ADMIN', active: true, serviceIds: null }, null],
    [
      'an inactive user rests',
      working,
      { role: 'DOCTOR', active: false, serviceIds: null },
      { active: false, serviceIds: null },
    ],
    ['an inactive user gets none', null, { role: 'DOCTOR', active: false, serviceIds: ['s'] }, null],
  ] as const)('%s', (_name, existing, asked, expected) => {
    expect(doctorRecordOf(existing, asked)).toEqual(expected)
  })
})

describe('the last admin', () => {
  const admin = { role: 'ADMIN', active: true } as const
  it.each([
    ['may not be deactivated', admin, { ...admin, active: false }, 0, true],
    ['may not be demoted', admin, { ...admin, role: 'DOCTOR' }, 0, true],
    ['may be renamed', admin, admin, 0, false],
    ['may go where another stays', admin, { ...admin, active: false }, 1, false],
    ['is not one who was inactive before', { ...admin, active: false }, { role: 'DOCTOR', active: false }, 0, false],
    [
      'is not a receptionist',
      { role: 'RECEPTIONIST', active: true },
      { role: 'RECEPTIONIST', active: false },
      0,
      false,
    ],
  ] as const)('%s', (_name, before, after, others, expected) => {
    expect(leavesNoAdmin(before, after, others)).toBe(expected)
  })
})
