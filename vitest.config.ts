import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Vite would choose graphql's development build for our files while packages load the other: two of its kind refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['{api,clients}/**/*.test.{ts,tsx}'],
    globalSetup: ['api/test/global-setup.ts', 'clients/web/test/global-setup.ts'],
    pool: 'forks',
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
