import type { Operation } from './model.ts'

/**
 * Unsent work of a shared desk after log-out: readable only to who knows the password of its user. At log-in a key pair is made
 * and its private half is locked with the password; sealing needs the public half alone, so that it works at any time later,
 * after a reload and without asking again. Whoever changes the password elsewhere meanwhile opens it with the one before.
 */
export type VaultKey = {
  salt: string
  iterations: number
  iv: string
  /** PKCS #8, locked with AES-GCM under a key derived from the password. */
  privateKey: string
  publicKey: string
}

export type Sealed = { key: VaultKey; ephemeral: string; iv: string; data: string }

const CURVE = { name: 'ECDH', namedCurve: 'P-256' }
const ITERATIONS = 600_000

const encode = (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string =>
  btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))

const decode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))

const passwordKey = async (crypto: Crypto, password: string, salt: string, iterations: number): Promise<CryptoKey> => {
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, [
    'deriveKey',
  ])
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt: decode(salt), iterations },
    secret,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

/** The key of one sealing, from the vault's half and the one made for it. */
const sealingKey = async (crypto: Crypto, own: CryptoKey, other: CryptoKey, salt: Uint8Array<ArrayBuffer>) => {
  const bits = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, own, 256)
  const secret = await crypto.subtle.importKey('raw', bits, 'HKDF', false, ['deriveKey'])
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode('anteroom unsent work') },
    secret,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

export const makeVaultKey = async (crypto: Crypto, password: string, iterations = ITERATIONS): Promise<VaultKey> => {
  const salt = encode(crypto.getRandomValues(new Uint8Array(16)))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const pair = await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])
  const lock = await passwordKey(crypto, password, salt, iterations)
  const bytes = await crypto.subtle.exportKey('pkcs8', pair.privateKey)
  return {
    salt,
    iterations,
    iv: encode(iv),
    privateKey: encode(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, lock, bytes)),
    publicKey: encode(await crypto.subtle.exportKey('raw', pair.publicKey)),
  }
}

const privateKeyOf = async (crypto: Crypto, key: VaultKey, password: string): Promise<CryptoKey | null> => {
  const lock = await passwordKey(crypto, password, key.salt, key.iterations)
  try {
    const bytes = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: decode(key.iv) }, lock, decode(key.privateKey))
    return await crypto.subtle.importKey('pkcs8', bytes, CURVE, false, ['deriveBits'])
  } catch {
    // AES-GCM tells a wrong password by its tag.
    return null
  }
}

/** Whether this password opens what is sealed with the key. */
export const opens = async (crypto: Crypto, key: VaultKey, password: string): Promise<boolean> =>
  (await privateKeyOf(crypto, key, password)) !== null

export const seal = async (crypto: Crypto, key: VaultKey, operations: readonly Operation[]): Promise<Sealed> => {
  const pair = await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])
  const ephemeral = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const vault = await crypto.subtle.importKey('raw', decode(key.publicKey), CURVE, false, [])
  const secret = await sealingKey(crypto, pair.privateKey, vault, ephemeral)
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const text = new TextEncoder().encode(JSON.stringify(operations))
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, secret, text)
  return { key, ephemeral: encode(ephemeral), iv: encode(iv), data: encode(data) }
}

/** The operations; null where the password is another one. */
export const unseal = async (crypto: Crypto, sealed: Sealed, password: string): Promise<Operation[] | null> => {
  const own = await privateKeyOf(crypto, sealed.key, password)
  if (!own) return null
  const ephemeral = decode(sealed.ephemeral)
  const other = await crypto.subtle.importKey('raw', ephemeral, CURVE, false, [])
  const secret = await sealingKey(crypto, own, other, ephemeral)
  const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: decode(sealed.iv) }, secret, decode(sealed.data))
  return JSON.parse(new TextDecoder().decode(text)) as Operation[]
}
