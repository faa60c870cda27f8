import type { Deps } from '../context.ts'
import { isUnavailable } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { Refusal } from '../errors.ts'
import { databaseNow } from './clock.ts'
import { type Caller, logInPatient, logInUser } from './commands.ts'
import { readForm } from './form.ts'
import { rotateTokens, type Tokens } from './sessions.ts'

/** The one scope there is: everything that the account may do. */
const SCOPE = 'api'

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      ...headers,
    },
  })

const failure = (error: string, description: string, status = 400, headers: Record<string, string> = {}): Response =>
  json(status, { error, error_description: description }, headers)

const success = (tokens: Tokens, scope: string | null): Response =>
  json(200, {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((tokens.expiresAt.getTime() - databaseNow().getTime()) / 1000)),
    refresh_token: tokens.refreshToken,
    // RFC 6749, 5.1: said where it is not what was asked for.
    ...(scope !== null && scope !== SCOPE && { scope: SCOPE }),
  })

/** RFC 6749, 5.2, has no word for "too often": invalid_grant is what clients understand, the status and Retry-After say the rest. */
const refused = (refusal: Refusal): Response => {
  if (refusal.code === 'TOO_MANY_ATTEMPTS')
    return failure('invalid_grant', refusal.message, 429, { 'retry-after': String(refusal.details.retryAfterSeconds) })
  return failure('invalid_grant', refusal.message)
}

/** A patient's phone number begins with +, which no username holds. */
const passwordGrant = (caller: Caller, username: string, password: string): Promise<Tokens> =>
  username.trim().startsWith('+') ? logInPatient(caller, username, password) : logInUser(caller, username, password)

const grant = async (caller: Caller, form: URLSearchParams): Promise<Response> => {
  const repeated = [...new Set(form.keys())].find((name) => form.getAll(name).length > 1)
  if (repeated !== undefined) return failure('invalid_request', 'A parameter is given more than once.')
  const scope = form.get('scope') || null
  const type = form.get('grant_type')
  if (!type) return failure('invalid_request', 'grant_type is missing: password or refresh_token.')
  if (type === 'password') {
    const username = form.get('username')
    const password = form.get('password')
    if (!username || !password) return failure('invalid_request', 'username and password are both required.')
    return success(await passwordGrant(caller, username, password), scope)
  }
  if (type === 'refresh_token') {
    const refreshToken = form.get('refresh_token')
    if (!refreshToken) return failure('invalid_request', 'refresh_token is missing.')
    return success(await rotateTokens(caller, refreshToken), scope)
  }
  return failure('unsupported_grant_type', 'grant_type must be password or refresh_token.')
}

/**
 * POST /oauth/token by RFC 6749, grant types password (a username, or a patient's phone number) and refresh_token.
 * Clients are public: a client_id is accepted and means nothing.
 */
export const handleTokenRequest = async (
  deps: Pick<Deps, 'config' | 'db' | 'bus' | 'trail' | 'log'>,
  request: Request,
  ip: string,
): Promise<Response> => {
  if (request.method !== 'POST')
    return failure('invalid_request', 'Tokens are asked for by POST.', 405, { allow: 'POST' })
  try {
    const form = await readForm(request)
    if (!form)
      return failure('invalid_request', 'The body must be application/x-www-form-urlencoded and at most 16 KB.')
    return await grant({ ...deps, ip }, form)
  } catch (error) {
    if (error instanceof Refusal) return refused(error)
    if (isUnavailable(error))
      return failure('temporarily_unavailable', 'The database cannot be reached at present.', 503, {
        'retry-after': '2',
      })
    const id = uuidv7()
    deps.log.error({ err: error, id }, 'a token request failed unexpectedly')
    return failure('server_error', `An unexpected error; the log knows it as ${id}.`, 500)
  }
}
