import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = fileURLToPath(new URL('.', import.meta.url))

/** Names everything that the app is built from: the same files, the same text. */
export const hashOfSources = (): string => {
  const sources = globSync(
    [
      'clients/patient/**/*',
      'clients/offline/**/*',
      'clients/web/{connection,stay-subscribed}.ts',
      'clients/web/{turn,display}/*.ts',
      'package-lock.json',
      'api/{appointment,queue,clinic,sync,patient,visit}/*.ts',
    ],
    {
      cwd: root,
      exclude: ({ name }) => /^(node_modules|dist|proof|test|android|ios|\.build.*|\.expo)$/.test(name),
      withFileTypes: true,
    },
  )
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort()
  const hash = createHash('sha256')
  for (const path of sources) hash.update(path.slice(root.length)).update(readFileSync(path))
  return hash.digest('hex')
}

/** Writes the app's bundle for a platform into a folder, with only what is used of each package in it. */
export const exportApp = (platform: 'web' | 'android', folder: string): void => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...[`${root}node_modules/expo/bin/cli`, 'export', '--platform', platform, '--output-dir', folder],
      // Otherwise bytecode has what only a debugger reads in it, a fifth of its size.
      ...(platform === 'android' ? ['--source-maps', 'external'] : []),
    ],
    {
      cwd: home,
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_ENV: 'production',
        CI: '1',
        EXPO_OFFLINE: '1',
        EXPO_NO_TELEMETRY: '1',
        EXPO_UNSTABLE_METRO_OPTIMIZE_GRAPH: '1',
        EXPO_UNSTABLE_TREE_SHAKING: '1',
      },
    },
  )
  if (status !== 0) throw new Error(`expo export failed:\n${stdout}${stderr}`)
}
