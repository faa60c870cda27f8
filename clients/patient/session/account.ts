import { type SessionData, SessionRefused, sessionSelection } from '@anteroom/offline/session'
import type { Pocket } from './pocket.ts'

/** A number as people write it, as the API takes it: 00 1 (202) 555-0100 → +12025550100. */
export const phoneOf = (written: string): string => written.replace(/[\s().\-/]/g, '').replace(/^00/, '+')

const ask = async (pocket: Pocket, query: string, variables: object): Promise<Record<string, unknown>> => {
  const { data, errors } = await pocket.request({ query, variables }, null)
  const [error] = errors ?? []
  if (!error && data) return data
  const { code = 'INTERNAL', ...details } = error?.extensions ?? {}
  throw new SessionRefused(code, error?.message ?? '', details)
}

export type Registration = {
  name: string
  phoneNumber: string
  password: string
  dateOfBirth: string | null
  language: string
  code?: string
}

/** Makes an account and opens its session; PHONE_NEEDS_CODE where the number is on a record already. */
export const register = async (pocket: Pocket, input: Registration): Promise<void> => {
  const { session } = await ask(
    pocket,
    `mutation Register($input: RegisterPatientInput!) { session: registerPatient(input: $input) { ${sessionSelection} } }`,
    { input },
  )
  await pocket.session.adopt(session as SessionData)
}

export const requestCode = async (
  pocket: Pocket,
  phoneNumber: string,
  purpose: 'REGISTER' | 'RESET_PASSWORD',
): Promise<void> => {
  await ask(
    pocket,
    'mutation Code($phoneNumber: String!, $purpose: CodePurpose!) { requestPhoneCode(phoneNumber: $phoneNumber, purpose: $purpose) }',
    { phoneNumber, purpose },
  )
}

export const resetPassword = async (
  pocket: Pocket,
  variables: { phoneNumber: string; code: string; newPassword: string },
): Promise<void> => {
  const { session } = await ask(
    pocket,
    `mutation Reset($phoneNumber: String!, $code: String!, $newPassword: String!) {
      session: resetPassword(phoneNumber: $phoneNumber, code: $code, newPassword: $newPassword) { ${sessionSelection} } }`,
    variables,
  )
  await pocket.session.adopt(session as SessionData)
}
