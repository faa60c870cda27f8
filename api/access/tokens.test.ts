import { generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { describe, expect, it } from 'vitest'
import { issueAccessToken, successorOf, verifyAccessToken } from './tokens.ts'

const config = { jwtSecret: 'a secret of more than thirty-two characters' }
const now = new Date('2026-11-22T09:30:00Z')
const holder = { sessionId: '019abcde-0000-7000-8000-000000000001', subject: '019abcde-0000-7000-8000-000000000002' }
const { token, expiresAt } = issueAccessToken(holder, config, now)

const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)

const good = jwt.decode(token, { complete: true }) as jwt.Jwt
const claims = good.payload as jwt.JwtPayload

/** The good token with some of its header and claims replaced, signed with the right secret unless another is given. */
const forged = (
  header: Record<string, unknown>,
  payload: Record<string, unknown>,
  secret = config.jwtSecret,
): string => {
  const entries = Object.entries({ ...claims, ...payload }).filter(([, value]) => value !== undefined)
  return jwt.sign(Object.fromEntries(entries), secret, {
    header: { ...good.header, ...header } as jwt.JwtHeader,
    ...(typeof header.alg === 'string' && { algorithm: header.alg as jwt.Algorithm }),
  })
}

const unsigned = (header: object): string =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`

describe('an access token', () => {
  it('names its session until 15 minutes have passed', () => {
    const expected = { sessionId: holder.sessionId, expiresAt }
    expect(expiresAt).toEqual(at(900))
    expect(verifyAccessToken(token, config, now)).toEqual(expected)
    expect(verifyAccessToken(token, config, at(899))).toEqual(expected)
    expect(verifyAccessToken(token, config, at(900))).toBeNull()
  })

  it('is the same when nothing in it is replaced', () => {
    expect(verifyAccessToken(forged({}, {}), config, now)).not.toBeNull()
  })

  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })

  it.each([
    ['of no algorithm', unsigned({ ...good.header, alg: 'none' })],
    ['of no algorithm in capitals', unsigned({ ...good.header, alg: 'NONE' })],
    ['of another algorithm', forged({ alg: 'HS512' }, {})],
    [
      'that claims a public key algorithm',
      token.replace(/^[^.]+/, unsigned({ ...good.header, alg: 'RS256' }).split('.')[0] as string),
    ],
    ['signed with a public key', forged({}, {}, String(pem))],
    ['signed with another secret', forged({}, {}, 'another secret of more than thirty-two')],
    ['of another type', forged({ typ: 'JWT' }, {})],
    ['without a type', forged({ typ: undefined }, {})],
    ['of another key', forged({ kid: 'other' }, {})],
    ['with a critical header', forged({ crit: ['exp'] }, {})],
    ['of another issuer', forged({}, { iss: 'somebody' })],
    ['without an issuer', forged({}, { iss: undefined })],
    ['for another audience', forged({}, { aud: 'elsewhere' })],
    ['for another use', forged({}, { token_use: 'refresh' })],
    ['without an end', forged({}, { exp: undefined })],
    ['that lasts too long', forged({}, { exp: (claims.exp as number) + 1 })],
    ['without a session', forged({}, { sid: undefined })],
    ['of a session that is no id', forged({}, { sid: "' OR true" })],
    ['not yet good', forged({}, { nbf: (claims.iat as number) + 60 })],
    ['with a letter changed', token.slice(0, -10) + (token.at(-10) === 'A' ? 'B' : 'A') + token.slice(-9)],
    ['that is none', 'not.a.token'],
    ['that is empty', ''],
  ])('%s is refused', (_name, bad) => {
    expect(verifyAccessToken(bad, config, now)).toBeNull()
  })

  it('made with another secret is refused', () => {
    const other = issueAccessToken(holder, { jwtSecret: 'another secret of more than thirty-two' }, now)
    expect(verifyAccessToken(other.token, config, now)).toBeNull()
  })
})

describe("a refresh token's successor", () => {
  it('is always the same, and another with another secret or token', () => {
    const successor = successorOf('parent', config)
    expect(successorOf('parent', config)).toBe(successor)
    expect(successorOf('other', config)).not.toBe(successor)
    expect(successorOf('parent', { jwtSecret: 'another' })).not.toBe(successor)
  })
})
