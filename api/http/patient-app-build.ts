import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Deps } from '../context.ts'

const BUILD = fileURLToPath(new URL('../../clients/patient/build.ts', import.meta.url))
const TOOLS = fileURLToPath(new URL('../../node_modules/expo/package.json', import.meta.url))

/** Builds the patient's app beside the running server, where its sources and the tools are there; answers how to stop that. */
export const buildPatientApp = (log: Deps['log']): (() => void) => {
  if (!existsSync(BUILD) || !existsSync(TOOLS)) return () => {}
  const child = spawn(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  child.on('error', (error) => log.warn({ err: error }, "the patient's app could not be built"))
  child.on('exit', (code) => {
    if (code) log.warn({ said }, "the patient's app could not be built")
  })
  child.unref()
  return () => {
    const { pid, exitCode, signalCode } = child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    // With all that it has started, where the platform can do so.
    if (process.platform === 'win32') child.kill()
    else process.kill(-pid)
  }
}
