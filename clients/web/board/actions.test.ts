import { describe, expect, it } from 'vitest'
import { actionKeys, actionOfKey, actionsFor } from './actions.ts'

describe('what the desk can do with a patient', () => {
  it('gives every action a key of its own', () => {
    const keys = Object.values(actionKeys)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('answers to a key only where the action is possible', () => {
    expect(actionOfKey('WAITING', 'h')).toBe('hold')
    expect(actionOfKey('CALLED', 'h')).toBeNull()
    expect(actionOfKey('CALLED', 'n')).toBe('noShow')
    expect(actionOfKey('SERVED', 'b')).toBeNull()
  })

  it('lets nobody who has ended be changed, except that a no-show comes back', () => {
    expect(actionsFor('SERVED')).toEqual([])
    expect(actionsFor('LEFT')).toEqual([])
    expect(actionsFor('NO_SHOW')).toEqual(['return'])
  })
})
