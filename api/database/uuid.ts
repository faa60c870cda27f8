import { randomBytes } from 'node:crypto'

let last = 0
let counter = 0

/** A UUID of version 7 (RFC 9562): its first 48 bits are milliseconds, the next 12 count up within one, so ids made here rise. */
export const uuidv7 = (): string => {
  const bytes = randomBytes(16)
  const now = Date.now()
  if (now > last) {
    last = now
    counter = bytes.readUInt16BE(6) & 0x7ff
  } else if (++counter > 0xfff) {
    last++
    counter = 0
  }
  bytes.writeUIntBE(last, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** An id as PostgreSQL writes it, or null for text that is no UUID: such an id names no record. */
export const uuidOf = (text: string): string | null => (UUID.test(text) ? text.toLowerCase() : null)
