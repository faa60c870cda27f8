import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Plan, planDay } from './plan.ts'
import type { Visit } from './recording.ts'

const visit = (id: string, doctorType: string, times: [number, number | null, number | null]): Visit => ({
  id,
  doctorType,
  arrivedAt: times[0],
  calledAt: times[1],
  completedAt: times[2],
})

/** A plan as a timeline: `5 call A 0` is a call for type A by doctor 0 at second 5. */
const timeline = ({ events }: Plan): string[] =>
  events.map((event) => {
    if (event.kind === 'arrive') return `${event.at} arrive ${event.visit.id}`
    return event.kind === 'call'
      ? `${event.at} call ${event.doctorType} ${event.doctor}`
      : `${event.at} complete ${event.doctor}`
  })

describe('the plan of a day', () => {
  it('keeps the recorded times of each doctor', () => {
    const plan = planDay([visit('a', 'A', [0, 10, 20]), visit('b', 'A', [5, 12, 15]), visit('c', 'A', [6, 20, 30])])
    expect(timeline(plan)).toEqual([
      '0 arrive a',
      '5 arrive b',
      '6 arrive c',
      '10 call A 0',
      '12 call A 1',
      '15 complete 1',
      '20 complete 0',
      '20 call A 1',
      '30 complete 1',
    ])
    expect(plan.doctors).toEqual([{ doctorTypes: ['A'] }, { doctorTypes: ['A'] }])
  })

  it('lets a doctor whose visit has no end call next', () => {
    const plan = planDay([visit('a', 'A', [0, 10, null]), visit('b', 'A', [5, 12, 15])])
    expect(timeline(plan)).toEqual(['0 arrive a', '5 arrive b', '10 call A 0', '12 call A 0', '15 complete 0'])
  })

  it('gives each type doctors of its own while there may be more', () => {
    expect(planDay([visit('a', 'A', [0, 1, 2]), visit('b', 'B', [3, 4, 5])]).doctors).toEqual([
      { doctorTypes: ['A'] },
      { doctorTypes: ['B'] },
    ])
  })

  it('lends a free doctor to another type where there may be no more', () => {
    const plan = planDay([visit('a', 'A', [0, 1, 2]), visit('b', 'B', [3, 4, 5])], 1)
    expect(plan.doctors).toEqual([{ doctorTypes: ['A', 'B'] }])
    expect(plan.delayedCalls).toBe(0)
  })

  it('delays a call while every doctor is busy', () => {
    const plan = planDay([visit('a', 'A', [0, 1, 10]), visit('b', 'A', [0, 2, 5])], 1)
    expect(timeline(plan)).toEqual([
      '0 arrive a',
      '0 arrive b',
      '1 call A 0',
      '10 complete 0',
      '10 call A 0',
      '11 complete 0',
    ])
    expect(plan.delayedCalls).toBe(1)
  })

  it('leaves a patient who was never called to the end of the day', () => {
    expect(timeline(planDay([visit('a', 'A', [0, null, null])]))).toEqual(['0 arrive a'])
  })

  it('compares all screens when the recorded queue is longest', () => {
    const plan = planDay([visit('a', 'A', [0, 3, 4]), visit('b', 'A', [1, 4, 5]), visit('c', 'A', [2, 5, 6])])
    expect(plan.rollCalls).toContain(2)
  })

  it('never has a doctor with two patients, nor more calls than arrivals, nor too many doctors', () => {
    const recorded = fc
      .array(
        fc.tuple(fc.nat(500), fc.nat(100), fc.option(fc.integer({ min: 0, max: 60 })), fc.constantFrom('A', 'B', 'C')),
        { maxLength: 80 },
      )
      .map((rows) =>
        rows
          .map(([arrived, wait, took, type], index) =>
            visit(String(index), type, [arrived, arrived + wait, took === null ? null : arrived + wait + took]),
          )
          .sort((a, b) => a.arrivedAt - b.arrivedAt),
      )
    fc.assert(
      fc.property(recorded, fc.integer({ min: 1, max: 6 }), (visits, most) => {
        const plan = planDay(visits, most)
        expect(plan.doctors.length).toBeLessThanOrEqual(most)
        const waiting = new Map<string, number>()
        const busyUntilDone = new Map<number, boolean>()
        let before = 0
        const ends = new Map<number, number>()
        for (const event of plan.events) {
          expect(event.at).toBeGreaterThanOrEqual(before)
          before = event.at
          if (event.kind === 'arrive') waiting.set(event.doctorType, (waiting.get(event.doctorType) ?? 0) + 1)
          if (event.kind === 'call') {
            const count = waiting.get(event.doctorType) ?? 0
            expect(count).toBeGreaterThan(0)
            waiting.set(event.doctorType, count - 1)
            expect(plan.doctors[event.doctor]?.doctorTypes).toContain(event.doctorType)
            busyUntilDone.set(event.doctor, true)
          }
          if (event.kind === 'complete') {
            expect(busyUntilDone.get(event.doctor)).toBe(true)
            busyUntilDone.set(event.doctor, false)
            ends.set(event.doctor, (ends.get(event.doctor) ?? 0) + 1)
          }
        }
        expect([...waiting.values()].every((count) => count === 0)).toBe(true)
        expect([...ends.values()].reduce((sum, count) => sum + count, 0)).toBe(
          visits.filter(({ completedAt }) => completedAt !== null).length,
        )
      }),
    )
  })
})
