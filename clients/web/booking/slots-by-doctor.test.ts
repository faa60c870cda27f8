import { expect, it } from 'vitest'
import { slotsByDoctor } from './slots-by-doctor.ts'

it('makes a column for each doctor, by name, with times in order', () => {
  const slot = (time: string, name: string) => ({ startsAt: time, doctor: { id: name, name } })
  const columns = slotsByDoctor([slot('09:00', 'Z'), slot('09:00', 'A'), slot('09:15', 'Z')])
  expect(columns.map(({ doctor, slots }) => [doctor.name, slots.map(({ startsAt }) => startsAt)])).toEqual([
    ['A', ['09:00']],
    ['Z', ['09:00', '09:15']],
  ])
})
