import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Tests of screens open the built app; where the build fails they say so themselves. */
export default (): void => {
  spawnSync(process.execPath, [fileURLToPath(new URL('../build.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}
