import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

type Report = {
  testResults: {
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const home = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'screens-'))
const output = join(folder, 'report.json')

const said = await new Promise<string>((resolve) => {
  execFile(
    process.execPath,
    [`${root}node_modules/jest/bin/jest.js`, '--json', `--outputFile=${output}`, '--runInBand', '--forceExit'],
    { cwd: home, env: { ...process.env, NODE_ENV: 'test', CI: '1', FORCE_COLOR: '0' }, maxBuffer: 64_000_000 },
    (_error, _stdout, stderr) => resolve(stderr),
  )
})

const read = (): Report => {
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report
  } catch {
    throw new Error(`Jest gave no report:\n${said}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const { testResults } = read()

// Jest draws the screens with React Native's own components; each of its tests is told and counted as one of these.
describe('the screens of a phone', () => {
  for (const { message, assertionResults } of testResults) {
    if (assertionResults.length === 0)
      it('can be read', () => {
        throw new Error(message)
      })
    for (const { fullName, status, failureMessages } of assertionResults)
      it(fullName, () => {
        expect([status, failureMessages.join('\n')]).toEqual(['passed', ''])
      })
  }

  it('are all of them tried', () => {
    expect(testResults).toHaveLength(globSync('test/*.screen.tsx', { cwd: home }).length)
  })
})
