// mercurius on Fastify, as it comes.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { entryId, obey, place, typeDefs } from './place.mjs'

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Subscription: {
      positionUpdated: {
        subscribe: (_root, { entryId }, { pubsub }) => pubsub.subscribe(entryId),
      },
    },
  },
  subscription: true,
})
await app.listen({ port: 0, host: '127.0.0.1' })
obey(app.server.address().port, (version, count) => {
  for (let index = 0; index < count; index++)
    app.graphql.pubsub.publish({ topic: entryId(index), payload: { positionUpdated: place(index, version) } })
})
