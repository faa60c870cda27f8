import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const impure = [
  `export const now = () => Date.now()`,
  `export const now = () => new Date()`,
  `export const clock = { now: Date.now }`,
  `export const chance = () => Math.random()`,
  `export const id = () => crypto.randomUUID()`,
  `import { connect } from '../database/client.ts'\nconnect('')`,
  `import type { Tx } from '../database/client.ts'\nexport type Place = Tx`,
  `import { randomUUID } from 'node:crypto'\nrandomUUID()`,
  `import pg from 'pg'\npg.Client`,
  `import { entryById } from './store.ts'\nentryById`,
  `export { entryById } from './store.ts'`,
  `export const later = () => import('node:fs')`,
]

const pure = {
  'api/queue/status.ts': `import type { QueueStatus } from '../database/generated/enums.ts'\nexport type Status = QueueStatus`,
  'api/queue/order.ts': `import { slots } from '../appointment/slots.ts'\nexport const first = slots`,
  'api/queue/at.ts': `export const at = (text: string) => new Date(text)`,
  'api/queue/store.ts': impure.slice(7).join('\n'),
  'api/queue/order.test.ts': impure.join('\n'),
  'api/server.ts': impure.join('\n'),
}

it('lint finds every rule that reaches for the clock, chance or the database, and only those', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-lint-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as { plugins: unknown }
  const planted = Object.fromEntries(impure.map((text, index) => [`api/queue/planted-${index}.ts`, text]))
  const files = {
    ...planted,
    ...pure,
    'biome.json': JSON.stringify({ plugins: config.plugins, linter: { rules: { preset: 'none' } } }),
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  cpSync(join(root, 'api/pure-rules.grit'), join(folder, 'api/pure-rules.grit'))
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '.']
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const found = new Set([...stdout.matchAll(/file=(\S+?),.*::A rule (?:imports|takes)/g)].map(([, file = '']) => file))
  expect([...found].map((file) => file.replace(/^.*(?=api\/)/, '')).sort()).toEqual(Object.keys(planted).sort())
  expect(status).toBe(1)
})
