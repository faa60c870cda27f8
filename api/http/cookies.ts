import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'

/**
 * Browsers hold the refresh token in a cookie that scripts cannot read. Only a page of our own gets and sends it:
 * SameSite=Strict, and the browser itself says `Sec-Fetch-Site: same-origin`.
 */
const REFRESH = 'anteroom_refresh'
/** GraphiQL has nowhere to keep an access token between its tabs; for that page alone a cookie does. */
const ACCESS = 'anteroom_graphiql'
const ACCESS_SECONDS = 15 * 60

const readCookie = (header: string | undefined, name: string): string | null => {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}

const isOwnPage = (req: IncomingMessage): boolean => req.headers['sec-fetch-site'] === 'same-origin'

const isGraphiql = (req: IncomingMessage): boolean => {
  const referer = req.headers.referer
  return referer !== undefined && URL.canParse(referer) && new URL(referer).pathname === '/graphql'
}

/** The access token of GraphiQL's own cookie. A socket's handshake carries no Sec-Fetch-Site everywhere; its Origin was checked. */
export const readAccessCookie = (request: Request | null, req: IncomingMessage): string | null =>
  request === null || isOwnPage(req) ? readCookie(req.headers.cookie, ACCESS) : null

export const cookiesOf = (
  config: Config,
  _request: Request,
  req: IncomingMessage,
  res: ServerResponse,
): Context['cookies'] => {
  if (!isOwnPage(req)) return null
  const secure = config.publicUrl.startsWith('https:') ? '; Secure' : ''
  const write = (name: string, value: string | null, maxAge: number) =>
    res.appendHeader(
      'set-cookie',
      `${name}=${value ?? ''}; Path=/graphql; HttpOnly; SameSite=Strict${secure}; Max-Age=${value === null ? 0 : maxAge}`,
    )
  return {
    refreshToken: readCookie(req.headers.cookie, REFRESH),
    set: (token, expiresAt) => {
      const seconds = expiresAt ? Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)) : 0
      write(REFRESH, token, seconds)
      if (token === null) write(ACCESS, null, 0)
    },
    setAccess: (token) => {
      if (isGraphiql(req)) write(ACCESS, token, ACCESS_SECONDS)
    },
  }
}
