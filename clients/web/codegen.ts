import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generate } from '@graphql-codegen/cli'

/** Writes generated/ from schema.graphql and the documents beside the screens; with --check it only says whether they agree. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const isCheck = process.argv.includes('--check')

const made = (documents: string[], file: string) =>
  generate(
    {
      cwd: root,
      schema: 'schema.graphql',
      documents,
      silent: true,
      generates: {
        [file]: {
          plugins: ['typescript-operations', 'typed-document-node'],
          config: {
            documentMode: 'documentNodeImportFragments',
            useTypeImports: true,
            enumsAsTypes: true,
            avoidOptionals: { field: true },
            scalars: { DateTime: 'string', Date: 'string' },
            dedupeFragments: true,
            skipTypename: false,
          },
        },
      },
    },
    !isCheck,
  ) as Promise<{ filename: string; content: string }[]>

/** Names what a phone's kept data look like: another schema starts with an empty cache. */
const schemaHash = {
  filename: `${root}clients/patient/generated/schema-hash.ts`,
  content: `export const SCHEMA = '${createHash('sha256')
    .update(readFileSync(`${root}schema.graphql`))
    .digest('hex')
    .slice(0, 16)}'\n`,
}
if (!isCheck) writeFileSync(schemaHash.filename, schemaHash.content)

const files = [
  ...(await made(
    ['clients/web/**/*.graphql', '!clients/web/{admin,checkin}/**', '!clients/web/**/*.later.graphql'],
    'clients/web/generated/graphql.ts',
  )),
  // Apart, so that the board does not load what only dialogs, other screens and the practice ask.
  ...(await made(['clients/web/**/*.later.graphql'], 'clients/web/generated/later.ts')),
  ...(await made(['clients/web/admin/*.graphql'], 'clients/web/generated/admin.ts')),
  ...(await made(['clients/web/checkin/*.graphql'], 'clients/web/generated/checkin.ts')),
  ...(await made(['clients/patient/**/*.graphql'], 'clients/patient/generated/graphql.ts')),
  schemaHash,
]

if (isCheck)
  for (const { filename, content } of files)
    if (readFileSync(filename.startsWith('/') ? filename : `${root}${filename}`, 'utf8') !== content) {
      console.error(`${filename} does not fit schema.graphql and the documents: run npm run documents.`)
      process.exitCode = 1
    }
