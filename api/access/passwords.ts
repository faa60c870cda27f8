import bcrypt from 'bcrypt'
import { badInput, Refusal } from '../errors.ts'
import { createLane } from './lane.ts'

const MIN_CHARACTERS = 8
/** bcrypt ignores what comes after; two passwords that differ only there would be the same. */
const MAX_BYTES = 72

/** Keyboards compose accented letters differently; the same letters are the same password. */
const compose = (password: string): string => password.normalize('NFC')

/** Too long for bcrypt, or holding a NUL, behind which it might not look. */
const unfit = (password: string): string | null => {
  if (Buffer.byteLength(compose(password)) > MAX_BYTES) return `must have at most ${MAX_BYTES} bytes in UTF-8`
  if (password.includes('\0')) return 'must not hold a NUL character'
  return null
}

/** What is wrong with a new password, or null: at least 8 characters, at most 72 bytes. */
export const passwordProblem = (password: string): string | null =>
  [...compose(password)].length < MIN_CHARACTERS ? `must have at least ${MIN_CHARACTERS} characters` : unfit(password)

/** Refuses a new password that breaks the rules; `field` is its path in the input. */
export const demandPassword = (password: string, field: string): void => {
  const problem = passwordProblem(password)
  if (problem) throw badInput(field, problem)
}

/** Refuses a typed password that could never be right, whoever's it is. */
export const demandTypedPassword = (password: string, field: string): void => {
  const problem = unfit(password)
  if (problem) throw badInput(field, problem)
}

// bcrypt runs on libuv's few threads; two at once leave the rest of the process its pace.
const lane = createLane(2)

/** Runs something that ends in bcrypt when it is this address's turn: at most two at once in this process. */
export const inTurn = <T>(ip: string, job: () => Promise<T>): Promise<T> => {
  const turn = lane.run(ip, job)
  if (!turn)
    throw new Refusal('TOO_MANY_ATTEMPTS', 'Too many log-ins at once from this address.', { retryAfterSeconds: 10 })
  return turn
}

/** Only within `inTurn`: does the password belong to the hash? Without a hash it takes as long and answers false. */
export const matches = async (password: string, hash: string | null, cost: number): Promise<boolean> => {
  const right = await bcrypt.compare(compose(password), hash ?? (await dummyHash(cost)))
  return right && hash !== null
}

const dummyHashes = new Map<number, Promise<string>>()

const dummyHash = (cost: number): Promise<string> => {
  const made = dummyHashes.get(cost) ?? bcrypt.hash('nobody has this password', cost)
  dummyHashes.set(cost, made)
  return made
}

/** Makes the hash for unknown accounts beforehand, so that not even the first of them takes longer. */
export const warmPasswords = async (cost: number): Promise<void> => {
  await dummyHash(cost)
}

/** The hash of a new password; refuses one that breaks the rules with BAD_INPUT at `field`. */
export const hashPassword = async (
  caller: { ip: string; config: { bcryptCost: number } },
  password: string,
  field: string,
): Promise<string> => {
  demandPassword(password, field)
  return inTurn(caller.ip, () => bcrypt.hash(compose(password), caller.config.bcryptCost))
}
