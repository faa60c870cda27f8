import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './schema.ts'

const path = new URL('../schema.graphql', import.meta.url)
const printed = `# Printed by \`npm run schema\` from the code-first schema; do not edit.\n\n${printSchema(lexicographicSortSchema(schema))}\n`

if (process.argv.includes('--check')) {
  if ((await readFile(path, 'utf8').catch(() => '')) !== printed) {
    console.error('schema.graphql is out of date: run `npm run schema` and commit it.')
    process.exitCode = 1
  }
} else await writeFile(path, printed)
