import { expect, it } from 'vitest'
import { daysOf } from './days.ts'

it('puts times under their days, in order, each time once', () => {
  const slot = (startsAt: string, name: string) => ({ startsAt, doctor: { id: name, name } })
  const days = daysOf(
    [
      slot('2026-11-24T09:15:00Z', 'A'),
      slot('2026-11-23T10:00:00Z', 'B'),
      slot('2026-11-24T09:00:00Z', 'A'),
      slot('2026-11-23T10:00:00Z', 'A'),
    ],
    (startsAt) => startsAt.slice(0, 10),
  )
  expect(
    days.map(({ day, slots }) => [day, slots.map(({ startsAt, doctor }) => startsAt.slice(11, 16) + doctor.name)]),
  ).toEqual([
    ['2026-11-23', ['10:00B']],
    ['2026-11-24', ['09:00A', '09:15A']],
  ])
})
