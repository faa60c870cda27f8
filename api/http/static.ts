import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the build of clients/web lies. */
export const WEB_DIST = fileURLToPath(new URL('../../clients/web/dist', import.meta.url))

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

/** Addresses that the web app draws itself. */
const isScreen = (path: string): boolean => path === '/' || /^\/(display|checkin)\/[^/]+\/?$/.test(path)

export type File = { type: string; cache: string; plain: Buffer; br: Buffer | null; gzip: Buffer | null }

/** What of a built app can be served, by its address within the app. */
export const readFiles = (folder: string): Map<string, File> => {
  const files = new Map<string, File>()
  for (const path of globSync('**/*', { cwd: folder })) {
    const full = join(folder, path)
    const type = types[extname(path)]
    if (!type || !statSync(full).isFile()) continue
    const packed = (suffix: string) => (existsSync(full + suffix) ? readFileSync(full + suffix) : null)
    files.set(`/${path.replaceAll('\\', '/')}`, {
      type,
      // The names in these folders change with their content; all else is asked for anew.
      cache: /^(assets|_expo)\b/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      plain: readFileSync(full),
      br: packed('.br'),
      gzip: packed('.gz'),
    })
  }
  return files
}

/** What the pages may load: only what comes from here. The styles are those that react-aria sets in the page. */
export const policyFor = (publicUrl: string): string => {
  const { host, protocol } = new URL(publicUrl)
  const socket = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}`
  return [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src 'self' ${socket}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Packed as the reader takes it. */
export const sendFile = (
  req: IncomingMessage,
  res: ServerResponse,
  file: File,
  policy: string,
  cache: string,
): void => {
  const accepted = String(req.headers['accept-encoding'] ?? '')
  const [encoding, body] =
    file.br && /\bbr\b/.test(accepted)
      ? ['br', file.br]
      : file.gzip && /\bgzip\b/.test(accepted)
        ? ['gzip', file.gzip]
        : [null, file.plain]
  res.writeHead(200, {
    'content-type': file.type,
    'content-length': body.length,
    'cache-control': cache,
    vary: 'accept-encoding',
    ...(encoding ? { 'content-encoding': encoding } : {}),
    ...(file.type.startsWith('text/html')
      ? { 'content-security-policy': policy, 'cross-origin-opener-policy': 'same-origin' }
      : {}),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}

/**
 * Serves the built web app: hashed files for ever, the page itself never from a cache. Answers false for what is none of its addresses,
 * and for all of them where nothing is built.
 */
export const createStatic = (
  publicUrl: string,
  folder: string = WEB_DIST,
): ((req: IncomingMessage, res: ServerResponse) => boolean) => {
  const files = existsSync(join(folder, 'index.html')) ? readFiles(folder) : new Map<string, File>()
  // A frame that only api/http/turn.ts fills.
  files.delete('/turn.html')
  const policy = policyFor(publicUrl)
  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false
    const path = (req.url ?? '/').split('?')[0] ?? '/'
    const isPage = isScreen(path)
    const file = files.get(isPage ? '/index.html' : path)
    if (!file) return false
    sendFile(req, res, file, policy, isPage || path === '/index.html' ? 'no-store' : file.cache)
    return true
  }
}
