import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What lint says of this text in this file; only what concerns rules. */
const lint = (file: string, text: string): string[] => {
  const biome = fileURLToPath(new URL('../node_modules/@biomejs/biome/bin/biome', import.meta.url))
  const args = [biome, 'lint', `--stdin-file-path=${file}`, '--reporter=github', '--diagnostic-level=error']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, input: text, encoding: 'utf8' })
  return [...`${stdout}${stderr}`.matchAll(/A rule (imports|takes)/g)].map(([, verb = '']) => verb)
}

it.each([
  `export const now = () => Date.now()`,
  `export const now = () => new Date()`,
  `export const clock = { now: Date.now }`,
  `export const chance = () => Math.random()`,
  `export const id = () => crypto.randomUUID()`,
])('lint refuses a rule that reaches for the clock or chance: %s', (text) => {
  expect(lint('api/queue/planted.ts', text)).toEqual(['takes'])
})

it.each([
  `import { connect } from '../database/client.ts'\nconnect('')`,
  `import type { Tx } from '../database/client.ts'\nexport type Place = Tx`,
  `import { randomUUID } from 'node:crypto'\nrandomUUID()`,
  `import pg from 'pg'\npg.Client`,
  `import { entryById } from './store.ts'\nentryById`,
  `export { entryById } from './store.ts'`,
  `export const later = () => import('node:fs')`,
])('lint refuses a rule that imports what does I/O: %s', (text) => {
  expect(lint('api/queue/planted.ts', text)).toEqual(['imports'])
})

it.each([
  [
    'api/queue/planted.ts',
    `import type { QueueStatus } from '../database/generated/enums.ts'\nexport type Status = QueueStatus`,
  ],
  ['api/queue/planted.ts', `import { slots } from '../appointment/slots.ts'\nexport const first = slots`],
  ['api/queue/planted.ts', `export const at = (text: string) => new Date(text)`],
  ['api/queue/store.ts', `import { randomUUID } from 'node:crypto'\nrandomUUID()\nDate.now()`],
  ['api/queue/planted.test.ts', `import { randomUUID } from 'node:crypto'\nrandomUUID()\nDate.now()`],
  ['api/planted.ts', `import { randomUUID } from 'node:crypto'\nrandomUUID()\nDate.now()`],
])('lint lets pass, in %s: %s', (file, text) => {
  expect(lint(file, text)).toEqual([])
})
