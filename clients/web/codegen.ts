import { readFileSync } from 'node:fs'
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

const files = [
  ...(await made(['clients/web/**/*.graphql', '!clients/web/admin/**'], 'clients/web/generated/graphql.ts')),
  // Apart, so that the board does not load what only the practice asks.
  ...(await made(['clients/web/admin/*.graphql'], 'clients/web/generated/admin.ts')),
]

if (isCheck)
  for (const { filename, content } of files)
    if (readFileSync(filename.startsWith('/') ? filename : `${root}${filename}`, 'utf8') !== content) {
      console.error(`${filename} does not fit schema.graphql and the documents: run npm run documents.`)
      process.exitCode = 1
    }
