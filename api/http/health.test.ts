import { expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../config.ts'
import { connect } from '../database/client.ts'
import { createTestDatabase } from '../test/database.ts'
import { createHealthServer } from './health.ts'

it('a process that only works says that it lives, and whether its database answers, and nothing else', async () => {
  const database = await createTestDatabase()
  const away = connect('postgresql://nobody@127.0.0.1:1/nothing')
  const config = { ...parseConfig({}), host: '127.0.0.1', port: 0 }
  const servers = await Promise.all([database.db, away].map((db) => createHealthServer({ config, db })))
  const [well, ill] = servers.map(({ port }) => async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return `${response.status} ${await response.text()}`
  })
  expect(await well?.('/healthz')).toBe('200 ok')
  expect(await well?.('/readyz')).toBe('200 ready')
  expect(await well?.('/graphql')).toBe('404 not found')
  expect(await ill?.('/healthz')).toBe('200 ok')
  expect(await ill?.('/readyz')).toBe('503 the database does not answer')
  for (const server of servers) await server.close()
  await away.$disconnect()
  await database.drop()
})

it.each([
  ['api+jobs', { api: true, jobs: true }],
  ['api', { api: true, jobs: false }],
  ['jobs', { api: false, jobs: true }],
])('WORK=%s divides the work', (WORK, work) => {
  expect(parseConfig({ WORK, DATABASE_URL: 'postgresql://localhost/anteroom' }).work).toEqual(work)
  if (WORK === 'api+jobs') expect(parseConfig({ WORK }).work).toEqual(work)
  else expect(() => parseConfig({ WORK })).toThrow(ConfigError)
})
