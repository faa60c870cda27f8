import { afterEach, expect, it } from '@jest/globals'
import { act, render, screen, waitFor } from '@testing-library/react-native'
import { LanguageProvider } from '../texts/language.tsx'
import { Freshness } from '../turn/freshness.tsx'
import { type Clinic, entry, idOf, openClinic, place } from './clinic.tsx'
import { told } from './device.ts'
import { press } from './hands.ts'

let clinic: Clinic
afterEach(() => clinic?.close())

const open = async (now: { entry: object | null; place: object | null; leave?: () => unknown }) => {
  clinic = await openClinic({
    queueEntry: () => now.entry,
    queuePosition: () => now.place,
    leaveQueue: () => now.leave?.() ?? entry({ status: 'LEFT', version: 9 }),
  })
  await clinic.open(`/turn/${idOf(30)}`)
}
const moves = (position: object) => act(async () => clinic.moves(position))

it('shows ticket, place, range with what it means, and how many are ahead', async () => {
  await open({ entry: entry(), place: place() })
  await waitFor(() => expect(screen.getByLabelText('Your place 4')).toBeTruthy())
  for (const text of [
    'G-014',
    'about 20–35 min',
    'Nine in ten people wait within this time.',
    '3 people are before you',
  ])
    expect(screen.getByText(text)).toBeTruthy()
  await waitFor(() => expect(screen.getByText('Live')).toBeTruthy())
})

it('follows the queue, says in a line what changed, and turns to the room with an alarm when called', async () => {
  await open({ entry: entry(), place: place() })
  await waitFor(() => expect(screen.getByText('Live')).toBeTruthy())
  await moves(place({ version: 2, position: 3, ahead: 2 }))
  await waitFor(() => expect(screen.getByLabelText('Your place 3')).toBeTruthy())
  expect(screen.getByText('You moved up from 4 to 3.')).toBeTruthy()
  await moves(place({ version: 3, status: 'CALLED', position: null, ahead: null, room: '3', estimate: null }))
  await waitFor(() => expect(screen.getByRole('heading', { name: 'Room 3' })).toBeTruthy())
  expect(told).toEqual(['alarm: Room 3. Please come in.'])
  await moves(place({ version: 4, status: 'SERVED', position: null, ahead: null, estimate: null }))
  await waitFor(() => expect(screen.getByRole('heading', { name: 'Your visit has ended' })).toBeTruthy())
})

it('says why somebody came before, and never who', async () => {
  const history = [
    { at: '2026-11-23T09:00:00Z', kind: 'PASSED', reason: null, cause: 'MORE_URGENT' },
    { at: '2026-11-23T09:05:00Z', kind: 'PASSED', reason: 'A child', cause: 'DESK' },
    { at: '2026-11-23T08:00:00Z', kind: 'CHECKED_IN', reason: null, cause: null },
  ]
  await open({ entry: entry({ history }), place: place() })
  await waitFor(() => expect(screen.getByText(/Somebody is more urgent\./)).toBeTruthy())
  expect(screen.getByText(/The desk changed the order: A child/)).toBeTruthy()
  expect(screen.getByRole('heading', { name: 'Why somebody came before you' })).toBeTruthy()
})

it('asks before it leaves the queue, and says that it has', async () => {
  await open({ entry: entry(), place: place() })
  await press('Leave the queue')
  expect(clinic.last('leaveQueue')).toBeNull()
  await press('No, stay')
  await press('Leave the queue')
  await press('Yes, leave')
  await waitFor(() => expect(screen.getByRole('heading', { name: 'You are not in the queue any more' })).toBeTruthy())
  expect(clinic.last('leaveQueue')).toEqual({ entryId: idOf(30) })
})

it('says so where there is no such visit', async () => {
  await open({ entry: null, place: null })
  await waitFor(() => expect(screen.getByText('This visit cannot be found.')).toBeTruthy())
})

it('says how old what it shows is', async () => {
  await render(
    <LanguageProvider>
      <Freshness isLive={false} isLost asOf={new Date(2026, 10, 23, 10, 42).getTime()} />
    </LanguageProvider>,
  )
  expect(screen.getByText('As of 10:42')).toBeTruthy()
})
