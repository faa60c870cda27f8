import { afterEach, describe, expect, it } from '@jest/globals'
import { screen, waitFor } from '@testing-library/react-native'
import { bookingAt, type Clinic, entry, idOf, openClinic, patient, place, refuse } from './clinic.tsx'
import { device, told } from './device.ts'
import { press, write } from './hands.ts'

let clinic: Clinic
afterEach(() => clinic?.close())

const DAY_MS = 86_400_000
/** Ten in the morning at the clinic, in two days. */
const soon = `${new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10)}T15:00:00.000Z`
const slots = [
  {
    startsAt: soon,
    endsAt: new Date(Date.parse(soon) + 900_000).toISOString(),
    doctor: { id: idOf(3), name: 'Dr. Ben Okafor' },
  },
]
const timeOfSoon = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'America/New_York',
}).format(new Date(soon))

describe('booking', () => {
  const open = async (bookAppointment: () => unknown) => {
    clinic = await openClinic({
      availableSlots: () => slots,
      bookAppointment,
      appointment: () => bookingAt(soon),
    })
    await clinic.open('/')
    await press('Riverside Clinic')
    await press(/^General practice/)
  }

  it('takes five touches, with nothing to type', async () => {
    await open(() => bookingAt(soon))
    await press('First free')
    await press(timeOfSoon)
    await press('Book')
    await screen.findByRole('heading', { name: 'Appointment' })
    expect(clinic.last('bookAppointment')?.input).toMatchObject({
      serviceId: idOf(2),
      doctorId: null,
      startsAt: soon,
      patientId: null,
      reason: null,
    })
  })

  it('for a doctor, with a reason, goes one step back at a time', async () => {
    await open(() => bookingAt(soon))
    await press('Dr. Ben Okafor')
    await press(timeOfSoon)
    await write('Why you come', '  A rash ')
    await press('‹ Back')
    await press('‹ Back')
    await press('Dr. Ben Okafor')
    await press(timeOfSoon)
    await write('Why you come', '  A rash ')
    await press('Book')
    await waitFor(() =>
      expect(clinic.last('bookAppointment')?.input).toMatchObject({ doctorId: idOf(3), reason: 'A rash' }),
    )
  })

  it('that somebody else was quicker with says so above the other times', async () => {
    await open(() => refuse('SLOT_TAKEN'))
    await press('First free')
    await press(timeOfSoon)
    await press('Book')
    await screen.findByText('Somebody else has this time. Please choose another one.')
    expect(screen.getByRole('button', { name: timeOfSoon })).toBeTruthy()
  })

  it('needs free times, and says so where there is no connection', async () => {
    await open(() => bookingAt(soon))
    clinic.reach(false)
    await press('First free')
    await screen.findByText('Free times cannot be shown without a connection.')
  })
})

describe('an appointment', () => {
  const at = `/booking/${idOf(20)}`

  it('goes into the calendar without why the patient comes', async () => {
    clinic = await openClinic({ appointment: () => bookingAt(soon) })
    await clinic.open(at)
    await press('Add to calendar')
    const [what, ics] = told
    expect(what).toBe('calendar: General practice, Riverside Clinic')
    expect(ics).toContain('BEGIN:VEVENT')
    expect(ics).toContain('12 River Street')
    expect(ics).not.toContain('rash')
  })

  it('is cancelled after a question', async () => {
    clinic = await openClinic({
      appointment: () => bookingAt(soon),
      cancelAppointment: () => bookingAt(soon, { status: 'CANCELLED', version: 2 }),
    })
    await clinic.open(at)
    await press('Cancel the appointment')
    await press('No, keep it')
    expect(clinic.last('cancelAppointment')).toBeNull()
    await press('Cancel the appointment')
    await press('Yes, cancel')
    await screen.findByText('Cancelled')
    expect(clinic.last('cancelAppointment')).toMatchObject({ id: idOf(20) })
    expect(screen.queryByRole('button', { name: 'Another time' })).toBeNull()
  })

  it('is moved to another time with the doctor who was asked for', async () => {
    const later = new Date(Date.parse(soon) + 900_000).toISOString()
    clinic = await openClinic({
      appointment: () => bookingAt(later),
      availableSlots: () => slots,
      rescheduleAppointment: () => bookingAt(soon, { version: 2 }),
    })
    await clinic.open(at)
    await press('Another time')
    await press(timeOfSoon)
    await screen.findByRole('heading', { name: 'Appointment' })
    expect(clinic.last('availableSlots')).toMatchObject({ serviceId: idOf(2), doctorId: idOf(3) })
    expect(clinic.last('rescheduleAppointment')).toEqual({
      input: { id: idOf(20), startsAt: soon, doctorId: idOf(3) },
    })
  })

  it('is not offered its own time as another one, though a second doctor is free then', async () => {
    clinic = await openClinic({ appointment: () => bookingAt(soon, { bound: false }), availableSlots: () => slots })
    await clinic.open(at)
    await press('Another time')
    await screen.findByText('Nothing is free in these days.')
    expect(screen.queryByRole('button', { name: timeOfSoon })).toBeNull()
  })

  it('of today takes a delay, and the way into the queue', async () => {
    const now = new Date().toISOString()
    clinic = await openClinic({
      appointment: () => bookingAt(now),
      sayLate: () => bookingAt(now, { lateMinutes: 10, version: 2 }),
      checkIn: () => entry(),
      queueEntry: () => entry(),
      queuePosition: () => place(),
    })
    await clinic.open(at)
    await press("I'm running late")
    await press('10 min')
    await screen.findByText('You said: 10 min late.')
    expect(clinic.last('sayLate')).toEqual({ appointmentId: idOf(20), minutes: 10 })
    await press("I'm here")
    await screen.findByLabelText('Your place 4')
    expect(device.path.read()).toBe(`/turn/${idOf(30)}`)
  })

  it('of another day says when that is possible', async () => {
    clinic = await openClinic({ appointment: () => bookingAt(soon) })
    await clinic.open(at)
    await screen.findByRole('button', { name: 'Add to calendar' })
    expect(screen.queryByRole('button', { name: "I'm here" })).toBeNull()
    expect(screen.queryByRole('button', { name: "I'm running late" })).toBeNull()
  })

  it('of somebody else cannot be found', async () => {
    clinic = await openClinic({ appointment: () => null })
    await clinic.open(at)
    await screen.findByText('This appointment cannot be found.')
  })
})

describe('the first screen', () => {
  it('says what to do where there is nothing yet', async () => {
    clinic = await openClinic({})
    await clinic.open('/')
    await screen.findByText('No appointment. Choose a clinic below to book one.')
  })

  it('shows the visit that is under way, and appointments in order, also of those who are looked after', async () => {
    const later = new Date(Date.parse(soon) + DAY_MS).toISOString()
    const ward = patient({
      id: idOf(11),
      name: 'Ada Miller',
      appointments: { edges: [{ node: bookingAt(soon, { id: idOf(21) }) }] },
    })
    clinic = await openClinic({
      me: () =>
        patient({
          activeEntries: [entry()],
          appointments: {
            edges: [{ node: bookingAt(later) }, { node: bookingAt(soon, { id: idOf(22), status: 'CANCELLED' }) }],
          },
          wards: [ward],
        }),
      queueEntry: () => entry(),
      queuePosition: () => place(),
    })
    await clinic.open('/')
    await screen.findByRole('link', { name: 'Your place: 4' })
    const texts = screen.getAllByText(/Dr. Ben Okafor$/).map(({ props }) => props.children)
    expect(texts).toEqual(['Ada Miller · Dr. Ben Okafor', 'Dr. Ben Okafor'])
  })

  it('without a connection and without anything kept offers to try again, and goes on when it is back', async () => {
    clinic = await openClinic({})
    clinic.reach(false)
    await clinic.open('/')
    const again = await screen.findByRole('button', { name: 'Try again' })
    expect(again).toBeTruthy()
    clinic.reach(true)
    await press('Try again')
    await screen.findByText('No appointment. Choose a clinic below to book one.')
  })

  it('lets somebody join a queue from afar where the clinic allows it, or says why not', async () => {
    let tries = 0
    clinic = await openClinic({
      addWalkIn: () => {
        tries += 1
        return tries === 1 ? refuse('CLOSED') : entry()
      },
      queueEntry: () => entry(),
      queuePosition: () => place(),
    })
    await clinic.open('/')
    await press('Riverside Clinic')
    await press('Join General practice')
    await screen.findByText('No new patients are taken just now.')
    await press('Join General practice')
    await screen.findByLabelText('Your place 4')
    expect(clinic.last('addWalkIn')?.input).toMatchObject({ patientId: idOf(10), serviceId: idOf(2) })
  })
})
