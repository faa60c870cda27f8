import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { refusals } from './errors.ts'
import { startTestServer, type TestServer } from './test/server.ts'

const api = fileURLToPath(new URL('.', import.meta.url))
const codes = Object.keys(refusals)

/** The server's own source: what can send a code to a client. */
const sources = globSync('**/*.ts', { cwd: api })
  .filter((file) => !/\.test\.ts$|^(test|replay|prove|demo|database\/generated)\/|^errors\.ts$/.test(file))
  .map((file) => [file, readFileSync(`${api}/${file}`, 'utf8')] as const)

test('docs/errors.md has the table of all codes as it is', () => {
  const print = () => execFileSync(process.execPath, [`${api}/print-errors.ts`, '--check'], { stdio: 'pipe' })
  expect(print).not.toThrow()
})

test('every code is sent by something', () => {
  // These two come from GraphQL Yoga; the requests below meet them.
  const elsewhere = ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']
  const unused = codes.filter((code) => !sources.some(([, text]) => text.includes(`'${code}'`)))
  expect(unused).toEqual(elsewhere)
})

test('no code is sent that the table does not have', () => {
  // A Refusal's code is held to the table by its type; these are written by hand.
  const byHand = sources.filter(([file]) => file.startsWith('http/') || file === 'server.ts')
  const sent = byHand.flatMap(([, text]) =>
    [...text.matchAll(/(?:code: |refuse\(\d+, )'([A-Z_]+)'/g)].map(([, code]) => code),
  )
  expect(sent.length).toBeGreaterThan(5)
  expect(sent.filter((code) => !codes.includes(code as string))).toEqual([])
})

describe('over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ demo: false })
  })
  afterAll(() => server.close())

  const json = { 'content-type': 'application/json' }
  const post = (body: unknown, headers: Record<string, string> = json): RequestInit => ({
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const get = (query: string): [string, RequestInit] => [
    `?query=${encodeURIComponent(query)}`,
    { headers: { accept: 'application/json' } },
  ]

  test.each<[string, [string, RequestInit], string]>([
    ['a document that is not GraphQL', ['', post({ query: '{' })], 'GRAPHQL_PARSE_FAILED'],
    ['a document that does not fit the schema', ['', post({ query: '{ nothing }' })], 'GRAPHQL_VALIDATION_FAILED'],
    ['a body that is not JSON', ['', post('{')], 'BAD_INPUT'],
    ['a body that is empty', ['', post('')], 'BAD_INPUT'],
    ['a body that is a list', ['', post([{ query: '{ me { __typename } }' }])], 'BAD_INPUT'],
    ['a body without a query', ['', post({})], 'BAD_INPUT'],
    ['a query that is no text', ['', post({ query: 1 })], 'BAD_INPUT'],
    ['variables that are no object', ['', post({ query: '{ me { __typename } }', variables: 'x' })], 'BAD_INPUT'],
    [
      'an operation that is not there',
      ['', post({ query: 'query A { me { __typename } }', operationName: 'B' })],
      'BAD_INPUT',
    ],
    [
      'two operations and no name',
      ['', post({ query: 'query A { me { __typename } } query B { me { __typename } }' })],
      'BAD_INPUT',
    ],
    ['a mutation by GET', get('mutation { logout }'), 'BAD_INPUT'],
    [
      'a subscription',
      ['', post({ query: 'subscription { displayUpdated(clinicId: "x") { version } }' })],
      'BAD_INPUT',
    ],
  ])('%s gets a code of the table', async (_name, [path, init], code) => {
    const response = await fetch(`${server.origin}/graphql${path}`, init)
    const { errors } = (await response.json()) as { errors: { extensions?: { code?: string } }[] }
    expect(errors.map((error) => error.extensions?.code)).toEqual([code])
  })

  test('an unexpected error is masked, and the log has it under the id that the caller sees', async () => {
    const logged = vi.spyOn(server.deps.log, 'error')
    const broken = vi.spyOn(server.deps.db.clinic, 'findMany').mockRejectedValue(new Error('a secret of the inside'))
    const answer = await server.request('{ me { __typename } clinics { id } }')
    broken.mockRestore()
    expect(JSON.stringify(answer)).not.toContain('secret')
    expect(answer.errors).toMatchObject([
      { path: ['clinics'], extensions: { code: 'INTERNAL', id: expect.any(String) } },
    ])
    const [error] = answer.errors ?? []
    const id = error?.extensions.id as string
    expect(error?.message).toContain(id)
    expect(logged.mock.calls).toMatchObject([[{ id, err: { message: 'a secret of the inside' } }, expect.any(String)]])
    logged.mockRestore()
  })

  test('a database that is away is said to be away', async () => {
    const away = Object.assign(new Error('Connection terminated unexpectedly'), { code: 'P1017' })
    const broken = vi.spyOn(server.deps.db.clinic, 'findMany').mockRejectedValue(away)
    const answer = await server.request('{ clinics { id } }')
    broken.mockRestore()
    expect(answer.errors).toMatchObject([{ message: refusals.UNAVAILABLE, extensions: { code: 'UNAVAILABLE' } }])
  })
})
