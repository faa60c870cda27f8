import type { QueueStatus, Urgency } from '../database/generated/enums.ts'
import { outcomes, urgencies, type Visits } from './figures.ts'

/**
 * The visits of one doctor (null for nobody), urgency and status, as the database hands them over in base64. Each takes eight bytes:
 * seconds since the start of the range (4), then the wait (2) and the service (2) in tenths of a minute.
 */
export type PackedVisits = { doctorId: string | null; urgency: Urgency; status: QueueStatus; packed: string }

const BYTES = 8

/** Packed visits by columns; doctors are in the order of their ids. */
export const unpacked = (rows: readonly PackedVisits[]): Visits => {
  const doctorIds = [...new Set(rows.flatMap(({ doctorId }) => doctorId ?? []))].toSorted()
  const parts = rows.map(({ packed }) => Buffer.from(packed, 'base64'))
  const count = parts.reduce((sum, part) => sum + part.length / BYTES, 0)
  const visits = {
    count,
    doctorIds,
    seconds: new Int32Array(count),
    doctors: new Int32Array(count),
    urgencies: new Int32Array(count),
    outcomes: new Uint8Array(count),
    waits: new Uint16Array(count),
    services: new Uint16Array(count),
  }
  let at = 0
  for (const [index, { doctorId, urgency, status }] of rows.entries()) {
    const part = parts[index] as Buffer
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
    const end = at + part.length / BYTES
    visits.doctors.fill(doctorId === null ? -1 : doctorIds.indexOf(doctorId), at, end)
    visits.urgencies.fill(urgencies.indexOf(urgency), at, end)
    const outcome = outcomes.indexOf(status as (typeof outcomes)[number])
    visits.outcomes.fill(outcome === -1 ? outcomes.length : outcome, at, end)
    for (let byte = 0; at < end; at++, byte += BYTES) {
      visits.seconds[at] = view.getInt32(byte)
      visits.waits[at] = view.getUint16(byte + 4)
      visits.services[at] = view.getUint16(byte + 6)
    }
  }
  return visits
}
