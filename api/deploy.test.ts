import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseConfig, variables } from './config.ts'

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

const example = read('.env.example')
const compose = parse(read('docker-compose.yml')) as {
  services: Record<string, { environment?: Record<string, string>; image?: string; depends_on?: unknown }>
}
const settings = Object.fromEntries(
  [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
)
/** Filled in by compose itself from .env. */
const filledIn = new Set([...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name))

it('.env.example explains every variable, and none that is not there', () => {
  const known = new Set(variables)
  expect(variables.filter((name) => !(name in settings))).toEqual([])
  expect(Object.keys(settings).filter((name) => !known.has(name) && !filledIn.has(name))).toEqual([])
  expect([...filledIn].filter((name) => !(name in settings))).toEqual([])
  for (const block of example.split('\n\n')) if (/^[A-Z_]+=/m.test(block)) expect(block).toMatch(/^# /)
})

it('.env.example as it stands says what is so without it', () => {
  expect(parseConfig(settings)).toEqual(parseConfig({}))
})

it('docker-compose.yml runs the API, its database and HTTPS in front, and nothing else', () => {
  expect(Object.keys(compose.services).sort()).toEqual(['api', 'caddy', 'database'])
  expect(compose.services.database?.image).toBe('postgres:18')
  expect(compose.services.api?.depends_on).toEqual({ database: { condition: 'service_healthy' } })
})

it('docker-compose.yml configures the API rightly for production', () => {
  const filled = {
    DOMAIN: 'clinic.example',
    POSTGRES_PASSWORD: 'secret',
    JWT_SECRET: 'x'.repeat(32),
    LOG_LEVEL: 'info',
  }
  const environment = Object.fromEntries(
    Object.entries(compose.services.api?.environment ?? {}).map(([name, value]) => [
      name,
      String(value).replaceAll(
        /\$\{([A-Z_]+)[^}]*\}/g,
        (_, variable: string) => (filled as Record<string, string>)[variable] ?? '',
      ),
    ]),
  )
  expect(parseConfig(environment)).toMatchObject({
    production: true,
    host: '0.0.0.0',
    publicUrl: 'https://clinic.example',
    databaseUrl: 'postgresql://anteroom:secret@database:5432/anteroom',
    redisUrl: null,
    trustProxy: true,
  })
  const account = variables.filter((name) => /^(TWILIO|FIREBASE)_(?!API_URL)/.test(name))
  expect([...account, 'ALLOWED_COUNTRIES', 'CODES_PER_HOUR'].filter((name) => !filledIn.has(name))).toEqual([])
})
