import { createHash } from 'node:crypto'
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
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { withFileLock } from './file-lock.ts'

// Whoever builds it, a test too: people get the small build.
process.env.NODE_ENV = 'production'

/** Builds the app where its sources changed since the last time, each file also as brotli and gzip. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const home = fileURLToPath(new URL('.', import.meta.url))
const dist = `${home}dist`
const stamp = `${dist}/.made-from`

const sources = globSync(
  [
    'clients/web/**/*',
    'clients/offline/**/*',
    'package-lock.json',
    'schema.graphql',
    'api/{queue,clinic,sync,patient}/*.ts',
  ],
  {
    cwd: root,
    exclude: ({ name }) => /^(node_modules|dist|proof|\.build.*)$/.test(name),
    withFileTypes: true,
  },
)
  .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .sort()
const hash = createHash('sha256')
for (const path of sources) hash.update(path.slice(root.length)).update(readFileSync(path))
const wanted = hash.digest('hex')

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
  console.error('Building the web app …')
  const made = mkdtempSync(`${home}.build-`)
  // Such folders are their maker's alone; the server may run as somebody else.
  chmodSync(made, 0o755)
  await build({ configFile: `${home}vite.config.ts`, logLevel: 'warn', build: { outDir: made, emptyOutDir: true } })
  const turn = `${home}turn/vite.config.ts`
  await build({ configFile: turn, logLevel: 'warn', build: { outDir: made } })
  await build({ configFile: turn, logLevel: 'warn', build: { outDir: made, ssr: true } })
  compress(made)
  writeFileSync(`${made}/.made-from`, wanted)
  const old = mkdtempSync(`${home}.build-old-`)
  if (existsSync(dist)) renameSync(dist, `${old}/dist`)
  renameSync(made, dist)
  rmSync(old, { recursive: true, force: true })
}

if (!isBuilt())
  await withFileLock(`${home}.build.lock`, async () => {
    if (!isBuilt()) await buildAnew()
  })
