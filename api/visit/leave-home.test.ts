import { expect, it } from 'vitest'
import { leaveHome } from './leave-home.ts'

const asOf = new Date('2026-11-23T10:00:00Z')

it.each([
  // lowMinutes, travelMinutes, now, leaves at, in minutes
  [35, 20, '10:00', '10:15', 15],
  [35, 20, '10:14:01', '10:15', 0],
  [35, 20, '10:05:30', '10:15', 9],
  [20, 20, '10:00', '10:00', 0],
  [5, 20, '10:00', '09:45', 0],
  [90, 0, '10:00', '11:30', 90],
])('called from %i min on, %i min away, at %s: leaves at %s, in %i min', (low, travel, now, at, inMinutes) => {
  const time = (text: string) => new Date(`2026-11-23T${text.length === 5 ? `${text}:00` : text}Z`)
  expect(leaveHome({ asOf, lowMinutes: low, travelMinutes: travel }, time(now))).toEqual({ at: time(at), inMinutes })
})
