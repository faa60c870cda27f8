import { expect, test } from 'vitest'
import type { Operation } from './model.ts'
import { makeVaultKey, opens, seal, unseal } from './vault.ts'

const operations: Operation[] = [
  {
    id: 'o1',
    seq: 1,
    clientId: 'c',
    command: 'createPatient',
    input: { name: 'Ann Müller' },
    wall: 1,
    mono: 2,
    bootId: 'b',
  },
]
const FEW = 1_000

test('what is sealed is opened by the password alone', async () => {
  const key = await makeVaultKey(crypto, 'first password', FEW)
  const sealed = await seal(crypto, key, operations)
  expect(JSON.stringify(sealed)).not.toContain('Ann')
  expect(await unseal(crypto, sealed, 'another password')).toBeNull()
  expect(await unseal(crypto, sealed, 'first password')).toEqual(operations)
})

test('guessing a password costs as many rounds as are recommended for PBKDF2 with SHA-256', async () => {
  const key = await makeVaultKey(crypto, 'first password')
  expect(key.iterations).toBeGreaterThanOrEqual(600_000)
  expect(await opens(crypto, key, 'first password')).toBe(true)
  expect(await opens(crypto, { ...key, iterations: 1_000 }, 'first password')).toBe(false)
})

test('a key tells whether a password opens it', async () => {
  const key = await makeVaultKey(crypto, 'first password', FEW)
  expect(await opens(crypto, key, 'first password')).toBe(true)
  expect(await opens(crypto, key, 'First password')).toBe(false)
})

test('sealed data that somebody changed is not opened', async () => {
  const key = await makeVaultKey(crypto, 'first password', FEW)
  const sealed = await seal(crypto, key, operations)
  const data = `${sealed.data.startsWith('A') ? 'B' : 'A'}${sealed.data.slice(1)}`
  await expect(unseal(crypto, { ...sealed, data }, 'first password')).rejects.toThrow()
})

test('the same work is sealed differently each time', async () => {
  const key = await makeVaultKey(crypto, 'first password', FEW)
  const [first, second] = [await seal(crypto, key, operations), await seal(crypto, key, operations)]
  expect(first.data).not.toBe(second.data)
  expect(first.ephemeral).not.toBe(second.ephemeral)
})
