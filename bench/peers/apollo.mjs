// Apollo Server; its subscriptions go through graphql-ws and graphql-js, as its documentation puts them together.
import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { PubSub } from 'graphql-subscriptions'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { entryId, obey, place, typeDefs } from './place.mjs'

const pubSub = new PubSub()
const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    Subscription: {
      positionUpdated: {
        subscribe: (_root, { entryId }) => pubSub.asyncIterableIterator(entryId),
        resolve: (state) => state,
      },
    },
  },
})
const server = createServer()
const sockets = new WebSocketServer({ server, path: '/graphql' })
useServer({ schema }, sockets)
await new ApolloServer({ schema }).start()
server.listen(0, '127.0.0.1', () =>
  obey(server.address().port, (version, count) => {
    for (let index = 0; index < count; index++) pubSub.publish(entryId(index), place(index, version))
  }),
)
