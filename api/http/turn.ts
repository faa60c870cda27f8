import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Deps } from '../context.ts'
import { languageAsked, type Shown, shownWithout } from '../visit/shown.ts'
import { loadShown } from '../visit/store.ts'
import { policyFor, WEB_DIST } from './static.ts'

type RenderPage = (template: string, shown: Shown) => string

/** The build of clients/web/turn: the page's frame, and what fills it. */
const TEMPLATE = 'turn.html'
const RENDERER = 'turn-page.mjs'

const LINK = /^\/t\/([^/]+)\/?$/

/** Made anew for each reader, so packed quickly rather than tightly. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

const pack = (page: string, accepted: string): [string | null, Buffer] => {
  if (/\bbr\b/.test(accepted)) return ['br', brotliCompressSync(page, QUALITY)]
  if (/\bgzip\b/.test(accepted)) return ['gzip', gzipSync(page)]
  return [null, Buffer.from(page)]
}

/**
 * Serves the page behind the link in a message, with the visit already in it. The address is a secret of its reader: it is in no
 * cache, no log, no referrer and no search engine. Answers false for other addresses, and where nothing is built.
 */
export const createTurnPage = (
  { db, log, config }: Pick<Deps, 'db' | 'log' | 'config'>,
  folder: string = WEB_DIST,
): ((req: IncomingMessage, res: ServerResponse) => boolean) => {
  if (!existsSync(join(folder, TEMPLATE)) || !existsSync(join(folder, RENDERER))) return () => false
  const template = readFileSync(join(folder, TEMPLATE), 'utf8')
  const policy = policyFor(config.publicUrl)
  let renderer: Promise<{ renderPage: RenderPage }> | null = null

  const load = (link: string, asked: ReturnType<typeof languageAsked>): Promise<Shown> =>
    loadShown(db, link, asked).catch((error) => {
      log.warn({ err: error }, 'the page behind a link could not be filled')
      return shownWithout('away', asked)
    })

  const answer = async (link: string, req: IncomingMessage, res: ServerResponse): Promise<void> => {
    renderer ??= import(pathToFileURL(join(folder, RENDERER)).href)
    const { renderPage } = await renderer
    const chosen = new URL(req.url ?? '', 'http://localhost').searchParams.get('lang')
    const shown = await load(link, languageAsked(String(req.headers['accept-language'] ?? '')))
    const language = chosen === 'en' || chosen === 'es' ? chosen : shown.language
    const page = renderPage(template, { ...shown, language })
    const [encoding, body] = pack(page, String(req.headers['accept-encoding'] ?? ''))
    res.writeHead(shown.state === 'unknown' ? 404 : shown.state === 'away' ? 503 : 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      vary: 'accept-encoding, accept-language',
      ...(encoding ? { 'content-encoding': encoding } : {}),
    })
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  return (req, res) => {
    const [, link] = LINK.exec((req.url ?? '').split('?')[0] ?? '') ?? []
    if (!link || (req.method !== 'GET' && req.method !== 'HEAD')) return false
    answer(link, req, res).catch((error) => {
      log.error({ err: error }, 'the page behind a link could not be made')
      if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
      res.end()
    })
    return true
  }
}
