import type { Deps } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import { isUnavailable } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { badInput, Refusal } from '../errors.ts'
import type { Language } from '../notification/texts.ts'
import { requiredLine } from '../text.ts'
import { languageAsked } from '../visit/shown.ts'
import { readForm } from './form.ts'
import { demandPassword, hashPassword } from './passwords.ts'
import { type SetupField, type SetupFields, setupDone, setupForm, setupGone, setupTrouble } from './setup-page.ts'
import { randomToken, tokenHash } from './tokens.ts'
import { demandUsername } from './username.ts'

const HOURS = 24
const PATH = '/setup/'

/** One at a time decides whether there is still nobody. */
const lockSetup = (tx: Tx) => tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('anteroom first admin'))`

/** The one-time address at which the first admin is made; null where there are users already. A new one voids the old. */
export const createSetupLink = async (db: Db, publicUrl: string): Promise<string | null> =>
  db.$transaction(async (tx) => {
    await lockSetup(tx)
    if ((await tx.user.count()) > 0) return null
    const token = randomToken()
    await tx.$executeRaw`UPDATE setup_links SET expires_at = clock_timestamp() WHERE expires_at > clock_timestamp()`
    await tx.$executeRaw`
      INSERT INTO setup_links (hash, expires_at)
      VALUES (${tokenHash(token)}, clock_timestamp() + make_interval(hours => ${HOURS}::int))`
    return `${publicUrl}${PATH}${token}`
  })

type LinkState = 'open' | 'gone' | 'unknown'

const linkState = async (db: Db, hash: string): Promise<LinkState> => {
  const [link] = await db.$queryRaw<{ open: boolean }[]>`
    SELECT used_at IS NULL AND expires_at > clock_timestamp() AS open FROM setup_links WHERE hash = ${hash}`
  if (!link) return 'unknown'
  return link.open ? 'open' : 'gone'
}

/** The time zones that both people and the database know by name. */
const demandTimeZone = (zone: string): string => {
  try {
    if (/^[A-Za-z0-9_+\-/]+$/.test(zone) && !/^[+-]/.test(zone))
      return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    // What Intl does not know is refused below, like what is no name at all.
  }
  throw badInput('timeZone', 'must be a time zone by its name, as in Europe/Berlin')
}

const checks: Record<SetupField, (typed: string) => unknown> = {
  clinicName: (typed) => requiredLine(typed, { field: 'clinicName', max: 200 }),
  timeZone: demandTimeZone,
  name: (typed) => requiredLine(typed, { field: 'name', max: 200 }),
  username: (typed) => demandUsername(typed, 'username'),
  password: (typed) => demandPassword(typed, 'password'),
}

/** The fields that are not as they must be. */
const problemsOf = (typed: SetupFields & { password: string }): SetupField[] =>
  (Object.keys(checks) as SetupField[]).filter((name) => {
    try {
      checks[name](typed[name])
      return false
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return true
    }
  })

/** What was chosen on the page, or else what the browser asks for. */
const languageOf = (request: Request): Language => {
  const chosen = new URL(request.url).searchParams.get('language')
  return languageAsked(chosen ?? request.headers.get('accept-language') ?? '')
}

/** Uses up the link and makes the clinic with its admin, all or nothing; false where somebody was quicker. */
const setUp = (db: Db, hash: string, fields: SetupFields, passwordHash: string): Promise<boolean> =>
  db.$transaction(async (tx) => {
    await lockSetup(tx)
    const used = await tx.$executeRaw`
      UPDATE setup_links SET used_at = clock_timestamp()
      WHERE hash = ${hash} AND used_at IS NULL AND expires_at > clock_timestamp()`
    if (used === 0 || (await tx.user.count()) > 0) return false
    const clinicId = uuidv7()
    const userId = uuidv7()
    await tx.clinic.create({
      data: {
        id: clinicId,
        name: requiredLine(fields.clinicName, { field: 'clinicName', max: 200 }),
        timeZone: demandTimeZone(fields.timeZone),
      },
    })
    await tx.user.create({
      data: {
        id: userId,
        clinicId,
        username: demandUsername(fields.username, 'username'),
        name: requiredLine(fields.name, { field: 'name', max: 200 }),
        role: 'ADMIN',
        passwordHash,
      },
    })
    await tx.auditEvent.createMany({
      data: [
        { id: uuidv7(), clinicId, actorUserId: userId, action: 'clinic.created', entity: 'Clinic', entityId: clinicId },
        { id: uuidv7(), clinicId, actorUserId: userId, action: 'user.created', entity: 'User', entityId: userId },
      ],
    })
    return true
  })

const post = async (
  deps: Pick<Deps, 'config' | 'db'>,
  request: Request,
  language: Language,
  hash: string,
  ip: string,
): Promise<Response> => {
  const form = await readForm(request)
  if (!form) return setupTrouble(language, 400)
  const typed = (name: string) => form.get(name) ?? ''
  const fields = {
    clinicName: typed('clinicName'),
    timeZone: typed('timeZone'),
    name: typed('name'),
    username: typed('username'),
  }
  const password = typed('password')
  const problems = problemsOf({ ...fields, password })
  if (problems.length > 0) return setupForm(language, fields, problems)
  const passwordHash = await hashPassword({ config: deps.config, ip }, password, 'password')
  return (await setUp(deps.db, hash, fields, passwordHash))
    ? setupDone(language, fields, deps.config.publicUrl)
    : setupGone(language, 410)
}

/** GET shows the form behind a setup link, POST makes the first clinic and its admin: once. */
export const handleSetup = async (
  deps: Pick<Deps, 'config' | 'db' | 'log'>,
  request: Request,
  ip: string,
): Promise<Response> => {
  const language = languageOf(request)
  try {
    const token = new URL(request.url).pathname.slice(PATH.length)
    const hash = tokenHash(token)
    const state = await linkState(deps.db, hash)
    if (state !== 'open') return setupGone(language, state === 'unknown' ? 404 : 410)
    if (request.method === 'POST') return await post(deps, request, language, hash, ip)
    if (request.method === 'GET' || request.method === 'HEAD')
      return setupForm(language, { clinicName: '', timeZone: 'UTC', name: '', username: '' })
    return setupTrouble(language, 405)
  } catch (error) {
    if (isUnavailable(error)) return setupTrouble(language, 503)
    deps.log.error({ err: error }, 'the setup page failed unexpectedly')
    return setupTrouble(language, 500)
  }
}
