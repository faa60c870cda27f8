import type { ApolloClient, OperationVariables, TypedDocumentNode } from '@apollo/client'

const AGAIN_MS = 2_000

/** A subscription that begins anew whenever the server ends or refuses it, or what comes is refused with false; answers the way to stop. */
export const staySubscribed = <Data, Variables extends OperationVariables>(
  client: ApolloClient,
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  onData: (data: Data) => unknown,
  options: Pick<ApolloClient.SubscribeOptions, 'context' | 'fetchPolicy'> = {},
): (() => void) => {
  let isStopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let stop = () => {}
  const again = () => {
    if (!isStopped) timer = setTimeout(begin, AGAIN_MS)
  }
  const begin = () => {
    const subscription = client.subscribe<Data>({ query, variables, ...options }).subscribe({
      next: ({ data }) => {
        if (!data || onData(data as Data) !== false) return
        stop()
        again()
      },
      error: again,
      complete: again,
    })
    stop = () => subscription.unsubscribe()
  }
  begin()
  return () => {
    isStopped = true
    clearTimeout(timer)
    stop()
  }
}
