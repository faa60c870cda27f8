import { readFileSync, writeFileSync } from 'node:fs'
import { SCHEMA_FILE } from './migrations-list.ts'

const INTRO = `# The tables

Printed from prisma/schema.prisma by \`npm run erd\`; do not edit. Columns marked PK are the key, FK refer to another table, UK are unique.
What a diagram cannot show (that a doctor's appointments never overlap, that nobody waits twice in one queue, that the audit log
only grows …) stands as constraints and triggers in prisma/migrations, each with its reason.

`

type Field = { name: string; type: string; optional: boolean; list: boolean; attributes: string; comment: string }
type Model = { name: string; table: string; comment: string; fields: Field[]; keys: string[]; uniques: string[] }

const columnTypes: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Boolean: 'boolean',
  Json: 'jsonb',
}

const argument = (pattern: RegExp, text: string): string | undefined => pattern.exec(text)?.[1]
const columns = (list: string | undefined): string[] => (list ?? '').split(',').map((name) => name.trim())

/** The models of a Prisma schema, as far as a diagram shows them. */
const readModels = (schema: string): Model[] =>
  [...schema.matchAll(/((?:^\/\/\/.*\n)*)^model (\w+) \{\n([\s\S]*?)^\}/gm)].map(
    ([, comment = '', name = '', body = '']) => {
      const fields: Field[] = []
      let said = ''
      for (const line of body.split('\n').map((text) => text.trim())) {
        const field = /^(\w+)\s+(\w+)(\[\]|\?)?\s*(.*)$/.exec(line)
        if (line.startsWith('///')) said += ` ${line.slice(3).trim()}`
        if (!field) continue
        const [, fieldName = '', type = '', arity, attributes = ''] = field
        const list = arity === '[]'
        fields.push({ name: fieldName, type, optional: arity === '?', list, attributes, comment: said.trim() })
        said = ''
      }
      return {
        name,
        table: argument(/@@map\("(\w+)"\)/, body) ?? name,
        comment: comment
          .replace(/^\/\/\/ ?/gm, '')
          .trim()
          .replaceAll('\n', ' '),
        fields,
        keys: columns(argument(/@@id\(\[([^\]]+)\]/, body)),
        uniques: [...body.matchAll(/@@unique\(\[(\w+)\]/g)].map(([, column = '']) => column),
      }
    },
  )

const columnName = (field: Field): string => argument(/@map\("(\w+)"\)/, field.attributes) ?? field.name

/** The entity-relationship diagram of a Prisma schema in Mermaid. */
export const diagram = (schema: string): string => {
  const models = readModels(schema)
  const tablesByModel = new Map(models.map(({ name, table }) => [name, table]))
  const relations: string[] = []
  const entities = models.map((model) => {
    const references = new Set<string>()
    for (const field of model.fields) {
      const [from] = columns(argument(/fields: \[([^\]]+)\]/, field.attributes))
      const holder = model.fields.find(({ name }) => name === from)
      if (!holder) continue
      references.add(holder.name)
      const one = holder.attributes.includes('@unique') || holder.attributes.includes('@id')
      const left = field.optional ? '|o' : '||'
      relations.push(
        `  ${tablesByModel.get(field.type)} ${left}--${one ? 'o|' : 'o{'} ${model.table} : ${columnName(holder)}`,
      )
    }
    const rows = model.fields
      .filter(({ type }) => !tablesByModel.has(type))
      .map((field) => {
        const marks = [
          ...(/@id\b/.test(field.attributes) || model.keys.includes(field.name) ? ['PK'] : []),
          ...(references.has(field.name) ? ['FK'] : []),
          ...(/@unique\b/.test(field.attributes) || model.uniques.includes(field.name) ? ['UK'] : []),
        ].join(', ')
        const native = argument(/@db\.(\w+)/, field.attributes)?.toLowerCase()
        const type = `${native ?? columnTypes[field.type] ?? field.type}${field.list ? '[]' : ''}`
        // A semicolon ends a statement of Mermaid even between quotes.
        const comment = [field.optional ? 'optional' : '', field.comment]
          .filter(Boolean)
          .join(': ')
          .replaceAll('"', "'")
          .replaceAll(';', ',')
        return `    ${[type, columnName(field), marks, comment && `"${comment}"`].filter(Boolean).join(' ')}`
      })
    return `  ${model.table} {\n${rows.join('\n')}\n  }`
  })
  return `erDiagram\n${[...relations, ...entities].join('\n')}\n`
}

const describe = (schema: string): string =>
  readModels(schema)
    .filter(({ comment }) => comment)
    .map(({ table, comment }) => `- **${table}**: ${comment}`)
    .join('\n')

/** docs/database.md for this schema. */
export const databasePage = (schema: string): string =>
  `${INTRO}${describe(schema)}\n\n\`\`\`mermaid\n${diagram(schema)}\`\`\`\n`

if (import.meta.main) {
  const file = new URL('../../docs/database.md', import.meta.url)
  const page = databasePage(readFileSync(SCHEMA_FILE, 'utf8'))
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/database.md is out of date: run `npm run erd` and commit it.')
    process.exitCode = 1
  }
}
