import {
  type DocumentNode,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getOperationAST,
  isInputType,
  isNonNullType,
  typeFromAST,
  validateInputValue,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'

type Asked = {
  schema: GraphQLSchema
  document: DocumentNode
  operationName?: string | null | undefined
  variableValues?: { readonly [name: string]: unknown } | null | undefined
}

const problem = (path: readonly (string | number)[], message: string): GraphQLError => {
  const missing = /required field "(\w+)"/.exec(message)?.[1]
  const field = [...path, ...(missing ? [missing] : [])].join('.')
  const text = missing ? `${field} is missing.` : `${field}: ${message}`
  return new GraphQLError(text, { extensions: { code: 'BAD_INPUT', field, http: { status: 400 } } })
}

/** What is wrong with the variables, each with the path of the value that is. */
export const variableProblems = ({ schema, document, operationName, variableValues }: Asked): GraphQLError[] => {
  const values = variableValues ?? {}
  const problems: GraphQLError[] = []
  for (const { variable, type, defaultValue } of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
    const name = variable.name.value
    const expected = typeFromAST(schema, type) as GraphQLInputType | undefined
    if (!expected || !isInputType(expected)) continue
    if (values[name] === undefined) {
      if (isNonNullType(expected) && !defaultValue)
        problems.push(problem([name], `A value of type ${expected} is missing.`))
    } else
      validateInputValue(values[name], expected, (error, path) =>
        problems.push(problem([name, ...path], error.message)),
      )
  }
  return problems
}

/** Refuses variables that do not fit before anything runs, and names the field. */
export const useVariables = (): Plugin => ({
  onExecute: ({ args, setResultAndStopExecution }) => {
    const errors = variableProblems(args as unknown as Asked)
    if (errors.length > 0) setResultAndStopExecution({ errors })
  },
})
