import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommandName, EntryRecord, Operation, Person, Records } from './model.ts'
import { nextCall, type Replay, replay } from './optimistic.ts'
import {
  bookingOf,
  clinic,
  desk,
  doctor,
  entryOf,
  minutesAgo,
  NOON,
  operationsOf,
  patientOf,
  recordsOf,
} from './test/records.ts'

const play = (records: Records, pending: readonly Operation[], person: Person = desk): Replay =>
  replay({ records, pending, clinics: [clinic], person, now: NOON, timeOf: ({ wall }) => new Date(wall) })

const acted = (
  records: Parameters<typeof recordsOf>[0],
  acts: readonly (readonly [CommandName, Record<string, unknown>])[],
  person?: Person,
) => play(recordsOf(records), operationsOf(acts), person)

const waitingIn = (made: Replay, serviceId = 'a') => made.queue(serviceId).waiting.map(({ id }) => id)

const three = [entryOf(1), entryOf(2), entryOf(3)]
const inAnHour = minutesAgo(-60)

describe('what a device shows before the server has answered', () => {
  it('calls, starts and serves a patient', () => {
    const called = acted({ entries: three }, [['callEntry', { id: 'e1', doctorId: 'doc1' }]])
    expect(called.entries.get('e1')).toMatchObject({
      status: 'CALLED',
      version: 2,
      doctor: { id: 'doc1' },
      room: 'Room of doc1',
    })
    expect(waitingIn(called)).toEqual(['e2', 'e3'])
    const served = acted({ entries: three }, [
      ['callEntry', { id: 'e1', doctorId: 'doc1' }],
      ['startService', { id: 'e1' }],
      ['markServed', { id: 'e1' }],
    ])
    expect(served.queue('a').ended.map(({ id }) => id)).toEqual(['e1'])
    expect(served.marks.get('e1')).toEqual({ operations: ['op1', 'op2', 'op3'], mayBeRefused: null })
  })

  it('puts an urgent walk-in first, with its provisional ticket', () => {
    const made = acted({ entries: three }, [
      ['addWalkIn', { id: 'new', patientId: 'p9', serviceId: 'a', urgency: 'URGENT', provisionalTicket: 'P7-03' }],
    ])
    expect(waitingIn(made)).toEqual(['new', 'e1', 'e2', 'e3'])
    expect(made.queue('a').positions.get('e1')).toBe(2)
    expect(made.entries.get('new')).toMatchObject({ ticket: 'P7-03', provisionalTicket: 'P7-03', version: 0 })
  })

  it('checks a booked patient in, under the id of the operation, and calls them before either reached the server', () => {
    const bookings = [bookingOf('b1', minutesAgo(-5))]
    const made = acted({ entries: three, appointments: bookings }, [
      ['checkIn', { id: 'b1' }],
      ['callEntry', { id: 'op1', doctorId: 'doc2' }],
    ])
    expect(made.appointments.get('b1')).toMatchObject({ status: 'CHECKED_IN' })
    expect(made.entries.get('op1')).toMatchObject({
      status: 'CALLED',
      doctor: { id: 'doc2' },
      appointment: { id: 'b1' },
    })
    expect(made.marks.get('b1')?.operations).toEqual(['op1'])
    expect(made.marks.get('op1')?.operations).toEqual(['op1', 'op2'])
  })

  it('moves, holds, returns and transfers', () => {
    const made = acted({ entries: three }, [
      ['moveEntry', { id: 'e3', after: null, reason: 'in pain' }],
      ['hold', { id: 'e1' }],
      ['transfer', { id: 'e2', serviceId: 'b' }],
      ['returnToQueue', { id: 'e1' }],
    ])
    expect(waitingIn(made)).toEqual(['e3', 'e1'])
    expect(waitingIn(made, 'b')).toEqual(['e2'])
  })

  it('drops a manual place when the urgency changes', () => {
    const made = acted({ entries: three }, [
      ['moveEntry', { id: 'e3', after: null, reason: 'x' }],
      ['setUrgency', { id: 'e2', urgency: 'EMERGENCY' }],
      ['setUrgency', { id: 'e3', urgency: 'URGENT' }],
    ])
    expect(waitingIn(made)).toEqual(['e2', 'e3', 'e1'])
  })

  it('registers, books, reschedules and cancels', () => {
    const made = acted({}, [
      ['createPatient', { id: 'new', name: 'Ada', phoneNumber: '+12025550100' }],
      ['bookAppointment', { id: 'bk', patientId: 'new', serviceId: 'a', startsAt: inAnHour }],
      ['rescheduleAppointment', { id: 'bk', startsAt: minutesAgo(-90), doctorId: 'doc2' }],
      ['bookAppointment', { id: 'bk2', patientId: 'p2', serviceId: 'a', startsAt: inAnHour, doctorId: 'doc1' }],
      ['cancelAppointment', { id: 'bk2', reason: 'changed plans' }],
    ])
    expect(made.patients.get('new')).toMatchObject({ name: 'Ada', version: 0 })
    expect(made.appointments.get('bk')).toMatchObject({
      startsAt: minutesAgo(-90),
      doctor: { id: 'doc2' },
      bound: true,
    })
    expect(made.appointments.get('bk2')).toMatchObject({ status: 'CANCELLED' })
  })

  it('ends the visit of a checked-in patient whose booking is cancelled', () => {
    const checkedIn = bookingOf('b1', minutesAgo(5), {
      status: 'CHECKED_IN',
      patient: { __typename: 'Patient', id: 'p1' },
    })
    const entries = [entryOf(1, { appointment: { __typename: 'Appointment', id: 'b1' } })]
    const made = acted({ entries, appointments: [checkedIn] }, [['cancelAppointment', { id: 'b1' }]])
    expect(made.entries.get('e1')).toMatchObject({ status: 'LEFT' })
    expect(made.appointments.get('b1')).toMatchObject({ status: 'CANCELLED' })
  })

  it('changes the details of a patient field by field', () => {
    const made = acted({ patients: [patientOf('p1')] }, [
      ['updatePatient', { id: 'p1', seen: 1, name: 'Grace' }],
      ['updatePatient', { id: 'p1', seen: 1, language: 'es' }],
    ])
    expect(made.patients.get('p1')).toMatchObject({ name: 'Grace', language: 'es', version: 3 })
  })

  it('leaves out what the server has refused, and fields that have lost', () => {
    const records = recordsOf({ entries: three, patients: [patientOf('p1')] })
    const [call, change] = operationsOf([
      ['callEntry', { id: 'e1' }],
      ['updatePatient', { id: 'p1', seen: 1, name: 'Grace', language: 'es' }],
    ]) as [Operation, Operation]
    const lost = [{ field: 'name', by: 'Reception', at: minutesAgo(1), value: 'Ada' }]
    const answer = { id: 'op1', outcome: 'REJECTED', code: 'NOT_WAITING', message: null, overrides: null } as const
    const made = play(records, [
      { ...call, answer },
      { ...change, answer: { ...answer, outcome: 'OVERRIDDEN', overrides: lost } },
    ])
    expect(made.entries.size).toBe(0)
    expect(made.patients.get('p1')).toMatchObject({ name: 'Patient p1', language: 'es' })
    expect(made.marks.size).toBe(0)
  })
})

describe('an operation whose rule refuses now stays and is marked', () => {
  const booked = bookingOf('b1', inAnHour)
  const table: [string, Parameters<typeof recordsOf>[0], CommandName, Record<string, unknown>, string][] = [
    [
      'a call of a called patient',
      { entries: [entryOf(1, { status: 'CALLED' })] },
      'callEntry',
      { id: 'e1' },
      'ALREADY_CALLED',
    ],
    [
      'a call of one who is bound elsewhere',
      { entries: [entryOf(1, { boundDoctor: { __typename: 'Doctor', id: 'doc2' } })] },
      'callEntry',
      { id: 'e1', doctorId: 'doc1' },
      'BOUND_ELSEWHERE',
    ],
    [
      'a call by a busy doctor',
      { entries: [entryOf(1), entryOf(2, { status: 'CALLED', doctor: { __typename: 'Doctor', id: 'doc1' } })] },
      'callEntry',
      { id: 'e1', doctorId: 'doc1' },
      'DOCTOR_BUSY',
    ],
    [
      'a move behind one who left',
      { entries: [entryOf(1), entryOf(2)] },
      'moveEntry',
      { id: 'e1', after: 'e9', reason: 'x' },
      'NOT_WAITING',
    ],
    [
      'a second walk-in of one patient',
      { entries: [entryOf(1)] },
      'addWalkIn',
      { id: 'n', patientId: 'p1', serviceId: 'a' },
      'ALREADY_WAITING',
    ],
    ['serving one who was not called', { entries: [entryOf(1)] }, 'markServed', { id: 'e1' }, 'NOT_CALLED'],
    [
      'a taken slot',
      { appointments: [booked] },
      'bookAppointment',
      { id: 'n', patientId: 'p2', serviceId: 'a', startsAt: inAnHour, doctorId: 'doc1' },
      'SLOT_TAKEN',
    ],
    [
      'two bookings of one patient at once',
      { appointments: [booked] },
      'bookAppointment',
      { id: 'n', patientId: 'p-b1', serviceId: 'b', startsAt: inAnHour, doctorId: 'doc2' },
      'PATIENT_BUSY',
    ],
    [
      'a slot in the past',
      {},
      'bookAppointment',
      { id: 'n', patientId: 'p2', serviceId: 'a', startsAt: minutesAgo(1) },
      'IN_THE_PAST',
    ],
    [
      'a check-in of another day',
      { appointments: [bookingOf('b1', minutesAgo(-1440))] },
      'checkIn',
      { id: 'b1' },
      'NOT_TODAY',
    ],
    [
      'a check-in of a cancelled booking',
      { appointments: [bookingOf('b1', inAnHour, { status: 'CANCELLED' })] },
      'checkIn',
      { id: 'b1' },
      'NOT_BOOKED',
    ],
    ['a change of what is not here', {}, 'hold', { id: 'e1' }, 'NOT_FOUND'],
  ]
  it.each(table)('%s', (_name, records, command, input, code) => {
    const made = acted(records, [[command, input]])
    expect([...made.marks.values()]).toEqual([{ operations: ['op1'], mayBeRefused: code }])
    expect(made.entries.size + made.appointments.size + made.patients.size).toBe(0)
  })
})

describe('whom a call without a network takes', () => {
  const bound = [entryOf(1, { boundDoctor: { __typename: 'Doctor', id: 'doc2' } }), entryOf(2)]
  const pick = (entries: EntryRecord[], person: Person, doctorId: string | null = null) => {
    const next = nextCall(acted({ entries }, []).world, person, { serviceId: 'a', doctorId })
    return 'refusal' in next ? next.refusal : [next.serve?.id ?? null, next.call?.id ?? null]
  }
  it('passes over those who are bound to another doctor', () => {
    expect(pick(bound, doctor)).toEqual([null, 'e2'])
    expect(pick(bound, desk, 'doc2')).toEqual([null, 'e1'])
    expect(pick(bound, desk)).toEqual([null, 'e2'])
  })
  it("first serves the doctor's patient in service, and waits for a called one", () => {
    const inService = entryOf(3, { status: 'IN_SERVICE', doctor: { __typename: 'Doctor', id: 'doc1' } })
    expect(pick([...bound, inService], doctor)).toEqual(['e3', 'e2'])
    expect(pick([...bound, { ...inService, status: 'CALLED' }], doctor)).toBe('DOCTOR_BUSY')
  })
  it('lets a doctor call in their own name only', () => expect(pick(bound, doctor, 'doc2')).toBe('FORBIDDEN'))
  it('is nobody where nobody waits', () => expect(pick([], doctor)).toEqual([null, null]))
})

const commandsOnEntries: CommandName[] = [
  ...([
    'callEntry',
    'recall',
    'startService',
    'markServed',
    'markNoShow',
    'hold',
    'returnToQueue',
    'leaveQueue',
  ] as const),
]

const someActs = (entries: number) =>
  fc.array(
    fc.oneof(
      fc.record({
        command: fc.constantFrom(...commandsOnEntries),
        entry: fc.nat(entries - 1),
        to: fc.nat(entries - 1),
      }),
      fc.record({ command: fc.constant('moveEntry' as const), entry: fc.nat(entries - 1), to: fc.nat(entries - 1) }),
      fc.record({ command: fc.constant('setUrgency' as const), entry: fc.nat(entries - 1), to: fc.nat(2) }),
      fc.record({ command: fc.constant('transfer' as const), entry: fc.nat(entries - 1), to: fc.nat(1) }),
    ),
    { maxLength: 40 },
  )

const inputOf = ({ command, entry, to }: { command: CommandName; entry: number; to: number }) => {
  const id = `e${entry + 1}`
  if (command === 'moveEntry') return { id, after: to === entry ? null : `e${to + 1}`, reason: 'x' }
  if (command === 'setUrgency') return { id, urgency: ['ROUTINE', 'URGENT', 'EMERGENCY'][to] }
  if (command === 'transfer') return { id, serviceId: to === 0 ? 'a' : 'b' }
  return { id, ...(command === 'callEntry' && { doctorId: to % 2 === 0 ? 'doc1' : null }) }
}

describe('replay', () => {
  const eight = recordsOf({ entries: Array.from({ length: 8 }, (_, index) => entryOf(index + 1)) })

  it('of an empty log changes nothing', () => {
    const made = play(eight, [])
    expect(made.entries.size + made.appointments.size + made.patients.size + made.marks.size).toBe(0)
    expect(waitingIn(made)).toEqual([...eight.entries.keys()])
  })

  it('of a log in one go is the same as of its parts, one after the other', () => {
    fc.assert(
      fc.property(someActs(8), fc.nat(40), (acts, cut) => {
        const log = operationsOf(acts.map((act) => [act.command, inputOf(act)] as const))
        const whole = play(eight, log)
        const first = play(eight, log.slice(0, cut))
        const confirmed = { ...eight, entries: new Map([...eight.entries, ...first.entries]) }
        const second = play(confirmed, log.slice(cut))
        for (const service of ['a', 'b']) {
          expect(waitingIn(second, service)).toEqual(waitingIn(whole, service))
          expect(second.queue(service).serving).toEqual(whole.queue(service).serving)
          expect(second.queue(service).ended).toEqual(whole.queue(service).ended)
        }
      }),
    )
  })

  it('keeps the waiting in the order of the rule, and every doctor with one open patient', () => {
    fc.assert(
      fc.property(someActs(8), (acts) => {
        const made = play(eight, operationsOf(acts.map((act) => [act.command, inputOf(act)] as const)))
        for (const service of ['a', 'b']) {
          const view = made.queue(service)
          const again = play({ ...eight, entries: new Map([...eight.entries, ...made.entries]) }, [])
          expect(waitingIn(again, service)).toEqual(view.waiting.map(({ id }) => id))
        }
        const open = [...['a', 'b'].flatMap((service) => made.queue(service).serving)].flatMap(
          ({ doctor }) => doctor?.id ?? [],
        )
        expect(new Set(open).size).toBe(open.length)
      }),
    )
  })
})

describe('a thousand pending operations on five hundred entries', () => {
  it('are replayed on one copy of the records', () => {
    const entries = Array.from({ length: 500 }, (_, index) => entryOf(index + 1))
    const acts = Array.from({ length: 1000 }, (_, index): [CommandName, Record<string, unknown>] => {
      const id = `e${(index % 490) + 1}`
      if (index % 4 === 0) return ['moveEntry', { id, after: `e${(index % 10) + 491}`, reason: 'x' }]
      if (index % 4 === 1) return ['setUrgency', { id, urgency: index % 8 === 1 ? 'URGENT' : 'ROUTINE' }]
      if (index % 4 === 2) return ['hold', { id }]
      return ['returnToQueue', { id: `e${((index - 1) % 490) + 1}` }]
    })
    const records = recordsOf({ entries })
    const log = operationsOf(acts)
    const times = Array.from({ length: 7 }, () => {
      const start = performance.now()
      play(records, log).queue('a')
      return performance.now() - start
    }).toSorted((a, b) => a - b)
    console.info(`replay of 1,000 on 500: median ${times[3]?.toFixed(1)} ms`)
    expect(play(records, log).queue('a').waiting).toHaveLength(500)
  })
})
