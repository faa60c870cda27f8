import { spawnSync } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type Server } from './server.ts'
import { createTestDeps, type TestDeps } from './test/context.ts'
import { createTestDatabase, type TestDatabase } from './test/database.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.runIf(hasOpenssl)(`HTTPS by ourselves${hasOpenssl ? '' : ' (skipped: openssl is not installed)'}`, () => {
  let database: TestDatabase
  let deps: TestDeps
  let server: Server

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'anteroom-tls-'))
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile],
    ])
    expect(made.status).toBe(0)
    database = await createTestDatabase()
    deps = createTestDeps(database)
    Object.assign(deps.config, { port: 0, tls: { certFile, keyFile }, publicUrl: 'https://localhost' })
    server = await createServer(deps)
  })
  afterAll(async () => {
    await server.close()
    await deps.close()
    await database.drop()
  })

  it('answers, and tells browsers to stay with HTTPS', async () => {
    const answer = await new Promise<{ status?: number; sts?: string | string[] }>((resolve, reject) => {
      request({ host: '127.0.0.1', port: server.port, path: '/readyz', rejectUnauthorized: false }, (response) => {
        response.resume()
        resolve({
          status: response.statusCode,
          sts: response.headers['strict-transport-security'],
        } as { status?: number; sts?: string })
      })
        .on('error', reject)
        .end()
    })
    expect(answer).toEqual({ status: 200, sts: 'max-age=31536000' })
  })
})
