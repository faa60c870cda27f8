import { createEngine } from '../engine.ts'
import { staffKeeping } from '../held.ts'
import { browserPorts } from '../ports.ts'
import { createIndexedDb } from '../storage/indexed-db.ts'
import { createFileSpare, withSpare } from '../storage/spare.ts'
import { TransportError } from '../transport.ts'

/** A page whose desk registers one patient after the other while the network is down, and tells of each that it shows as saved. */
const offline = async (): Promise<never> => {
  throw new TransportError('NETWORK')
}

const engine = createEngine({
  account: '01998877-0000-7000-8000-000000000001',
  transport: { account: () => '01998877-0000-7000-8000-000000000001', sync: offline, changes: offline },
  opener: withSpare(createIndexedDb(indexedDB), createFileSpare),
  ports: browserPorts(),
  keeping: staffKeeping,
})

const tell = (path: string, body: unknown) => fetch(path, { method: 'POST', body: JSON.stringify(body) })

await engine.start()
await tell('/found', {
  found: engine.pending().map(({ id, seq }) => ({ id, seq })),
  trouble: engine.status().trouble,
})
for (let i = 0; ; i++) {
  // Several at once, as an impatient person gives them.
  const acts = Array.from({ length: 1 + (i % 3) }, () => engine.act('createPatient', { name: `Patient ${i}` }))
  for (const act of acts) act.then(({ id, seq }) => tell('/saved', { id, seq }))
  await Promise.all(acts)
}
