import { describe, expect, test } from 'vitest'
import { canLogIn, mergedDetails } from './merge.ts'

const born = new Date('1990-05-17')
const record = (id: string, kind: 'none' | 'number' | 'login') => ({
  id,
  phoneNumber: kind === 'none' ? null : `+${id}`,
  phoneVerified: kind === 'login',
  passwordHash: kind === 'login' ? `hash of ${id}` : null,
  dateOfBirth: null as Date | null,
  guardianId: null as string | null,
})

describe('the number of a merged record', () => {
  test.each([
    ['none', 'none', null],
    ['number', 'none', '+keep'],
    ['none', 'number', '+drop'],
    ['number', 'number', '+keep'],
    ['login', 'number', '+keep'],
    ['number', 'login', '+drop'],
    ['none', 'login', '+drop'],
    ['login', 'login', '+keep'],
  ] as const)('kept has %s, other has %s: %s', (kept, dropped, number) => {
    const [keep, drop] = [record('keep', kept), record('drop', dropped)]
    const merged = mergedDetails(keep, drop)
    expect(merged.phoneNumber).toBe(number)
    expect(canLogIn({ ...keep, ...merged })).toBe(canLogIn(keep) || canLogIn(drop))
  })
})

test('gaps are filled from the other record', () => {
  const [keep, drop] = [record('keep', 'none'), { ...record('drop', 'none'), dateOfBirth: born, guardianId: 'mother' }]
  expect(mergedDetails(keep, drop)).toMatchObject({ dateOfBirth: born, guardianId: 'mother' })
  expect(mergedDetails({ ...keep, guardianId: 'father' }, drop).guardianId).toBe('father')
})

test('nobody becomes their own guardian', () => {
  const [keep, drop] = [record('keep', 'none'), record('drop', 'none')]
  expect(mergedDetails({ ...keep, guardianId: 'drop' }, drop).guardianId).toBeNull()
  expect(mergedDetails(keep, { ...drop, guardianId: 'keep' }).guardianId).toBeNull()
})
