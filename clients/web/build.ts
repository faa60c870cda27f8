import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'

// Whoever builds it, a test too: people get the small build.
process.env.NODE_ENV = 'production'

/** Builds the app where its sources changed since the last time, each file also as brotli and gzip. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = fileURLToPath(new URL('dist', import.meta.url))
const stamp = `${dist}/.made-from`

const sources = globSync(
  ['clients/web/**/*', 'clients/offline/**/*', 'package-lock.json', 'api/{queue,clinic,sync}/*.ts'],
  {
    cwd: root,
    exclude: ({ name }) => ['node_modules', 'dist', 'proof'].includes(name) || /\.test\.tsx?$/.test(name),
    withFileTypes: true,
  },
)
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .sort()
const hash = createHash('sha256')
for (const path of sources) hash.update(path.slice(root.length)).update(readFileSync(path))
const wanted = hash.digest('hex')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('Building the web app …')
  await build({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)), logLevel: 'warn' })
  for (const entry of globSync('**/*.{js,css,html,svg,webmanifest}', { cwd: dist })) {
    const content = readFileSync(`${dist}/${entry}`)
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
    writeFileSync(`${dist}/${entry}.br`, brotliCompressSync(content, quality))
    writeFileSync(`${dist}/${entry}.gz`, gzipSync(content, { level: 9 }))
  }
  writeFileSync(stamp, wanted)
}
