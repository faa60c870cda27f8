import { describe, expect, it } from 'vitest'
import { mainAct, median, nextOf } from './next.ts'

const waiting = (
  id: string,
  service: string,
  due: number,
  urgency: 'ROUTINE' | 'URGENT' | 'EMERGENCY' = 'ROUTINE',
  doctor: string | null = null,
) => ({
  id,
  urgency,
  dueAt: new Date(due * 60_000).toISOString(),
  doctor: doctor ? { id: doctor, name: doctor } : null,
  service: { id: service },
})

describe('the next patients of a doctor', () => {
  it('takes the more urgent, then the earlier, of several queues', () => {
    const g = [waiting('g1', 'g', 5, 'URGENT'), waiting('g2', 'g', 1)]
    const v = [waiting('v1', 'v', 0), waiting('v2', 'v', 3)]
    expect(nextOf([g, v], 'me', 9).map(({ id }) => id)).toEqual(['g1', 'v1', 'g2', 'v2'])
  })

  it('keeps the order of a queue, also where somebody was moved by hand', () => {
    const g = [waiting('late', 'g', 9), waiting('early', 'g', 1)]
    expect(nextOf([g], 'me', 9).map(({ id }) => id)).toEqual(['late', 'early'])
  })

  it('skips those who are bound to another doctor', () => {
    const g = [
      waiting('theirs', 'g', 1, 'EMERGENCY', 'other'),
      waiting('mine', 'g', 2, 'ROUTINE', 'me'),
      waiting('any', 'g', 3),
    ]
    expect(nextOf([g], 'me', 1).map(({ id }) => id)).toEqual(['mine'])
  })
})

describe('the one button', () => {
  it.each([
    [null, true, 'callNext'],
    [null, false, null],
    ['CALLED', true, 'start'],
    ['CALLED', false, 'start'],
    ['IN_SERVICE', true, 'servedAndNext'],
    ['IN_SERVICE', false, 'served'],
  ] as const)('with a present patient %s and somebody waiting: %s, it is %s', (status, isWaiting, act) => {
    expect(mainAct(status && { status }, isWaiting)).toBe(act)
  })
})

it('takes the middle of the times', () => {
  expect([median([]), median([4]), median([9, 1, 5])]).toEqual([null, 4, 5])
})
