// GraphQL Yoga with graphql-ws, as its documentation puts them together; with --jit its execution is compiled.
import { createServer } from 'node:http'
import { useGraphQlJit } from '@envelop/graphql-jit'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { entryId, obey, place, typeDefs } from './place.mjs'

const pubSub = createPubSub()
const yoga = createYoga({
  schema: createSchema({
    typeDefs,
    resolvers: {
      Subscription: {
        positionUpdated: {
          subscribe: (_root, { entryId }) => pubSub.subscribe('place', entryId),
          resolve: (state) => state,
        },
      },
    },
  }),
  logging: false,
  plugins: process.argv.includes('--jit') ? [useGraphQlJit()] : [],
})
const server = createServer(yoga)
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint })
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      })
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length > 0 ? errors : args
    },
  },
  sockets,
)
server.listen(0, '127.0.0.1', () =>
  obey(server.address().port, (version, count) => {
    for (let index = 0; index < count; index++) pubSub.publish('place', entryId(index), place(index, version))
  }),
)
