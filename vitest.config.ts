import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['api/**/*.test.ts'],
    globalSetup: ['api/test/global-setup.ts'],
    pool: 'forks',
    // bcrypt, PostgreSQL and the sockets of a test share the cores with it.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    reporters: ['default'],
  },
})
