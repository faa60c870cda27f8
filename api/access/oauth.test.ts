import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { databaseNow, measureClock } from './clock.ts'
import { handleTokenRequest } from './oauth.ts'
import { hashPassword } from './passwords.ts'
import { verifyAccessToken } from './tokens.ts'

let database: TestDatabase
let deps: TestDeps

const PASSWORD = 'anteroom-demo & more'

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  await measureClock(deps.db)
  const passwordHash = await hashPassword({ ip: '', config: deps.config }, PASSWORD, 'password')
  const clinicId = randomUUID()
  await deps.db.clinic.create({ data: { id: clinicId, name: 'Test clinic', timeZone: 'UTC' } })
  for (const username of ['reception', 'guessed'])
    await deps.db.user.create({
      data: { id: randomUUID(), clinicId, username, name: 'Reception', role: 'RECEPTIONIST', passwordHash },
    })
  await deps.db.patient.create({
    data: {
      id: randomUUID(),
      name: 'Pat',
      phoneNumber: '+12025550100',
      phoneVerified: true,
      passwordHash,
      code: 'code',
    },
  })
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const ask = (parameters: Record<string, string> | [string, string][] | string, init: RequestInit = {}) =>
  handleTokenRequest(
    deps,
    new Request('http://localhost/oauth/token', { method: 'POST', body: new URLSearchParams(parameters), ...init }),
    '127.0.0.1',
  )

const answerOf = async (response: Response): Promise<Record<string, string>> => JSON.parse(await response.text())

describe('POST /oauth/token', () => {
  it.each(['reception', '+1 202 555 0100'])('gives %s tokens for their password', async (username) => {
    const response = await ask({ grant_type: 'password', username, password: PASSWORD, client_id: 'script' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('pragma')).toBe('no-cache')
    const answer = await answerOf(response)
    expect(answer).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      refresh_token: expect.any(String),
    })
    expect(verifyAccessToken(answer.access_token as string, deps.config, databaseNow())).not.toBeNull()
  })

  it('exchanges a refresh token, twice for the same', async () => {
    const first = await answerOf(await ask({ grant_type: 'password', username: 'reception', password: PASSWORD }))
    const exchange = () => ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token as string })
    const [one, two] = [await answerOf(await exchange()), await answerOf(await exchange())]
    expect(one.refresh_token).toBe(two.refresh_token)
    expect(one.refresh_token).not.toBe(first.refresh_token)
  })

  it.each([
    ['no grant type', {}, 'invalid_request'],
    ['another grant type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['no password', { grant_type: 'password', username: 'reception' }, 'invalid_request'],
    ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['a wrong password', { grant_type: 'password', username: 'reception', password: 'wrong one' }, 'invalid_grant'],
    ['an unknown user', { grant_type: 'password', username: 'nobody', password: 'wrong one' }, 'invalid_grant'],
    ['what is no number', { grant_type: 'password', username: '+1', password: 'wrong one' }, 'invalid_grant'],
    [
      'too long a password',
      { grant_type: 'password', username: 'reception', password: 'x'.repeat(73) },
      'invalid_grant',
    ],
    ['an unknown refresh token', { grant_type: 'refresh_token', refresh_token: 'unknown' }, 'invalid_grant'],
  ])('answers 400 to %s', async (_name, parameters, error) => {
    const response = await ask(parameters as Record<string, string>)
    expect([response.status, (await answerOf(response)).error]).toEqual([400, error])
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('answers 400 to a parameter given twice, to JSON and to more than 16 KB', async () => {
    const twice = await ask([
      ['grant_type', 'password'],
      ['grant_type', 'password'],
    ])
    const json = await ask('', { body: '{}', headers: { 'content-type': 'application/json' } })
    const long = await ask({ grant_type: 'password', username: 'x'.repeat(20_000), password: 'x' })
    for (const response of [twice, json, long])
      expect([response.status, (await answerOf(response)).error]).toEqual([400, 'invalid_request'])
  })

  it('is asked by POST only', async () => {
    const response = await handleTokenRequest(deps, new Request('http://localhost/oauth/token'), '127.0.0.1')
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('says which scope it gives where another was asked for', async () => {
    const answer = await answerOf(
      await ask({ grant_type: 'password', username: 'reception', password: PASSWORD, scope: 'everything' }),
    )
    expect(answer.scope).toBe('api')
  })

  it('answers 429 with Retry-After after 10 failures', async () => {
    const guess = () => ask({ grant_type: 'password', username: 'guessed', password: 'wrong one' })
    for (let failure = 0; failure < 10; failure++) expect((await guess()).status).toBe(400)
    const response = await guess()
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
