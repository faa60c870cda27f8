import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lackingPackages } from './launch-packages.mjs'

describe('what is lacking', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'anteroom-launch-'))
    mkdirSync(join(root, 'node_modules'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const wanted = {
    '': { name: 'anteroom' },
    api: { version: '1.0.0' },
    'node_modules/@anteroom/api': { resolved: 'api', link: true },
    'node_modules/pg': { version: '8.0.0' },
    'node_modules/pg/node_modules/deep': { version: '2.0.0' },
    'node_modules/only-on-a-mac': { version: '3.0.0', optional: true },
  }
  const write = (file: string, packages: object) => writeFileSync(join(root, file), JSON.stringify({ packages }))

  it.each<[situation: string, installed: object | null, lacking: string[]]>([
    ['nothing installed', null, ['@anteroom/api', 'pg', 'deep']],
    ['all installed but what is for another machine', { ...wanted, 'node_modules/only-on-a-mac': undefined }, []],
    ['an older version', { ...wanted, 'node_modules/pg': { version: '7.0.0' } }, ['pg']],
    [
      'a version of its own for one package lacking',
      { ...wanted, 'node_modules/pg/node_modules/deep': undefined },
      ['deep'],
    ],
    ['more than is wanted', { ...wanted, 'node_modules/more': { version: '1.0.0' } }, []],
  ])('%s', (_situation, installed, lacking) => {
    write('package-lock.json', wanted)
    if (installed) write('node_modules/.package-lock.json', installed)
    expect(lackingPackages(root)).toEqual(lacking)
  })
})

const launch = fileURLToPath(new URL('launch.mjs', import.meta.url))

it("goes on under the project's own Node and hands its exit status on", () => {
  const { stdout, status } = spawnSync(
    process.execPath,
    [launch, '--eval', 'console.log(process.version); process.exit(7)'],
    { encoding: 'utf8' },
  )
  expect(stdout.trim()).toBe(process.version)
  expect(status).toBe(7)
})

it.each([true, false])(
  'hands a signal on once, whether this Node can become another program: %s',
  async (canBecome) => {
    const program = `process.on('SIGTERM', () => { console.log('told'); setTimeout(() => process.exit(3), 50) }); console.log('ready'); setInterval(() => {}, 1000)`
    const older = canBecome ? [] : ['--import', 'data:text/javascript,process.execve=undefined']
    const child = spawn(process.execPath, [...older, launch, '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said === 'ready\n') child.kill('SIGTERM')
    })
    expect(await once(child, 'exit')).toEqual([3, null])
    expect(said).toBe('ready\ntold\n')
  },
)

it('ends with the shell that npm started it in', async () => {
  const program = `process.on('SIGTERM', () => { console.log('told'); process.exit(0) }); console.log('ready'); setInterval(() => {}, 1000)`
  const command = `"${process.execPath}" "${launch}" --eval "${program}"; true`
  const shell = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  })
  let said = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said === 'ready\n') shell.kill('SIGKILL')
  })
  await once(shell.stdout, 'end')
  expect(said).toBe('ready\ntold\n')
})
