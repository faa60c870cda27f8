import { z } from 'zod'

/** The whole configuration, parsed once from the environment. `.env.example` explains every variable. */
export type Config = {
  production: boolean
  host: string
  port: number
  publicUrl: string
  /** Where the embedded database lives; unused when databaseUrl is set. */
  dataDir: string
  databaseUrl: string | null
  redisUrl: string | null
  jwtSecret: string
  /** How much work one guess of a password is: each step doubles it. */
  bcryptCost: number
  tls: { certFile: string; keyFile: string } | null
  /** The X-Forwarded-* headers are believed from the proxy in front. */
  trustProxy: boolean
  logLevel: string
}

/** A secret for trying things out; production refuses it. */
export const DEMO_SECRET = 'anteroom-demonstration-secret-not-for-production'

export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const flag = z.enum(['true', 'false']).default('false')

const url = (protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: `must be an address beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

const environment = z.object({
  NODE_ENV: z.string().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce
    .number({ error: 'must be a number' })
    .int('must be a whole number')
    .min(0, 'must be from 0 to 65535')
    .max(65535, 'must be from 0 to 65535')
    .default(4000),
  PUBLIC_URL: url(['http:', 'https:']).optional(),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  REDIS_URL: url(['redis:', 'rediss:']).optional(),
  JWT_SECRET: z.string().min(32, 'must have at least 32 characters, as from `openssl rand -base64 48`').optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  TRUST_PROXY: flag,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** The names of all variables. */
export const variables: readonly string[] = Object.keys(environment.shape)

/** Environment → Config; throws a ConfigError that lists every problem at once. Empty variables count as unset. */
export const parseConfig = (env: Record<string, string | undefined>): Config => {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = environment.safeParse(set)
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  const production = set.NODE_ENV === 'production'
  if (production && !set.JWT_SECRET) problems.push('JWT_SECRET is required in production')
  if (production && !set.PUBLIC_URL) problems.push('PUBLIC_URL is required in production')
  if (production && set.JWT_SECRET === DEMO_SECRET)
    problems.push('JWT_SECRET is the demonstration secret, which anybody can read; choose your own')
  if (Boolean(set.TLS_CERT_FILE) !== Boolean(set.TLS_KEY_FILE))
    problems.push('TLS_CERT_FILE and TLS_KEY_FILE belong together: set both or neither')
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const value = parsed.data
  const tls =
    value.TLS_CERT_FILE && value.TLS_KEY_FILE ? { certFile: value.TLS_CERT_FILE, keyFile: value.TLS_KEY_FILE } : null
  return {
    production,
    host: value.HOST,
    port: value.PORT,
    publicUrl: (value.PUBLIC_URL ?? `${tls ? 'https' : 'http'}://localhost:${value.PORT}`).replace(/\/+$/, ''),
    dataDir: value.DATA_DIR,
    databaseUrl: value.DATABASE_URL ?? null,
    redisUrl: value.REDIS_URL ?? null,
    jwtSecret: value.JWT_SECRET ?? DEMO_SECRET,
    bcryptCost: production ? 12 : 10,
    tls,
    trustProxy: value.TRUST_PROXY === 'true',
    logLevel: value.LOG_LEVEL,
  }
}
