import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Context, Deps } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { CodePurpose } from '../database/generated/enums.ts'
import { transact } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { Refusal } from '../errors.ts'
import { messageKey } from '../notification/keys.ts'
import { MESSAGE_JOB } from '../notification/kinds.ts'
import { textOf } from '../notification/texts.ts'
import { countriesOf, phoneNumberOf } from '../patient/phone.ts'
import { brokenCap, type CodeCap, codeCaps, networkOf, prefixOf, type SentLately } from './code-caps.ts'
import { demand } from './demand.ts'
import { tokenHash } from './tokens.ts'

const VALID_MINUTES = 10
const MAX_TRIES = 5
const PAUSE_SECONDS = 30
/** An answer takes so long, whether the number is known or not. */
const PACE_MS = 300

/** Known only by a hash with the server's secret: a million codes are soon tried against a plain one. */
const hashOf = ({ jwtSecret }: { jwtSecret: string }, id: string, code: string): string =>
  createHmac('sha256', jwtSecret).update(`anteroom phone code ${id} ${code}`).digest('base64url')

/** Makes a code for a number; it voids the older ones of that number and purpose. */
export const makeCode = async (
  tx: Tx,
  config: Deps['config'],
  { phoneNumber, purpose }: { phoneNumber: string; purpose: CodePurpose },
): Promise<{ id: string; code: string; expiresAt: Date }> => {
  const id = uuidv7()
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const [row] = await tx.$queryRaw<{ expiresAt: Date }[]>`
    INSERT INTO phone_codes (id, phone_number, purpose, code_hash, created_at, expires_at)
    VALUES (${id}::uuid, ${phoneNumber}, ${purpose}::"CodePurpose", ${hashOf(config, id, code)}, clock_timestamp(),
      clock_timestamp() + make_interval(mins => ${VALID_MINUTES}::int))
    RETURNING expires_at AS "expiresAt"`
  return { id, code, expiresAt: (row as { expiresAt: Date }).expiresAt }
}

/**
 * Which code this is; refuses one that is wrong, expired, voided or tried too often, all alike. The try is counted
 * before it is looked at, on a connection of its own: no roll-back and no crowd of parallel guesses takes that back.
 */
export const checkCode = async (
  { db, config }: Pick<Deps, 'db' | 'config'>,
  { phoneNumber, purpose, code }: { phoneNumber: string; purpose: CodePurpose; code: string },
): Promise<string> => {
  const [row] = await db.$queryRaw<{ id: string; codeHash: string }[]>`
    UPDATE phone_codes SET tries = tries + 1
    WHERE id = (
        SELECT id FROM phone_codes WHERE phone_number = ${phoneNumber} AND purpose = ${purpose}::"CodePurpose"
        ORDER BY created_at DESC, id DESC LIMIT 1)
      AND expires_at > clock_timestamp() AND tries < ${MAX_TRIES}
    RETURNING id::text, code_hash AS "codeHash"`
  const typed = Buffer.from(hashOf(config, row?.id ?? '', code.trim()))
  if (!row || !timingSafeEqual(typed, Buffer.from(row.codeHash))) throw new Refusal('WRONG_CODE')
  return row.id
}

/** Spends a code that was found right; of two who come with the same one only the first gets through. */
export const spendCode = async (tx: Tx, id: string): Promise<void> => {
  const spent = await tx.$executeRaw`
    UPDATE phone_codes SET used_at = clock_timestamp() WHERE id = ${id}::uuid AND used_at IS NULL`
  if (spent === 0) throw new Refusal('WRONG_CODE')
}

type Addressee = {
  id: string
  language: string
  isVerified: boolean
  hasPassword: boolean
  /** Registered by themself, and no clinic has ever seen them: the number may be anybody's. */
  isStranger: boolean
}

/** SQL: the person of this record came to no clinic, and no staff put them or a booking of theirs down. */
const isStranger = Prisma.sql`
  p.created_by_id IS NULL AND NOT EXISTS (SELECT FROM queue e WHERE e.patient_id = p.id)
    AND NOT EXISTS (SELECT FROM appointments a WHERE a.patient_id = p.id AND a.created_by_id IS NOT NULL)`

/** Whose number it is; null where it is nobody's or said STOP. */
const addresseeOf = async (db: Db, phoneNumber: string): Promise<Addressee | null> => {
  const [row] = await db.$queryRaw<Addressee[]>`
    SELECT p.id::text, p.language, p.phone_verified AS "isVerified", p.password_hash IS NOT NULL AS "hasPassword",
      ${isStranger} AS "isStranger"
    FROM patients p
    WHERE p.phone_number = ${phoneNumber} AND p.merged_into_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM stopped_numbers s WHERE s.phone_number = p.phone_number)`
  return row ?? null
}

/** Is a code good for anything? One for a number that is on no record never is: so nobody can have strangers sent messages. */
const isUseful = ({ viewer }: Context, purpose: CodePurpose, addressee: Addressee): boolean => {
  switch (purpose) {
    case 'REGISTER':
      return true
    case 'RESET_PASSWORD':
      return addressee.isVerified && addressee.hasPassword
    case 'CONFIRM_NUMBER':
      return !addressee.isVerified && viewer?.kind === 'patient' && viewer.patientId === addressee.id
  }
}

/** Where callers of one network are counted, clock hour by clock hour; what cannot be read back, for the table is no list of who was here. */
const networkScope = ({ ip }: Context): string | null => {
  const network = networkOf(ip)
  return network && `code network ${tokenHash(network)}`
}

const inThisHour = (scope: string | null) => Prisma.sql`
  ${scope} || ' ' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'HH24')`
const today = Prisma.sql`(clock_timestamp() AT TIME ZONE 'UTC')::date`

/**
 * SQL: the codes for callers of one network in an hour, which two counters tell nearly: all of the clock hour, and of the
 * one before it the share that an hour still reaches back to, rounded up. So a cap is not had twice where the hour turns.
 */
const sentToNetwork = (scope: string | null) => Prisma.sql`
  (SELECT coalesce(sum(ceil(m.count * h.share)), 0)::int
    FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now) t
    CROSS JOIN LATERAL (VALUES (t.now, 1),
      (t.now - interval '1 hour', 1 - extract(epoch FROM t.now - date_trunc('hour', t.now)) / 3600)) h (at, share)
    JOIN message_counts m ON m.day = h.at::date AND m.scope = ${scope} || ' ' || to_char(h.at, 'HH24'))`

/** `noted`: the caps of which the audit log tells already today. */
type Lately = SentLately & { isPaused: boolean; noted: string[] }

/** What was sent lately, by all instances together. Codes are few and kept for a day, so they are simply counted. */
const sentLately = async (db: Db | Tx, phoneNumber: string, scope: string | null): Promise<Lately> => {
  const [row] = await db.$queryRaw<Lately[]>`
    WITH sent AS (
      SELECT c.phone_number, c.created_at > clock_timestamp() - interval '1 hour' AS is_hour,
        c.created_at > clock_timestamp() - make_interval(secs => ${PAUSE_SECONDS}::float8) AS is_now
      FROM phone_codes c WHERE c.created_at > clock_timestamp() - interval '24 hours'
    )
    SELECT (count(*) FILTER (WHERE phone_number = ${phoneNumber}))::int AS number,
      (count(*) FILTER (WHERE starts_with(phone_number, ${prefixOf(phoneNumber)})))::int AS prefix,
      ${sentToNetwork(scope)} AS network,
      (SELECT count(*) FROM sent s JOIN patients p ON p.phone_number = s.phone_number
        WHERE s.is_hour AND ${isStranger})::int AS strangers,
      (count(*) FILTER (WHERE is_hour))::int AS hour,
      count(*)::int AS day,
      coalesce(bool_or(phone_number = ${phoneNumber} AND is_now), false) AS "isPaused",
      (SELECT coalesce(array_agg(substr(scope, 15)), '{}') FROM message_counts
        WHERE starts_with(scope, 'code withheld ') AND day = ${today}) AS noted
    FROM sent`
  return row as Lately
}

/** Says that a cap held, once a day for each: an attack must not fill the audit log. */
const noteWithheld = async (ctx: Context, db: Db | Tx, addressee: Addressee, cap: CodeCap): Promise<void> => {
  const first = await db.$executeRaw`
    INSERT INTO message_counts (scope, day, count) VALUES (${`code withheld ${cap}`}, ${today}, 1) ON CONFLICT DO NOTHING`
  if (first === 0) return
  const detail = `more than ${codeCaps(ctx.config.codesPerHour)[cap]} codes: ${cap}`
  ctx.log.warn(`Codes by SMS are withheld (${detail}); docs/access.md says what the caps are.`)
  ctx.trail.record({ action: 'code.withheld', entity: 'Patient', entityId: addressee.id, clinicId: null, detail })
}

/** May one more code go out, after what was sent lately? */
const mayGoOut = async (ctx: Context, db: Db | Tx, sent: Lately, addressee: Addressee): Promise<boolean> => {
  if (sent.isPaused) return false
  const { isStranger } = addressee
  const cap = brokenCap(sent, { anHour: ctx.config.codesPerHour, isStranger })
  if (cap && !sent.noted.includes(cap)) await noteWithheld(ctx, db, addressee, cap)
  return cap === null
}

/** Do SMS go to the country of this number? All countries that the number may be of must be allowed; a number of none, as a satellite's, is not. */
export const isAllowedCountry = (
  { allowedCountries }: Pick<Deps['config'], 'allowedCountries'>,
  phoneNumber: string,
): boolean => {
  const countries = countriesOf(phoneNumber)
  return countries.length > 0 && countries.every((country) => allowedCountries?.includes(country) ?? true)
}

/** Each list of countries to which clinics of this server send; an empty one is that of the server. */
const clinicsCountries = async (db: Db): Promise<string[][]> => {
  const rows = await db.clinic.findMany({ distinct: ['allowedCountries'], select: { allowedCountries: true } })
  return rows.map(({ allowedCountries }) => allowedCountries)
}

const sendCode = async (ctx: Context, phoneNumber: string, purpose: CodePurpose): Promise<void> => {
  if (!isAllowedCountry(ctx.config, phoneNumber)) return
  const scope = networkScope(ctx)
  // All for every number: known and unknown ones cost the same. Most of what an attack asks for ends here, without the lock.
  const [addressee, sent, lists] = await Promise.all([
    addresseeOf(ctx.db, phoneNumber),
    sentLately(ctx.db, phoneNumber, scope),
    clinicsCountries(ctx.db),
  ])
  // A code is of no clinic: it goes where at least one of them would send.
  const isAllowed = lists.some((list) => list.length === 0 || isAllowedCountry({ allowedCountries: list }, phoneNumber))
  if (lists.length > 0 && !isAllowed) return
  if (!addressee || !isUseful(ctx, purpose, addressee) || !(await mayGoOut(ctx, ctx.db, sent, addressee))) return
  const made = await transact(
    ctx,
    async () => null,
    async ({ tx, audit }) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('anteroom phone codes'))`
      // Now that nobody else sends one, the answer holds until this one is counted.
      if (!(await mayGoOut(ctx, tx, await sentLately(tx, phoneNumber, scope), addressee))) return null
      if (scope)
        await tx.$executeRaw`
          INSERT INTO message_counts AS c (scope, day, count) VALUES (${inThisHour(scope)}, ${today}, 1)
          ON CONFLICT (scope, day) DO UPDATE SET count = c.count + 1`
      const { id, code, expiresAt } = await makeCode(tx, ctx.config, { phoneNumber, purpose })
      const { language } = addressee
      // Of no clinic and no patient, so nobody can read it; the text is taken out of the ledger once it is sent.
      await tx.notification.create({
        data: {
          ...{ id, kind: 'VERIFICATION', channel: 'SMS', phoneNumber, language, validUntil: expiresAt },
          key: messageKey({ subjectId: id, channel: 'SMS', occasion: { kind: 'VERIFICATION' } }),
          body: textOf('VERIFICATION', language, { code }).body,
        },
      })
      await ctx.jobs.enqueue(tx, MESSAGE_JOB, { id })
      await audit({ action: 'code.sent', entity: 'Patient', entityId: addressee.id, clinicId: null, detail: purpose })
      return { id, code }
    },
  )
  if (made) ctx.messaging.sms.showCode?.({ to: phoneNumber, purpose, code: made.code })
}

/** Sends a code to a number where that is of use. The answer is the same, and takes as long, whether it is or not. */
export const requestPhoneCode = async (ctx: Context, typed: string, purpose: CodePurpose): Promise<boolean> => {
  demand(ctx.viewer, 'session.open')
  const phoneNumber = phoneNumberOf(typed, 'phoneNumber')
  await Promise.all([sendCode(ctx, phoneNumber, purpose), pause(PACE_MS)])
  return true
}
