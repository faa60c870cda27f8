import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { chromiumPath } from '../../../api/test/browser.ts'
import { bundle } from './bundle.ts'

const HTML = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'

/** A Chromium with one page, whose processes end between any two instructions; its profile stays, as on a real desk. */
export const startKilledBrowser = async (page: string) => {
  const script = await bundle(page)
  let hear: (path: string, body: unknown) => void = () => {}
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      if (request.method === 'POST') {
        hear(request.url ?? '', JSON.parse(body))
        response.end()
      } else if (request.url === '/page.js') {
        response.setHeader('content-type', 'text/javascript').end(script)
        hear('/started', null)
      } else response.setHeader('content-type', 'text/html').end(HTML)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const profile = await mkdtemp(join(tmpdir(), 'anteroom-browser-'))
  let browser: ChildProcess | null = null

  /** The whole tree of processes that were started, at once; done when none of them is left to hold on to a file. */
  const kill = async () => {
    const group = browser?.pid
    if (!browser || !group) return
    const gone = once(browser, 'exit')
    process.kill(-group, 'SIGKILL')
    await gone
    browser = null
    const isLeft = () => {
      try {
        return process.kill(-group, 0)
      } catch {
        return false
      }
    }
    await expect.poll(isLeft, { timeout: 30_000, interval: 5 }).toBe(false)
  }

  return {
    profile,
    kill,
    /** Opens the page; `listener` gets what it posts, and `/started` when its script was fetched. */
    open: (listener: (path: string, body: unknown) => void) => {
      hear = listener
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      browser = spawn(
        chromiumPath as string,
        [
          ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
          ...['--disable-component-update', '--disable-sync', '--disable-quic', '--disable-crash-reporter'],
          ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, url],
        ],
        { stdio: 'ignore', detached: true },
      )
    },
    close: async () => {
      await kill()
      server.closeAllConnections()
      server.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
