import { createEngine } from '../engine.ts'
import { createFetchTransport } from '../fetch-transport.ts'
import { patientKeeping, staffKeeping } from '../held.ts'
import type { Engine, StoredRecord } from '../model.ts'
import type { Ports, Timers } from '../ports.ts'
import type { Reader } from '../selections.ts'
import type { StorageOpener } from '../storage/storage.ts'
import type { ChangeSet, Transport } from '../transport.ts'
import type { Seat } from './acts.ts'
import { accountOf } from './device.ts'

const readerOf = (seat: Seat): Reader =>
  seat.kind === 'patient'
    ? { kind: 'patient' }
    : { kind: 'user', role: seat.kind === 'desk' ? 'RECEPTIONIST' : 'DOCTOR' }

const transportOf = (seat: Seat, fetch: typeof globalThis.fetch, timers: Timers): Transport =>
  createFetchTransport({
    url: `${PLACE}/graphql`,
    fetch,
    session: { account: () => accountOf(seat), token: async () => seat.token, renewed: async () => null },
    reader: readerOf(seat),
    timers,
  })

/** Where the library thinks that the API is; the network of the history knows better. */
const PLACE = 'http://api'

type Needs = {
  opener: StorageOpener
  ports: Ports
  seat: Seat
  fetch: typeof globalThis.fetch
  changeTransport: (transport: Transport) => Transport
}

/** The client library as an app puts it together. */
export const createEngineOn = ({ opener, ports, seat, fetch, changeTransport }: Needs): Engine =>
  createEngine({
    account: accountOf(seat),
    transport: changeTransport(transportOf(seat, fetch, ports.timers)),
    opener,
    ports,
    keeping: seat.kind === 'patient' ? patientKeeping : staffKeeping,
  })

/** What the server gives to this viewer's device that holds nothing. */
export const freshLoad = async (origin: string, seat: Seat) => {
  const transport = transportOf(seat, (input, init) => fetch(String(input).replace(PLACE, origin), init), {
    after: () => () => {},
  })
  const records = {
    patients: new Map<string, StoredRecord>(),
    appointments: new Map<string, StoredRecord>(),
    entries: new Map<string, StoredRecord>(),
  }
  for (let cursor: string | null = null, isMore = true; isMore; ) {
    const page: ChangeSet = await transport.changes(cursor)
    for (const entity of ['patients', 'appointments', 'entries'] as const)
      for (const record of page[entity]) records[entity].set(record.id, record)
    for (const id of page.removed) for (const entity of Object.values(records)) entity.delete(id)
    cursor = page.cursor
    isMore = page.hasMore
  }
  return records
}
