import { describe, expect, it } from 'vitest'
import { newCalls, spoken } from './calls.ts'

const tile = (ticket: string, room: string | null = '1') => ({ ticket, room, service: 'G', provisionalTicket: null })

describe('what the waiting room hears', () => {
  it('says nothing when the screen begins', () => {
    expect(newCalls(null, [tile('G-001')])).toEqual([])
  })

  it('announces each new call once, the earlier one first', () => {
    const before = [tile('G-001')]
    const after = [tile('G-003'), tile('G-002'), tile('G-001')]
    expect(newCalls(before, after).map(({ ticket }) => ticket)).toEqual(['G-002', 'G-003'])
    expect(newCalls(after, after)).toEqual([])
  })

  it('announces a call to another room again', () => {
    expect(newCalls([tile('G-001', '1')], [tile('G-001', '2')])).toHaveLength(1)
  })

  it.each([
    ['G-014', 'G 14'],
    ['AB-120', 'A B 120'],
  ])('says %s as %s', (ticket, words) => {
    expect(spoken(ticket)).toBe(words)
  })
})
