import { describe, expect, it } from 'vitest'
import { afterAt, stepIn } from './place.ts'

describe('where a moved patient is put', () => {
  it.each([
    [0, null],
    [1, 'a'],
    [2, 'c'],
    [3, 'd'],
    [9, 'd'],
  ])('at place %i behind %s', (index, after) => {
    expect(afterAt(['a', 'b', 'c', 'd'], 'b', index)).toBe(after)
  })
})

describe('going through a line by keys', () => {
  it('starts at either end and stays there', () => {
    expect(stepIn(['a', 'b'], null, 1)).toBe('a')
    expect(stepIn(['a', 'b'], null, -1)).toBe('b')
    expect(stepIn(['a', 'b'], 'b', 1)).toBe('b')
    expect(stepIn(['a', 'b'], 'b', -1)).toBe('a')
    expect(stepIn([], null, 1)).toBeNull()
  })
})
