import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest files begin first, so that none of them is left over at the end. */
const longest = [
  'clients/patient/android',
  'clients/web/test/states',
  'api/notification/faults',
  'clients/web/admin/figures',
  'clients/web/test/patient-app',
  'clients/offline/proof/planted',
  'api/notification/messages',
  'clients/web/admin/admin',
  'clients/web/checkin/checkin',
  'clients/offline/proof/histories',
  'clients/web/display/display',
  'clients/web/turn/turn',
  'clients/web/admin/setup',
  'api/access/rights',
  'api/jobs',
  'api/replay/instances',
  'api/queue/contention',
  'api/access/codes-secret',
  'clients/web/session/session',
  'clients/web/test/morning',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = longest.findIndex((name) => moduleId.includes(`/${name}.test.`))
      return index < 0 ? longest.length : index
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  // Vite would choose graphql's development build for our files while packages load the other: two of its kind refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['{api,clients}/**/*.test.{ts,tsx}'],
    globalSetup: ['api/test/global-setup.ts', 'clients/web/test/global-setup.ts'],
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // bcrypt, PostgreSQL and Chromium of a test work in processes of their own; of three tests one mostly waits.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // What is waited for comes at once, but on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default'],
  },
})
