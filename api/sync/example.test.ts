import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { startTestServer } from '../test/server.ts'

const page = readFileSync(new URL('../../docs/sync.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

it('the example of docs/sync.md runs over HTTP as it stands there', async () => {
  const server = await startTestServer()
  onTestFinished(server.close)
  const token = await server.login('reception')
  const [query = ''] = blocks('graphql')
  const [input = '', answer = '', again = ''] = blocks('json')
  const { data: me } = await server.request('{ me { ... on User { clinic { services { id } } } } }', {}, token)
  let cursor: string | null = null
  for (let more = true; more; ) {
    const { data } = await server.request(
      'query($cursor: String) { changes(cursor: $cursor) { cursor hasMore } }',
      { cursor },
      token,
    )
    cursor = data.changes.cursor
    more = data.changes.hasMore
  }
  const variables = JSON.parse(
    input.replace('"SERVICE"', JSON.stringify(me.me.clinic.services[0].id)).replace('"CURSOR"', JSON.stringify(cursor)),
  )
  const first = await server.request(query, variables, token)
  expect(first.errors).toBeUndefined()
  expect(first.data).toEqual(JSON.parse(answer))
  expect((await server.request(query, variables, token)).data).toEqual(JSON.parse(again))
  const old = { input: { ...variables.input, cursor: 'unknown' } }
  const expired = await server.request(query, old, token)
  expect(expired.errors).toMatchObject([{ path: ['sync', 'changes'], extensions: { code: 'CURSOR_EXPIRED' } }])
  expect(expired.data.sync).toMatchObject({ nextSeq: 4, changes: null })
})
