import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What can be proved at full count; `npm test` plays a slice of each. */
const proofs: Record<string, { file: string; says: string }> = {
  contention: {
    file: 'api/queue/contention.test.ts',
    says: '20 rounds of 32 callers and four editors over 1,000 waiting: nobody twice, nobody worse, nobody forgotten',
  },
}

const name = process.argv[2] ?? ''
const proof = proofs[name]
if (!proof) {
  console.error('npm run prove -- NAME, where NAME is one of:')
  for (const [known, { says }] of Object.entries(proofs)) console.error(`  ${known}   ${says}`)
  process.exitCode = 2
} else {
  console.log(`${name}: ${proof.says}`)
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [vitest, 'run', proof.file, '--testTimeout=7200000'], {
    stdio: 'inherit',
    env: { ...process.env, PROVE: name },
  })
  process.exitCode = status ?? 1
}
