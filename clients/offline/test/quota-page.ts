import { createEngine } from '../engine.ts'
import { staffKeeping } from '../held.ts'
import { browserPorts } from '../ports.ts'
import { createIndexedDb } from '../storage/indexed-db.ts'
import { createFileSpare, withSpare } from '../storage/spare.ts'
import { StorageError } from '../storage/storage.ts'
import { TransportError } from '../transport.ts'

/** A desk without a network, for a test that takes the room from its browser. */
const offline = async (): Promise<never> => {
  throw new TransportError('NETWORK')
}
const account = '01998877-0000-7000-8000-000000000001'

const engine = createEngine({
  account,
  transport: { account: () => account, sync: offline, changes: offline },
  opener: withSpare(createIndexedDb(indexedDB), createFileSpare),
  ports: browserPorts(),
  keeping: staffKeeping,
})
await engine.start()

Object.assign(globalThis, {
  desk: {
    act: (name: string) =>
      engine.act('createPatient', { name }).then(
        ({ id }) => id,
        (error: unknown) => (error instanceof StorageError ? error.fault : String(error)),
      ),
    shown: () => ({ ids: engine.pending().map(({ id }) => id), trouble: engine.status().trouble }),
  },
})
