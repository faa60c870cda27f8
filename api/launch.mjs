// The beginning of every npm script, on whatever Node the machine has: sees to it that what is needed is installed and
// generated, then goes on under the project's own Node. `node api/launch.mjs` alone only prepares; `--with-env` reads .env.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './launch-parent.mjs'
import { lackingPackages } from './launch-packages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const ownNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

const stop = (message) => {
  console.error(message)
  process.exit(1)
}

const env = {
  ...process.env,
  PATH: [bin, process.env.PATH].join(delimiter),
  // Prisma would download programs that are not used here; any existing file stands in for them.
  PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY || join(root, 'package.json'),
}

const run = (command, args) =>
  spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })

const runsOwnNode = () => {
  const { stdout } = spawnSync(ownNode, ['--version'], { encoding: 'utf8' })
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8'))
  return String(stdout).trim() === `v${version}`
}

const install = () => {
  const lacking = lackingPackages(root)
  if (lacking.length > 0) {
    console.error(
      lacking.length === 1
        ? `Installing ${lacking[0]} …`
        : `Installing ${lacking.length} packages from the npm registry; the first time takes a minute …`,
    )
    const { status } = run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
    if (status !== 0)
      stop('The packages could not be installed; npm says above why. Anteroom needs the npm registry for this once.')
  }
  // Where install scripts are not allowed to run, this one is run by hand: it fetches Node itself.
  if (!runsOwnNode())
    spawnSync(process.execPath, ['installArchSpecificPackage'], {
      cwd: join(root, 'node_modules', 'node'),
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  if (!runsOwnNode()) stop(`The Node that Anteroom runs on could not be installed at ${ownNode}.`)
}

const generate = () => {
  const hash = createHash('sha256')
  for (const file of ['prisma/schema.prisma', 'node_modules/prisma/package.json'])
    hash.update(readFileSync(join(root, file)))
  const wanted = hash.digest('hex')
  const stamp = join(root, 'api/database/generated/.made-from')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const made = spawnSync(ownNode, [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--no-hints'], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  if (made.status !== 0)
    stop(`The database client could not be generated from prisma/schema.prisma:\n${made.stdout}${made.stderr}`)
  writeFileSync(stamp, wanted)
}

/** The web app, where its sources are newer than its build and the tools to build it are there. */
const buildWeb = () => {
  if (!existsSync(join(root, 'node_modules/vite/package.json'))) {
    if (!existsSync(join(root, 'clients/web/dist/index.html')))
      console.error('The web app is not built and is not served: building it takes npm install --include=dev.')
    return
  }
  if (run(ownNode, [join(root, 'clients/web/build.ts')]).status !== 0)
    stop('The web app could not be built; the lines above say why.')
}

/** Becomes the program where this Node can do so; otherwise stands before it and hands signals on. */
const goOn = (args) => {
  const flags = ['--import', new URL('launch-parent.mjs', import.meta.url).href, ...args]
  if (process.execve && process.platform !== 'win32') process.execve(ownNode, [ownNode, ...flags], env)
  const child = spawn(ownNode, flags, { env, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

if (Number(process.versions.node.split('.')[0]) < 20)
  stop(
    `Anteroom needs Node 20 or newer to begin (it then brings its own), and this is Node ${process.versions.node}. See https://nodejs.org.`,
  )
install()
generate()
const args = process.argv.slice(2)
if (args.includes('api/main.ts')) buildWeb()
if (args[0] === '--with-env')
  args.splice(0, 1, ...(existsSync(join(root, '.env')) ? [`--env-file=${join(root, '.env')}`] : []))
if (args.length > 0) goOn(args)
