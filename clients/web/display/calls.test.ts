import { describe, expect, it } from 'vitest'
import { newCalls, spoken, type Tile } from './calls.ts'

const tile = (ticket: string, more: Partial<Tile> = {}): Tile => ({
  ...{ ticket, room: '1', status: 'CALLED', version: 2 },
  ...more,
})
const heard = (before: Tile[] | null, after: Tile[]) => newCalls(before, after).map(({ ticket }) => ticket)

describe('what the waiting room hears', () => {
  it('says nothing when the screen begins', () => {
    expect(heard(null, [tile('G-001')])).toEqual([])
  })

  it('announces each of several new calls once, the earlier one first', () => {
    const before = [tile('G-001')]
    const after = [tile('G-003'), tile('G-002'), tile('G-001')]
    expect(heard(before, after)).toEqual(['G-002', 'G-003'])
    expect(heard(after, after)).toEqual([])
  })

  it.each([
    ['another room', tile('G-001'), tile('G-001', { room: '2' }), ['G-001']],
    ['a call that is repeated', tile('G-001'), tile('G-001', { version: 3 }), ['G-001']],
    ['who went in', tile('G-001'), tile('G-001', { version: 3, status: 'IN_SERVICE' }), []],
    ['who went in before it was heard', tile('G-009'), tile('G-001', { status: 'IN_SERVICE' }), []],
    ['who came out again', tile('G-001', { status: 'IN_SERVICE' }), tile('G-001', { version: 3 }), ['G-001']],
  ])('%s', (_, before, after, expected) => {
    expect(heard([before], [after])).toEqual(expected)
  })

  it.each([
    ['G-014', 'G 14'],
    ['AB-120', 'A B 120'],
  ])('says %s as %s', (ticket, words) => {
    expect(spoken(ticket)).toBe(words)
  })
})
