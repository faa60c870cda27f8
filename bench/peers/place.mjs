// The same schema, places and ways to be told for all peers. A peer is started, says its port, and publishes when told to.

export const typeDefs = `
  scalar DateTime
  enum QueueStatus { WAITING CALLED IN_SERVICE ON_HOLD SERVED NO_SHOW LEFT }
  type WaitEstimate { lowMinutes: Int! likelyMinutes: Int! highMinutes: Int! }
  type QueuePosition {
    entryId: ID! ticket: String! status: QueueStatus! position: Int ahead: Int estimate: WaitEstimate
    room: String version: Int! asOf: DateTime!
  }
  type Query { ok: Boolean }
  type Subscription { positionUpdated(entryId: ID!): QueuePosition! }
`

export const entryId = (index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

export const place = (index, version) => ({
  entryId: entryId(index),
  ticket: `A-${String(index + 1).padStart(3, '0')}`,
  status: 'WAITING',
  position: index + 1 + (version % 2),
  ahead: index + (version % 2),
  estimate: { lowMinutes: index * 2, likelyMinutes: index * 3, highMinutes: index * 4 },
  room: null,
  version,
  asOf: new Date().toISOString(),
})

/** Publishes one version to all when told, and says what it cost this process. */
export const obey = (port, publish) => {
  let before = process.cpuUsage()
  let at = 0n
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ kind, version, count }) => {
    if (kind === 'begin') before = process.cpuUsage()
    if (kind === 'tick') {
      before = process.cpuUsage()
      at = process.hrtime.bigint()
      await publish(version, count)
    }
    if (kind === 'measure') {
      const { user, system } = process.cpuUsage(before)
      process.send({ cpu: user + system, at: String(at) })
    }
    if (kind === 'weigh') {
      globalThis.gc?.()
      process.send({ bytes: process.memoryUsage().rss })
    }
  })
  process.send({ port })
}
