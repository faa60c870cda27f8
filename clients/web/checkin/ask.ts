import type { OperationVariables, TypedDocumentNode } from '@apollo/client'
import { print } from 'graphql'

const PATIENCE_MS = 10_000

/** The API said no. */
export class Refused extends Error {
  readonly code: string
  readonly field: string | null

  constructor(code: string, field: string | null) {
    super(code)
    this.code = code
    this.field = field
  }
}

type Answer<Data> = {
  data?: Data | null
  errors?: { extensions?: { code?: string; field?: string } }[]
}

/** Asks as nobody, whoever may be logged in at this browser. What is no answer at all throws as fetch does. */
export const ask = async <Data, Variables extends OperationVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> => {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials: 'omit',
    cache: 'no-store',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: print(document), variables }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (response.status >= 500) throw new TypeError(`The server answered ${response.status}.`)
  const { data, errors } = (await response.json()) as Answer<Data>
  const extensions = errors?.[0]?.extensions
  if (errors) throw new Refused(extensions?.code ?? 'INTERNAL', extensions?.field ?? null)
  return data as Data
}
