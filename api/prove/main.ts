import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** What can be proved at full count; `npm test` plays a slice of each. What is `shared` is divided among as many processes as there are cores. */
const proofs: Record<string, { file: string; says: string; shared?: boolean }> = {
  pumping: {
    file: 'api/access/pumping.test.ts',
    says: '100,000 requests for codes from everywhere: at most 20 messages, none abroad, none after STOP',
  },
  contention: {
    file: 'api/queue/contention.test.ts',
    says: '20 rounds of 32 callers and four editors over 1,000 waiting: nobody twice, nobody worse, nobody forgotten',
  },
  instances: {
    file: 'api/replay/instances.test.ts',
    says: 'a day on three instances, by LISTEN/NOTIFY and by Redis, which are killed and cut off: as right as on one, 0 missed',
  },
  messages: {
    file: 'api/notification/faults.test.ts',
    says: '100,000 messages (--messages N, --minutes N at most) while providers, workers and the database fail: none lost, none doubled, none after STOP, none stale',
  },
  sync: {
    file: 'clients/offline/proof/histories.test.ts',
    says: 'histories of offline devices, faults and wrong clocks (--histories N, or --seed N for one): none lost, none twice, none diverged, none silent',
    shared: true,
  },
  'browser-kill': {
    file: 'clients/offline/proof/browser-kill.test.ts',
    says: 'a browser killed 100 times in the midst of work: nothing lost that it showed as saved',
  },
  'spare-kill': {
    file: 'clients/offline/proof/spare-kill.test.ts',
    says: 'a browser that is killed and then loses its IndexedDB, 30 times: nothing lost that it showed as saved',
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
  const shares = proof.shared && process.argv.includes('--histories') ? availableParallelism() : 1
  const seed = process.env.TEST_SEED ?? String(randomInt(2 ** 31))
  const prove = async (share: number): Promise<number> => {
    const child = spawn(process.execPath, [vitest, 'run', proof.file, '--testTimeout=36000000'], {
      stdio: 'inherit',
      env: {
        ...process.env,
        TEST_SEED: seed,
        PROVE: name,
        PROVE_ARGS: process.argv.slice(3).join(' '),
        PROVE_SHARE: `${share}/${shares}`,
      },
    })
    const [code] = await once(child, 'exit')
    return code ?? 1
  }
  process.exitCode = Math.max(...(await Promise.all(Array.from({ length: shares }, (_, share) => prove(share)))))
}
