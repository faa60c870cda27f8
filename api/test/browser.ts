import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const places = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The installed Chromium, or null: tests that need it say so and skip; `.ci/run` installs it. */
export const chromiumPath = places.find((place) => place !== '' && existsSync(place)) ?? null

const options = {
  executablePath: chromiumPath as string,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export const launchBrowser = () => chromium.launch(options)

/** A browser whose storage lies in a folder and outlives it. */
export const openProfile = (folder: string) =>
  chromium.launchPersistentContext(folder, { ...options, viewport: { width: 1440, height: 900 }, locale: 'en-US' })
