import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { uuidOf } from '../database/uuid.ts'

export const ACCESS_SECONDS = 15 * 60

const ISSUER = 'anteroom'
const AUDIENCE = 'anteroom-api'
const TYPE = 'at+jwt'

type Secrets = { jwtSecret: string }

type SigningKey = { key: KeyObject; id: string }

const signingKeys = new Map<string, SigningKey>()

/**
 * The key made of the secret, once: every request needs it. Its id names the secret without telling it,
 * so that a token made with another secret is refused by its header already.
 */
const signingKey = ({ jwtSecret }: Secrets): SigningKey => {
  let known = signingKeys.get(jwtSecret)
  if (!known) {
    const id = createHmac('sha256', jwtSecret).update('anteroom key id').digest('base64url').slice(0, 11)
    known = { key: createSecretKey(Buffer.from(jwtSecret)), id }
    signingKeys.set(jwtSecret, known)
  }
  return known
}

const seconds = (instant: Date): number => Math.floor(instant.getTime() / 1000)

/** A signed access token for one session, good for 15 minutes from `now`. */
export const issueAccessToken = (
  holder: { sessionId: string; subject: string },
  config: Secrets,
  now: Date,
): { token: string; expiresAt: Date } => {
  const { key, id } = signingKey(config)
  const iat = seconds(now)
  const exp = iat + ACCESS_SECONDS
  const token = jwt.sign({ token_use: 'access', sid: holder.sessionId, iat, exp }, key, {
    header: { alg: 'HS256', typ: TYPE, kid: id },
    algorithm: 'HS256',
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: holder.subject,
  })
  return { token, expiresAt: new Date(exp * 1000) }
}

/** What an access token says, if it is ours, meant for us and not expired at `now`; else null. */
export const verifyAccessToken = (
  token: string,
  config: Secrets,
  now: Date,
): { sessionId: string; expiresAt: Date } | null => {
  const { key, id } = signingKey(config)
  let complete: jwt.Jwt
  try {
    complete = jwt.verify(token, key, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTimestamp: seconds(now),
      complete: true,
    })
  } catch {
    return null
  }
  const { header, payload } = complete
  if (header.typ !== TYPE || header.kid !== id || 'crit' in header || typeof payload === 'string') return null
  const { sid, sub, iat, exp, token_use: use } = payload
  // A token without an end would never be refused for its age.
  if (use !== 'access' || typeof exp !== 'number' || typeof iat !== 'number' || exp - iat > ACCESS_SECONDS) return null
  if (typeof sid !== 'string' || !uuidOf(sid) || typeof sub !== 'string') return null
  return { sessionId: sid, expiresAt: new Date(exp * 1000) }
}

/** A secret that nobody can guess, fit for addresses and cookies. */
export const randomToken = (): string => randomBytes(32).toString('base64url')

/** Tokens are stored only as their SHA-256: who reads the database cannot use them. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** The one token that follows this one. Derived, not drawn: a repeat after a lost reply can be given the same again. */
export const successorOf = (refreshToken: string, { jwtSecret }: Secrets): string =>
  createHmac('sha256', jwtSecret).update(`anteroom refresh token after ${refreshToken}`).digest('base64url')
