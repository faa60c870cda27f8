import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generate } from '@graphql-codegen/cli'

/** Writes generated/ from schema.graphql and the documents beside the screens; with --check it only says whether they agree. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const isCheck = process.argv.includes('--check')

const files = (await generate(
  {
    cwd: root,
    schema: 'schema.graphql',
    documents: 'clients/web/**/*.graphql',
    silent: true,
    generates: {
      'clients/web/generated/graphql.ts': {
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
)) as { filename: string; content: string }[]

if (isCheck)
  for (const { filename, content } of files)
    if (readFileSync(filename.startsWith('/') ? filename : `${root}${filename}`, 'utf8') !== content) {
      console.error(`${filename} does not fit schema.graphql and the documents: run npm run documents.`)
      process.exitCode = 1
    }
