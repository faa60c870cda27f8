import { readFile, writeFile } from 'node:fs/promises'
import { refusals } from './errors.ts'

const path = new URL('../docs/errors.md', import.meta.url)
const [begin, end] = ['<!-- printed by `npm run errors` -->\n', '<!-- to here -->']

const table = `| code | what it says |\n|---|---|\n${Object.entries(refusals)
  .map(([code, sentence]) => `| \`${code}\` | ${sentence} |\n`)
  .join('')}`

const page = await readFile(path, 'utf8')
const [before, rest] = page.split(begin)
const after = rest?.split(end)[1]
if (after === undefined)
  throw new Error(`docs/errors.md lacks the lines between which the table stands: ${begin}${end}`)
const printed = `${before}${begin}${table}${end}${after}`

if (process.argv.includes('--check')) {
  if (page !== printed) {
    console.error('docs/errors.md is out of date: run `npm run errors` and commit it.')
    process.exitCode = 1
  }
} else await writeFile(path, printed)
