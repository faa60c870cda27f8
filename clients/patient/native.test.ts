import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const home = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

// Beneath the packages, where Expo looks for them.
let made = ''
beforeAll(() => {
  made = mkdtempSync(`${home}.build.native-`)
  for (const part of ['app.json', 'package.json', 'assets'])
    cpSync(`${home}${part}`, `${made}/${part}`, { recursive: true })
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${root}node_modules/expo/bin/cli`, 'prebuild', '--no-install'],
    {
      cwd: made,
      encoding: 'utf8',
      env: { ...process.env, CI: '1', EXPO_OFFLINE: '1', EXPO_NO_TELEMETRY: '1', EXPO_NO_GIT_STATUS: '1' },
    },
  )
  if (status !== 0) throw new Error(`expo prebuild failed:\n${stdout}${stderr}`)
}, 120_000)
afterAll(() => rmSync(made, { recursive: true, force: true }))

const read = (path: string) => readFileSync(`${made}/${path}`, 'utf8')

it('gives an Android project under the name of the app, which anteroom:// opens and which may show messages', () => {
  const manifest = read('android/app/src/main/AndroidManifest.xml')
  expect(manifest).toContain('android:scheme="anteroom"')
  expect(manifest).toContain('com.google.firebase.messaging.default_notification_channel_id')
  expect(read('android/app/build.gradle')).toContain("applicationId 'org.anteroom.patient'")
})

it('gives an iOS project under that name, which may get push messages', () => {
  expect(read('ios/Anteroom.xcodeproj/project.pbxproj')).toContain('PRODUCT_BUNDLE_IDENTIFIER = "org.anteroom.patient"')
  expect(read('ios/Anteroom/Info.plist')).toContain('<string>anteroom</string>')
  expect(read('ios/Anteroom/Anteroom.entitlements')).toContain('aps-environment')
})

it('leaves the list of packages as it is', () => {
  expect(read('package.json')).toBe(readFileSync(`${home}package.json`, 'utf8'))
})
