import { existsSync, readFileSync } from 'node:fs'
import { buildSchema, findBreakingChanges } from 'graphql'
import { expect, it } from 'vitest'

const contract = new URL('../../shared/design/contract.graphql', import.meta.url)
const isHere = existsSync(contract)

it.runIf(isHere)(
  `the schema breaks nothing that the contract promises${isHere ? '' : ' (skipped: the contract is not here)'}`,
  () => {
    const promised = buildSchema(readFileSync(contract, 'utf8'))
    const ours = buildSchema(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8'))
    const broken = findBreakingChanges(promised, ours).map(({ description }) => description)
    expect(broken).toEqual([])
  },
)
