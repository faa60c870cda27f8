import { isSupportedCountry } from 'libphonenumber-js/min'
import { z } from 'zod'

/** An account with Twilio; requests are signed by its auth token or by an API key. */
export type TwilioConfig = {
  accountSid: string
  username: string
  password: string
  /** Signs what Twilio sends to us; null where only an API key is given: then nothing from Twilio is believed. */
  authToken: string | null
  /** The number or name that messages come from, or the service that chooses one. */
  from: string | null
  messagingServiceSid: string | null
  /** A stand-in for trials. */
  apiUrl: string | null
}

export type FirebaseConfig = {
  /** A service account's key as JSON, or the path of its file. */
  serviceAccount: string
  /** A stand-in for trials. */
  apiUrl: string | null
  /** The app on iPhones: its bundle identifier, and whether its builds are for development. */
  ios: { bundleId: string; isSandbox: boolean }
}

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
  /** What this process does: answering requests, background jobs, or both. */
  work: { api: boolean; jobs: boolean }
  /** The X-Forwarded-* headers are believed from the proxy in front. */
  trustProxy: boolean
  /** Null: SMS end in the outbox. */
  twilio: TwilioConfig | null
  /** Null: push messages end in the outbox. */
  firebase: FirebaseConfig | null
  /** The countries to whose numbers SMS are sent, as ISO 3166-1 codes; null: all. */
  allowedCountries: string[] | null
  /** Codes that go out by SMS in an hour at most; other caps follow from it. */
  codesPerHour: number
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

const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), `must be ${prefix} and 32 hexadecimal digits`)

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
  WORK: z.enum(['api+jobs', 'api', 'jobs']).default('api+jobs'),
  TWILIO_ACCOUNT_SID: sid('AC').optional(),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TWILIO_API_KEY: sid('SK').optional(),
  TWILIO_API_SECRET: z.string().optional(),
  TWILIO_FROM: z.string().optional(),
  TWILIO_MESSAGING_SERVICE_SID: sid('MG').optional(),
  TWILIO_API_URL: url(['http:', 'https:']).optional(),
  FIREBASE_SERVICE_ACCOUNT: z.string().optional(),
  FIREBASE_API_URL: url(['http:', 'https:']).optional(),
  FIREBASE_IOS_APP: z
    .string()
    .regex(/^[A-Za-z0-9.-]+$/, 'must be a bundle identifier, as org.anteroom.patient')
    .default('org.anteroom.patient'),
  FIREBASE_IOS_SANDBOX: flag,
  ALLOWED_COUNTRIES: z
    .string()
    .transform((list) =>
      list
        .toUpperCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    )
    .refine((codes) => codes.every((code) => isSupportedCountry(code)), 'must be country codes, as in US,CA')
    .optional(),
  CODES_PER_HOUR: z.coerce
    .number({ error: 'must be a number' })
    .int('must be a whole number')
    .min(1, 'must be from 1 to 10000')
    .max(10_000, 'must be from 1 to 10000')
    .default(20),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** The names of all variables. */
export const variables: readonly string[] = Object.keys(environment.shape)

type Values = z.infer<typeof environment>

/** What of Twilio's is missing, given that some of it is there. */
const twilioProblems = (set: Record<string, string | undefined>): string[] => {
  const isKeyed = Boolean(set.TWILIO_API_KEY && set.TWILIO_API_SECRET)
  if (
    !['TWILIO_AUTH_TOKEN', 'TWILIO_API_KEY', 'TWILIO_FROM', 'TWILIO_MESSAGING_SERVICE_SID', 'TWILIO_ACCOUNT_SID'].some(
      (name) => set[name],
    )
  )
    return []
  return [
    ...(set.TWILIO_ACCOUNT_SID ? [] : ['TWILIO_ACCOUNT_SID is required where other TWILIO_ variables are set']),
    ...(Boolean(set.TWILIO_API_KEY) === Boolean(set.TWILIO_API_SECRET)
      ? []
      : ['TWILIO_API_KEY and TWILIO_API_SECRET belong together: set both or neither']),
    ...(set.TWILIO_AUTH_TOKEN || isKeyed ? [] : ['TWILIO_AUTH_TOKEN or TWILIO_API_KEY with its secret is required']),
    ...(set.TWILIO_FROM || set.TWILIO_MESSAGING_SERVICE_SID
      ? []
      : ['TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID is required: what messages come from']),
  ]
}

const twilioOf = (value: Values): TwilioConfig | null =>
  value.TWILIO_ACCOUNT_SID
    ? {
        accountSid: value.TWILIO_ACCOUNT_SID,
        username: value.TWILIO_API_KEY ?? value.TWILIO_ACCOUNT_SID,
        password: value.TWILIO_API_SECRET ?? value.TWILIO_AUTH_TOKEN ?? '',
        authToken: value.TWILIO_AUTH_TOKEN ?? null,
        from: value.TWILIO_FROM ?? null,
        messagingServiceSid: value.TWILIO_MESSAGING_SERVICE_SID ?? null,
        apiUrl: value.TWILIO_API_URL?.replace(/\/+$/, '') ?? null,
      }
    : null

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
  problems.push(...twilioProblems(set))
  if ((set.WORK === 'api' || set.WORK === 'jobs') && !set.DATABASE_URL)
    problems.push(
      'WORK=api and WORK=jobs divide the work between processes, which needs a DATABASE_URL that they share',
    )
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
    work: { api: value.WORK !== 'jobs', jobs: value.WORK !== 'api' },
    trustProxy: value.TRUST_PROXY === 'true',
    twilio: twilioOf(value),
    firebase: value.FIREBASE_SERVICE_ACCOUNT
      ? {
          serviceAccount: value.FIREBASE_SERVICE_ACCOUNT,
          apiUrl: value.FIREBASE_API_URL ?? null,
          ios: { bundleId: value.FIREBASE_IOS_APP, isSandbox: value.FIREBASE_IOS_SANDBOX === 'true' },
        }
      : null,
    allowedCountries: value.ALLOWED_COUNTRIES ?? null,
    codesPerHour: value.CODES_PER_HOUR,
    logLevel: value.LOG_LEVEL,
  }
}
