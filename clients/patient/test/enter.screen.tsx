import { afterEach, describe, expect, it } from '@jest/globals'
import { screen, waitFor } from '@testing-library/react-native'
import { type Clinic, openClinic, patient, refuse, viewer } from './clinic.tsx'
import { device } from './device.ts'
import { press, write } from './hands.ts'

let clinic: Clinic
afterEach(() => clinic?.close())

const open = async (path: string, answers: Parameters<typeof openClinic>[0]) => {
  clinic = await openClinic(answers, { isIn: false })
  await clinic.open(path)
}
const session = { accessToken: 'a', refreshToken: null, viewer: { ...patient(), ...viewer } }

describe('log-in', () => {
  it('says what is missing before anybody is asked', async () => {
    await open('/', {})
    await press('Log in')
    expect(screen.getByText('The number begins with + and the country code.')).toBeTruthy()
    expect(screen.getByText('The password is missing.')).toBeTruthy()
    expect(clinic.last('loginPatient')).toBeNull()
  })

  it('takes the number as it is written, says in words why it was refused, and goes on from there', async () => {
    let tries = 0
    await open('/', {
      loginPatient: () => {
        tries += 1
        return tries === 1 ? refuse('WRONG_CREDENTIALS') : session
      },
    })
    await write('Mobile number', '+1 (202) 555-0100')
    await write('Password', 'secret words')
    await press('Log in')
    await screen.findByText('Number and password do not belong together.')
    expect(clinic.last('loginPatient')).toEqual({ input: { phoneNumber: '+12025550100', password: 'secret words' } })
    await press('Log in')
    await screen.findByRole('heading', { name: 'Hello, Grace Miller' })
  })

  it('says so where there is no connection, and loses nothing of what was written', async () => {
    await open('/', {})
    clinic.reach(false)
    await write('Mobile number', '+12025550100')
    await write('Password', 'secret words')
    await press('Log in')
    await screen.findByText('There is no connection. Nothing was changed; please try again later.')
    expect(screen.getByLabelText('Password').props.value).toBe('secret words')
  })

  it('is there in Spanish at a touch', async () => {
    await open('/', {})
    await press('Español')
    expect(screen.getByRole('heading', { name: 'Entrar' })).toBeTruthy()
    await press('English')
    expect(screen.getByRole('heading', { name: 'Log in' })).toBeTruthy()
  })
})

describe('making an account', () => {
  it('asks for the code where a clinic knows the number already', async () => {
    await open('/register', {
      registerPatient: ({ input }) => {
        const { code } = input as { code?: string }
        return code === '123456' ? session : refuse(code ? 'WRONG_CODE' : 'PHONE_NEEDS_CODE')
      },
      requestPhoneCode: () => true,
    })
    await write('Name', 'Grace Miller')
    await write('Mobile number', '+1 202 555 0100')
    await write('Password', 'long enough')
    await press('Make account')
    await screen.findByRole('heading', { name: 'We know this number' })
    expect(clinic.last('requestPhoneCode')).toEqual({ phoneNumber: '+12025550100', purpose: 'REGISTER' })
    await write('Code from the SMS', '654321')
    await press('Make account')
    await screen.findByText('This code is not good, or no longer. Ask for a new one.')
    await write('Code from the SMS', '123456')
    await press('Make account')
    await screen.findByRole('heading', { name: 'Hello, Grace Miller' })
  })

  it('leads to where one wanted to go, as from a poster’s code', async () => {
    const path = '/book/01940000-0000-7000-8000-00000000c000'
    await open(path, { registerPatient: () => session })
    await press('Make an account')
    await write('Name', 'Grace Miller')
    await write('Mobile number', '+1 202 555 0100')
    await write('Password', 'long enough')
    expect(device.path.read()).toBe('/register')
    await press('Make account')
    await waitFor(() => expect(device.path.read()).toBe(path))
  })

  it('names every field that is wrong', async () => {
    await open('/register', {})
    await write('Date of birth', '17.5.1990')
    await press('Make account')
    for (const text of ['The name is missing.', 'As in 1990-05-17.', 'At least 8 characters.'])
      expect(screen.getByText(text)).toBeTruthy()
    expect(clinic.last('registerPatient')).toBeNull()
  })
})

it('a forgotten password is set anew with a code by SMS', async () => {
  await open('/forgotten', { requestPhoneCode: () => true, resetPassword: () => session })
  await write('Mobile number', '+12025550100')
  await press('Send code')
  await write('Code from the SMS', '123456')
  await write('New password', 'another one')
  await press('Set password and log in')
  await waitFor(() =>
    expect(clinic.last('resetPassword')).toEqual({
      phoneNumber: '+12025550100',
      code: '123456',
      newPassword: 'another one',
    }),
  )
  await screen.findByRole('heading', { name: 'Hello, Grace Miller' })
})
