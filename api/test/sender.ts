import { connect } from '../database/client.ts'
import { createTestDeps } from './context.ts'
import { createDevice } from './device.ts'

/** A process of its own, for tests that kill it: it sends one batch as somebody's device. */
const { url, viewer, clientId, operations } = JSON.parse(process.argv[2] ?? '')
const deps = createTestDeps({ db: connect(url), url })
console.log(JSON.stringify(await createDevice(deps, viewer, clientId).send(operations)))
await deps.close()
