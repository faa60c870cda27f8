import { expect, it } from 'vitest'
import { screensOf } from './screens.ts'

const doctor = { id: 'd', name: 'Dr. D', room: null, onDuty: true, services: [] }

it.each([
  ['a receptionist has the board', { role: 'RECEPTIONIST', doctor: null }, ['board']],
  ['a doctor has the room', { role: 'DOCTOR', doctor }, ['room']],
  ['an admin has neither', { role: 'ADMIN', doctor: null }, ['manager']],
  ['an admin who is a doctor has the room too', { role: 'ADMIN', doctor }, ['room', 'manager']],
] as const)('%s', (_, staff, screens) => {
  expect(screensOf(staff)).toEqual(screens)
})
