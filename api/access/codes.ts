import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Context, Deps } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import type { CodePurpose } from '../database/generated/enums.ts'
import { transact } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { Refusal } from '../errors.ts'
import { messageKey } from '../notification/keys.ts'
import { MESSAGE_JOB } from '../notification/kinds.ts'
import { textOf } from '../notification/texts.ts'
import { countriesOf, phoneNumberOf } from '../patient/phone.ts'
import { demand } from './demand.ts'
import { tokenHash } from './tokens.ts'

const VALID_MINUTES = 10
const MAX_TRIES = 5
const PAUSE_SECONDS = 30
/** A number, the ten thousand numbers or so that begin like it, and all of them: how many codes a day. */
const DAILY_CAPS = { number: 5, prefix: 20, all: 500 }
const PREFIX_CHARACTERS = 8
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

type Addressee = { id: string; language: string; isVerified: boolean; hasPassword: boolean; isPaused: boolean }

/** Whose number it is; null where it is nobody's or said STOP. */
const addresseeOf = async (db: Db, phoneNumber: string): Promise<Addressee | null> => {
  const [row] = await db.$queryRaw<Addressee[]>`
    SELECT p.id::text, p.language, p.phone_verified AS "isVerified", p.password_hash IS NOT NULL AS "hasPassword",
      EXISTS (
        SELECT 1 FROM phone_codes c WHERE c.phone_number = p.phone_number
          AND c.created_at > clock_timestamp() - make_interval(secs => ${PAUSE_SECONDS}::float8)) AS "isPaused"
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

/** Counts one more of today (of the database, in UTC); answers how many that makes. */
const countOne = async (db: Db, scope: string): Promise<number> => {
  const [row] = await db.$queryRaw<{ count: number }[]>`
    INSERT INTO message_counts AS c (scope, day, count) VALUES (${scope}, (clock_timestamp() AT TIME ZONE 'UTC')::date, 1)
    ON CONFLICT (scope, day) DO UPDATE SET count = c.count + 1 RETURNING count`
  return (row as { count: number }).count
}

/** Counts a code against its number, its prefix and all; false beyond a cap, which is noted once for each day. */
const isWithinCaps = async (ctx: Context, phoneNumber: string, addressee: Addressee): Promise<boolean> => {
  const scopes = [
    // What cannot be read back: the table is no list of who wants to log in.
    ['number', `code number ${tokenHash(phoneNumber)}`],
    ['prefix', `code prefix ${phoneNumber.slice(0, PREFIX_CHARACTERS)}`],
    ['all', 'code'],
  ] as const
  for (const [cap, scope] of scopes) {
    const count = await countOne(ctx.db, scope)
    if (count <= DAILY_CAPS[cap]) continue
    if (count === DAILY_CAPS[cap] + 1)
      ctx.trail.record({
        action: 'code.withheld',
        entity: 'Patient',
        entityId: addressee.id,
        clinicId: null,
        detail: `more than ${DAILY_CAPS[cap]} codes today: ${cap}`,
      })
    return false
  }
  return true
}

const isAllowedCountry = ({ allowedCountries }: Deps['config'], phoneNumber: string): boolean => {
  const countries = countriesOf(phoneNumber)
  return countries.length > 0 && countries.every((country) => allowedCountries?.includes(country) ?? true)
}

const sendCode = async (ctx: Context, phoneNumber: string, purpose: CodePurpose): Promise<void> => {
  if (!isAllowedCountry(ctx.config, phoneNumber)) return
  const addressee = await addresseeOf(ctx.db, phoneNumber)
  if (!addressee || addressee.isPaused || !isUseful(ctx, purpose, addressee)) return
  if (!(await isWithinCaps(ctx, phoneNumber, addressee))) return
  await transact(
    ctx,
    async (_db, id) => ({ id }),
    async ({ tx, audit }) => {
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
      return { id }
    },
  )
}

/** Sends a code to a number where that is of use. The answer is the same, and takes as long, whether it is or not. */
export const requestPhoneCode = async (ctx: Context, typed: string, purpose: CodePurpose): Promise<boolean> => {
  demand(ctx.viewer, 'session.open')
  const phoneNumber = phoneNumberOf(typed, 'phoneNumber')
  await Promise.all([sendCode(ctx, phoneNumber, purpose), pause(PACE_MS)])
  return true
}
