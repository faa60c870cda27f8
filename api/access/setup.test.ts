import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContext, createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { loginStaff } from './commands.ts'
import { createSetupLink, handleSetup } from './setup.ts'
import { tokenHash } from './tokens.ts'

let database: TestDatabase
let deps: TestDeps

beforeEach(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
})

afterEach(async () => {
  await deps.close()
  await database.drop()
})

const FORM = {
  clinicName: 'St. Mary <West>',
  timeZone: 'Europe/Berlin',
  name: "Ann O'Neill",
  username: 'Ann',
  password: 'a good password',
}

const link = async (): Promise<string> => (await createSetupLink(deps.db, 'http://localhost:4000')) as string

const look = (url: string) => handleSetup(deps, new Request(url), '127.0.0.1')

const send = (url: string, form: Record<string, string> = FORM) =>
  handleSetup(deps, new Request(url, { method: 'POST', body: new URLSearchParams(form) }), '127.0.0.1')

describe('the setup link', () => {
  it('shows a form and makes the clinic with an admin who can log in', async () => {
    const url = await link()
    const form = await look(url)
    expect(form.status).toBe(200)
    expect(form.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await form.text()
    expect(page).not.toMatch(/<script|https?:\/\/|src=/)
    const done = await send(url)
    expect(done.status).toBe(201)
    const session = await loginStaff(await createContext(deps), { username: 'ann', password: FORM.password })
    expect(session.viewer).toMatchObject({ kind: 'user', role: 'ADMIN' })
    expect(await deps.db.clinic.findMany()).toMatchObject([{ name: FORM.clinicName, timeZone: 'Europe/Berlin' }])
    expect((await deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map((row) => row.action)).toEqual([
      'clinic.created',
      'user.created',
    ])
    expect((await look(url)).status).toBe(410)
    expect(await createSetupLink(deps.db, 'http://localhost:4000')).toBeNull()
  })

  it('works once, however many send it at once', async () => {
    const url = await link()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(url, { ...FORM, username: `ann${index}` })),
    )
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 410)).toHaveLength(19)
    expect([await deps.db.user.count(), await deps.db.clinic.count()]).toEqual([1, 1])
  })

  it('is voided by a new one, and ends after 24 hours; an unknown one never was', async () => {
    const [old, fresh] = [await link(), await link()]
    expect([(await look(old)).status, (await send(old)).status]).toEqual([410, 410])
    expect((await look(fresh)).status).toBe(200)
    await deps.db.$executeRaw`
      UPDATE setup_links SET expires_at = expires_at - interval '24 hours' WHERE hash = ${tokenHash(fresh.split('/').at(-1) as string)}`
    expect((await send(fresh)).status).toBe(410)
    expect((await look('http://localhost:4000/setup/made-up')).status).toBe(404)
    expect(await deps.db.user.count()).toBe(0)
  })

  it('says what is wrong, keeps what was typed, and never writes the password back', async () => {
    const url = await link()
    const bad = { clinicName: '  ', timeZone: 'Mars/Olympus', name: '"><script>', username: 'a b', password: 'short7!' }
    const answer = await send(url, bad)
    const page = await answer.text()
    expect(answer.status).toBe(422)
    expect(page.match(/class="problem" id=/g)).toHaveLength(4)
    expect(page).toContain('value="a b"')
    expect(page).toContain('value="&quot;&gt;&lt;script&gt;"')
    expect(page).not.toContain('short7!')
    expect((await send(url)).status).toBe(201)
  })

  it('speaks the language of the browser, or the one chosen on the page, to the end', async () => {
    const url = await link()
    const spanish = { 'accept-language': 'de, es-MX;q=0.8, en;q=0.5' }
    const ask = async (at: string, init: RequestInit = {}) => {
      const answer = await handleSetup(deps, new Request(at, init), '127.0.0.1')
      return { status: answer.status, page: await answer.text() }
    }
    const form = await ask(url, { headers: spanish })
    expect(form.page).toContain('<html lang="es">')
    expect(form.page).toContain('<label for="clinicName">Nombre de la clínica</label>')
    expect(form.page).toContain('<a href="?language=en" hreflang="en" lang="en">English</a>')
    expect((await ask(`${url}?language=en`, { headers: spanish })).page).toContain('Name of the clinic')
    const bad = new URLSearchParams({ ...FORM, username: 'a b' })
    const refused = await ask(`${url}?language=es`, { method: 'POST', body: bad })
    expect(refused.status).toBe(422)
    expect(refused.page).toMatch(/id="username-problem">Debe tener de 3 a 40 caracteres/)
    expect(refused.page).not.toMatch(/\b(must|Please|the)\b/)
    const done = await ask(`${url}?language=es`, { method: 'POST', body: new URLSearchParams(FORM) })
    expect([done.status, done.page]).toEqual([201, expect.stringContaining('Ir a Anteroom')])
    expect((await ask(url, { headers: spanish })).page).toContain('Este enlace ya no sirve')
    expect((await ask('http://localhost:4000/setup/made-up', { headers: spanish })).page).toContain('No existe')
  })
})
