import { describe, expect, it } from 'vitest'
import { addDays, ageOn, clinicDayOf, dayOf, inMinutes, minutesBetween, timeOfDay } from './times.ts'

describe('times as the screens say them', () => {
  it('says minutes and hours', () => {
    expect([0, 7, 59, 60, 95, 605].map(inMinutes)).toEqual(['0 min', '7 min', '59 min', '1 h 00', '1 h 35', '10 h 05'])
  })

  it('never counts below zero, whatever the clocks say', () => {
    expect(minutesBetween('2026-11-22T10:00:00Z', Date.parse('2026-11-22T09:00:00Z'))).toBe(0)
    expect(minutesBetween('2026-11-22T10:00:00Z', Date.parse('2026-11-22T10:12:59Z'))).toBe(12)
  })

  it('shows the clinic’s time, not the device’s', () => {
    expect(timeOfDay('2026-11-22T23:30:00Z', 'Europe/Berlin', 'en')).toBe('00:30')
    expect(dayOf(Date.parse('2026-11-22T23:30:00Z'), 'Europe/Berlin')).toBe('2026-11-23')
  })

  it('keeps the clinic day until it ends, across midnight', () => {
    const at = (time: string) => clinicDayOf(Date.parse(time), 'Europe/Berlin', '04:00')
    expect(at('2026-11-23T02:59:00Z')).toBe('2026-11-22')
    expect(at('2026-11-23T03:00:00Z')).toBe('2026-11-23')
  })

  it('adds days over the end of a month and counts years up to the birthday', () => {
    expect(addDays('2026-11-30', 1)).toBe('2026-12-01')
    expect(ageOn('1988-03-14', '2026-03-13')).toBe(37)
    expect(ageOn('1988-03-14', '2026-03-14')).toBe(38)
  })
})
