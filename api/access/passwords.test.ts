import { describe, expect, it } from 'vitest'
import { createLane } from './lane.ts'
import { hashPassword, matches, passwordProblem } from './passwords.ts'
import { demandUsername, usernameProblem } from './username.ts'

const caller = { ip: '127.0.0.1', config: { bcryptCost: 4 } }

describe('a new password', () => {
  it.each([
    ['seven77', 'must have at least 8 characters'],
    ['eight888', null],
    ['😀'.repeat(7), 'must have at least 8 characters'],
    ['😀'.repeat(8), null],
    ['x'.repeat(72), null],
    ['x'.repeat(73), 'must have at most 72 bytes in UTF-8'],
    ['ü'.repeat(36), null],
    ['ü'.repeat(37), 'must have at most 72 bytes in UTF-8'],
    ['u\u0308'.repeat(36), null],
    ['hidden\0end', 'must not hold a NUL character'],
  ])('%j', (password, problem) => {
    expect(passwordProblem(password)).toBe(problem)
  })

  it('is refused with the field that it came in', async () => {
    await expect(hashPassword(caller, 'short', 'input.password')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'input.password' },
    })
  })
})

describe('a typed password', () => {
  it('matches its own hash only', async () => {
    const hash = await hashPassword(caller, 'correct horse', 'new')
    expect(await matches('correct horse', hash, 4)).toBe(true)
    expect(await matches('Correct horse', hash, 4)).toBe(false)
  })

  it('matches however the keyboard composes its letters', async () => {
    const hash = await hashPassword(caller, 'Tür zur Straße', 'new')
    expect(await matches('Tu\u0308r zur Straße', hash, 4)).toBe(true)
  })

  it('never matches where there is no hash', async () => {
    expect(await matches('nobody has this password', null, 4)).toBe(false)
  })
})

describe('taking turns', () => {
  it('runs no more at once than there is room for, and goes on after a failure', async () => {
    const lane = createLane(2)
    let running = 0
    let most = 0
    const jobs = Array.from({ length: 20 }, (_, index) =>
      lane.run('one', async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        if (index % 3 === 0) throw new Error('refused')
        return index
      }),
    )
    const settled = await Promise.allSettled(jobs)
    expect(most).toBe(2)
    expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(13)
    expect(lane.size()).toBe(0)
  })

  it('lets a newcomer pass the crowd of somebody else', async () => {
    const lane = createLane(1)
    const order: string[] = []
    const job = (name: string) => async () => {
      order.push(name)
    }
    const crowd = Array.from({ length: 50 }, (_, index) => lane.run('crowd', job(`crowd ${index}`)))
    await Promise.all([...crowd, lane.run('newcomer', job('newcomer'))])
    expect(order.indexOf('newcomer')).toBeLessThanOrEqual(2)
  })

  it('turns away who already has too many waiting', async () => {
    const lane = createLane(1, 2)
    const wait = () => lane.run('one', () => new Promise((resolve) => setImmediate(resolve)))
    const admitted = [wait(), wait(), wait()]
    expect(admitted).not.toContain(null)
    expect(wait()).toBeNull()
    expect(lane.run('other', async () => 'in')).not.toBeNull()
    await Promise.all(admitted)
  })
})

describe('a username', () => {
  it.each(['ab', 'with space', 'ümlaut', 'x'.repeat(41), 'a@b', ''])('may not be %j', (username) => {
    expect(usernameProblem(username)).not.toBeNull()
  })

  it('does not depend on case or on blanks around it', () => {
    expect(demandUsername('  Dr.House_2-b ', 'input.username')).toBe('dr.house_2-b')
  })
})
