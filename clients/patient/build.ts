import {
  chmodSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { constants as osConstants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { generateSW } from 'workbox-build'
import { withFileLock } from '../web/file-lock.ts'
import { exportApp, hashOfSources } from './export-app.ts'

/** Builds what is served at /patient where its sources changed since the last time, each file also as brotli and gzip. */
const home = fileURLToPath(new URL('.', import.meta.url))
const dist = `${home}dist`
const stamp = `${dist}/.made-from`

const wanted = hashOfSources()

const isBuilt = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

const compress = (folder: string) => {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
  for (const entry of globSync('**/*.{js,css,html,svg,webmanifest}', { cwd: folder })) {
    const content = readFileSync(`${folder}/${entry}`)
    writeFileSync(`${folder}/${entry}.br`, brotliCompressSync(content, quality))
    writeFileSync(`${folder}/${entry}.gz`, gzipSync(content, { level: 9 }))
  }
}

/** Into a folder of its own, which then takes the place of the present one: nobody ever reads half a build. */
const buildAnew = async () => {
  for (const left of readdirSync(home).filter((name) => name.startsWith('.build-')))
    rmSync(`${home}${left}`, { recursive: true, force: true })
  console.error("Building the patient's app …")
  const made = mkdtempSync(`${home}.build-`)
  // Such folders are their maker's alone; the server may run as somebody else.
  chmodSync(made, 0o755)
  exportApp('web', made)
  for (const file of ['metadata.json', 'favicon.ico']) rmSync(`${made}/${file}`, { force: true })
  // What the app needs to open without a network; the names of its scripts change with their content.
  await generateSW({
    globDirectory: made,
    globPatterns: ['**/*.{js,html,png,webmanifest}'],
    swDest: `${made}/sw.js`,
    navigateFallback: '/patient/index.html',
    modifyURLPrefix: { '': '/patient/' },
    dontCacheBustURLsMatching: /\/_expo\//,
    maximumFileSizeToCacheInBytes: 8_000_000,
    clientsClaim: true,
    skipWaiting: true,
    sourcemap: false,
    inlineWorkboxRuntime: true,
    mode: 'production',
  })
  compress(made)
  writeFileSync(`${made}/.made-from`, wanted)
  const old = mkdtempSync(`${home}.build-old-`)
  if (existsSync(dist)) renameSync(dist, `${old}/dist`)
  renameSync(made, dist)
  rmSync(old, { recursive: true, force: true })
}

if (!isBuilt()) {
  // Whoever works at this machine goes first.
  setPriority(osConstants.priority.PRIORITY_BELOW_NORMAL)
  await withFileLock(`${home}.build.lock`, async () => {
    if (!isBuilt()) await buildAnew()
  })
}
