import { afterEach, expect, it } from '@jest/globals'
import { screen, waitFor } from '@testing-library/react-native'
import { type Clinic, idOf, openClinic, patient, refuse } from './clinic.tsx'
import { told } from './device.ts'
import { press, write } from './hands.ts'

let clinic: Clinic
afterEach(() => clinic?.close())

const here = {
  id: idOf(40),
  platform: null,
  getsMessages: false,
  since: '2026-11-20T10:00:00Z',
  seenAt: null,
  isThis: true,
}
const there = { ...here, id: idOf(41), platform: 'ios', isThis: false }

const open = async (answers: Parameters<typeof openClinic>[0] = {}) => {
  clinic = await openClinic({ devices: () => [here], ...answers })
  await clinic.open('/me')
  await screen.findByRole('heading', { name: 'You and this device' })
}

it('sends of the details only what was changed', async () => {
  await open({ updateProfile: () => patient({ name: 'Grace M. Miller', version: 2 }) })
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
  await write('Name', 'Grace M. Miller')
  await press('Save')
  await waitFor(() => expect(clinic.last('updateProfile')?.input).toEqual({ name: 'Grace M. Miller' }))
})

it('changes the language here and in the messages', async () => {
  await open({ updateProfile: () => patient({ language: 'es', version: 2 }) })
  await press('Español', 'radio')
  await screen.findByRole('heading', { name: 'Usted y este dispositivo' })
  await waitFor(() => expect(clinic.last('updateProfile')?.input).toEqual({ language: 'es' }))
  await press('English', 'radio')
  await screen.findByRole('heading', { name: 'You and this device' })
})

it('shows where somebody is logged in, and logs them out there', async () => {
  const devices = [here, there]
  await open({
    devices: () => [...devices],
    removeDevice: () => {
      devices.pop()
      return true
    },
  })
  await screen.findByText('iPhone')
  expect(screen.getByText('Browser · this device')).toBeTruthy()
  await press('Log out there')
  await waitFor(() => expect(screen.queryByText('iPhone')).toBeNull())
  expect(clinic.last('removeDevice')).toEqual({ id: idOf(41) })
})

it('has push messages sent to this phone, once it is allowed', async () => {
  await open({ registerDevice: () => true })
  await press('Get messages on this phone')
  await screen.findByText('This phone gets your messages.')
  expect(clinic.last('registerDevice')).toEqual({ pushToken: 'token-of-this-phone', platform: 'android' })
})

it('saves a copy of all data, and says when that was asked for too often', async () => {
  let tries = 0
  await open({
    exportMyData: () => {
      tries += 1
      return tries === 1 ? '{"format":"anteroom.patient.1"}' : refuse('TOO_OFTEN')
    },
  })
  await press('Save a copy of my data')
  await waitFor(() => expect(told).toEqual(['file: anteroom.json']))
  await press('Save a copy of my data')
  await screen.findByText('That was asked for too often. Please try again tomorrow.')
})

it('changes the password with the present one', async () => {
  const session = { accessToken: 'b', refreshToken: null, viewer: patient() }
  await open({ changePassword: () => session })
  await press('Change password')
  await write('Present password', 'secret words')
  await write('New password', 'longer secret words')
  await press('Save')
  await screen.findByText('The password is changed. Other devices are logged out.')
  expect(clinic.last('changePassword')).toEqual({ current: 'secret words', new: 'longer secret words' })
})

it('deletes the account only with its password, and is logged out then', async () => {
  let tries = 0
  await open({
    deleteMyAccount: () => {
      tries += 1
      return tries === 1 ? refuse('WRONG_CREDENTIALS') : true
    },
    logout: () => true,
  })
  await press('Delete my account')
  await write('Password', 'not this')
  await press('Delete for good')
  await screen.findByText('Number and password do not belong together.')
  await write('Password', 'secret words')
  await press('Delete for good')
  await screen.findByRole('heading', { name: 'Log in' })
  expect(clinic.session.state().status).toBe('LOGGED_OUT')
})

it('confirms a number that somebody else wrote down', async () => {
  await open({
    me: () => patient({ phoneVerified: false }),
    requestPhoneCode: () => true,
    confirmPhoneNumber: () => patient({ phoneVerified: true, version: 2 }),
  })
  await press('Send code')
  expect(clinic.last('requestPhoneCode')).toEqual({ phoneNumber: '+12025550100', purpose: 'CONFIRM_NUMBER' })
  await write('Code from the SMS', '123456')
  await press('Confirm')
  await waitFor(() => expect(screen.queryByText('Confirm your number')).toBeNull())
})

it('has a new code made where the old one fell into other hands', async () => {
  const next = 'Z9y8X7w6V5u4T3s2R1q0-_'
  await open({ renewCode: () => patient({ code: next, version: 2 }) })
  await press('Make a new code')
  await screen.findByText(next)
})

it('draws the code that a desk scans', async () => {
  clinic = await openClinic({})
  await clinic.open('/code')
  await screen.findByRole('img', { name: 'Your code for the desk' })
  expect(screen.getByText('Grace Miller')).toBeTruthy()
})
