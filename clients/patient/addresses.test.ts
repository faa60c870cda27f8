import { describe, expect, it } from 'vitest'
import { pathOf, pathOfChoice, pathOfTap, routeOf } from './addresses.ts'

const id = '01940000-0000-7000-8000-000000000001'

const other = '01940000-0000-7000-8000-000000000002'
const time = '2026-11-23T09:15:00.000Z'

describe('an address', () => {
  it.each([
    ['/', { name: 'home' }],
    ['/me', { name: 'me' }],
    [`/turn/${id}`, { name: 'turn', id }],
    ['/turn', { name: 'home' }],
    ['/turn/1 or 1', { name: 'home' }],
    ['/nowhere', { name: 'home' }],
  ])('%s is a screen', (path, route) => {
    expect(routeOf(path)).toEqual(route)
  })

  it('holds each step of booking', () => {
    const none = { clinicId: id, serviceId: null, doctorId: undefined, startsAt: null }
    const steps = [
      none,
      { ...none, serviceId: other },
      { ...none, serviceId: other, doctorId: null },
      { ...none, serviceId: other, doctorId: id },
      { ...none, serviceId: other, doctorId: null, startsAt: time },
    ]
    for (const choice of steps) expect(routeOf(pathOfChoice(choice))).toEqual({ name: 'book', choice })
    expect(routeOf(`/book/${id}/${other}/any/soon`)).toEqual({ name: 'book', choice: { ...steps[2] } })
    expect(routeOf('/book/somewhere')).toEqual({ name: 'home' })
  })
})

describe('a link', () => {
  it.each([
    [`anteroom://turn/${id}`, `/turn/${id}`],
    [`https://clinic.example/patient/turn/${id}`, `/turn/${id}`],
    [`https://clinic.example/patient/turn/${id}?from=sms`, `/turn/${id}`],
    ['https://clinic.example/patient', '/'],
    ['anteroom://', '/'],
    ['anteroom://me', '/me'],
  ])('%s leads to %s', (url, path) => {
    expect(pathOf(url)).toBe(path)
  })
})

describe('a tap on a push message', () => {
  const tap = (data: Record<string, unknown> | null, trigger: unknown = null) => ({
    notification: { request: { content: { data }, trigger } },
  })

  it('leads to the visit that it is about, wherever Android or iOS put its data', () => {
    expect(pathOfTap(tap({ path: `/turn/${id}` }))).toBe(`/turn/${id}`)
    expect(pathOfTap(tap(null, { type: 'push', payload: { aps: {}, path: `/turn/${id}` } }))).toBe(`/turn/${id}`)
    expect(pathOfTap(tap(null, { type: 'push', remoteMessage: { data: { path: `/turn/${id}` } } }))).toBe(`/turn/${id}`)
  })

  it('leads nowhere without one', () => {
    for (const data of [
      null,
      {},
      { path: 7 },
      { path: 'https://elsewhere.example/' },
      { link: 'https://clinic.example/t/x' },
    ])
      expect(pathOfTap(tap(data))).toBeNull()
  })
})
