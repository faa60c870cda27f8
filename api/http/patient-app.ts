import { existsSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type File, policyFor, readFiles, sendFile } from './static.ts'

/** Where the web build of clients/patient lies. */
export const PATIENT_DIST = fileURLToPath(new URL('../../clients/patient/dist', import.meta.url))
/** Written last by whoever builds it. */
const STAMP = '.made-from'

const BASE = /^\/patient(\/.*)?$/

const AGAIN_SECONDS = 5

/** Shown between the first start and the end of the first build. */
const preparing = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="refresh" content="${AGAIN_SECONDS}" />
    <meta name="color-scheme" content="light dark" />
    <title>Anteroom</title>
    <style>body { max-width: 34rem; margin: 3rem auto; padding: 0 1.25rem; font: 1.25rem/1.4 system-ui, sans-serif; }</style>
  </head>
  <body>
    <h1>One moment</h1>
    <p>The app is being prepared for its first use. This page reloads by itself.</p>
    <p lang="es">La aplicación se está preparando para su primer uso. Esta página se recarga sola.</p>
  </body>
</html>
`

const sizeAndTime = (path: string): string => {
  const { mtimeMs, size } = statSync(path)
  return `${mtimeMs} ${size}`
}

/**
 * Serves the patient's app at /patient; its screens are all one page. The server may be up before it is built: until then a page
 * says so and comes again. A newer build is noticed when the page is asked for.
 */
export const createPatientApp = (
  publicUrl: string,
  folder: string = PATIENT_DIST,
): ((req: IncomingMessage, res: ServerResponse) => boolean) => {
  const policy = policyFor(publicUrl)
  let files = new Map<string, File>()
  let made = ''

  const renew = () => {
    const stamp = join(folder, STAMP)
    if (!existsSync(stamp)) return
    const present = sizeAndTime(stamp) + readFileSync(stamp, 'utf8')
    if (present === made) return
    const last = files
    // Pages that are still open ask for the files of the build before.
    files = new Map([...[...last].filter(([path]) => path.startsWith('/_expo/')), ...readFiles(folder)])
    made = present
  }

  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false
    const address = BASE.exec((req.url ?? '/').split('?')[0] ?? '/')
    if (!address) return false
    const path = address[1] ?? '/'
    const isPage = extname(path) === '' || path === '/index.html'
    if (isPage || files.size === 0) renew()
    const file = files.get(isPage ? '/index.html' : path)
    if (file) {
      if (path === '/sw.js') res.setHeader('service-worker-allowed', '/patient')
      sendFile(req, res, file, policy, isPage ? 'no-store' : file.cache)
      return true
    }
    if (!isPage) return false
    res.writeHead(503, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(preparing),
      'cache-control': 'no-store',
      'retry-after': String(AGAIN_SECONDS),
      'content-security-policy': policy,
    })
    res.end(req.method === 'HEAD' ? undefined : preparing)
    return true
  }
}
