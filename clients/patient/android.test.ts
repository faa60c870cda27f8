import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { exportApp, hashOfSources } from './export-app.ts'

const made = fileURLToPath(new URL('.build.android', import.meta.url))
const stamp = `${made}/.made-from`

// Half a minute of work, so only where the sources changed since.
beforeAll(() => {
  const wanted = hashOfSources()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made)
  exportApp('android', made)
  writeFileSync(stamp, wanted)
}, 300_000)

const bundles = () => globSync('_expo/static/js/android/*', { cwd: made }).filter((name) => !name.endsWith('.map'))

/** The first eight bytes of Hermes bytecode, whatever its version. */
const HERMES = Buffer.from('c61fbc03c103191f', 'hex')

it('is one bundle of Hermes bytecode for Android, of at most 3 MB', () => {
  expect(bundles()).toEqual([expect.stringMatching(/\.hbc$/)])
  const bundle = readFileSync(`${made}/${bundles()[0]}`)
  expect(bundle.subarray(0, HERMES.length)).toEqual(HERMES)
  expect(bundle.length).toBeLessThanOrEqual(3_000_000)
})

it('has the screens of the phone in it, and neither those of a browser nor those of tests', () => {
  const text = readFileSync(`${made}/${bundles()[0]}`, 'latin1')
  for (const part of [
    'anteroom://',
    'synchronous = FULL',
    'getDevicePushTokenAsync',
    'Leave the queue',
    'Salir de la cola',
  ])
    expect([part, text.includes(part)]).toEqual([part, true])
  for (const part of ['serviceWorker', 'token-of-this-phone'])
    expect([part, text.includes(part)]).toEqual([part, false])
})
