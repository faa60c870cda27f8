import { existsSync, readFileSync } from 'node:fs'
import { buildSchema, findBreakingChanges } from 'graphql'
import { expect, it } from 'vitest'

const contract = new URL('../../shared/design/contract.graphql', import.meta.url)
const isHere = existsSync(contract)

/** What the offline work brings. */
const later = [
  /\b(Sync\w*|OperationOutcome|OperationResult|FieldOverride|ChangeSet)\b/,
  /Query\.changes\b/,
  /Mutation\.sync\b/,
  /Subscription\.changesAvailable\b/,
]

it.runIf(isHere)(
  `the schema breaks nothing that the contract promises${isHere ? '' : ' (skipped: the contract is not here)'}`,
  () => {
    const promised = buildSchema(readFileSync(contract, 'utf8'))
    const ours = buildSchema(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8'))
    const broken = findBreakingChanges(promised, ours).map(({ description }) => description)
    expect(broken.filter((description) => !later.some((part) => part.test(description)))).toEqual([])
  },
)
