import { connect } from '../../../api/database/client.ts'
import { createServer } from '../../../api/server.ts'
import { createTestDeps } from '../../../api/test/context.ts'

/** The API as a process of its own on the database given, for histories that kill it. Prints its port; ends with its parent. */
const [, , url = ''] = process.argv
const db = connect(url, { max: 8 })
const deps = createTestDeps({ db, url })
deps.config.port = 0
deps.config.host = '127.0.0.1'
const server = await createServer(deps)
console.log(server.port)
process.stdin.on('end', () => process.exit(0)).resume()
