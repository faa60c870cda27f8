import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

const api = process.env.ANTEROOM_URL ?? 'http://localhost:4000'

/** Names what a device's kept data look like: another schema starts with an empty cache. */
const schema = createHash('sha256')
  .update(readFileSync(new URL('../../schema.graphql', import.meta.url)))
  .digest('hex')
  .slice(0, 16)

/** What the board needs before it can be used; dialogs and the other screens come when they are asked for. */
const firstLoad = new RegExp(
  [
    'node_modules/(react|react-dom|scheduler|i18next|react-i18next|@apollo|rxjs|graphql|graphql-ws|optimism|@wry|clsx)/',
    'clients/offline/',
    'api/(queue|clinic|sync|patient)/',
    'clients/web/(temporal|ports|connection|stay-subscribed|locales/(en|language)|generated/graphql)\\.ts',
    'clients/web/shell/(staff-app|screens|top-bar|sync-band|guide|install)\\.tsx?',
    'clients/web/session/(desk|session|account-menu)\\.tsx?',
    'clients/web/ui/(button|clock|keys|times|toasts|refusal|urgency-mark|rows|steady|theme)\\.tsx?',
    'clients/web/board/(board|acts|actions|arrivals|column|finder|line-row|place|queues)\\.tsx?',
    'clients/web/booking/bookings\\.ts',
  ].join('|'),
)

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  define: { __SCHEMA__: JSON.stringify(schema) },
  // Today's browsers have Temporal; main.tsx brings it to the others.
  resolve: {
    alias: [{ find: /^temporal-polyfill$/, replacement: fileURLToPath(new URL('temporal.ts', import.meta.url)) }],
  },
  plugins: [
    react(),
    VitePWA({
      registerType: 'autoUpdate',
      injectRegister: false,
      manifest: {
        id: '/',
        name: 'Anteroom',
        short_name: 'Anteroom',
        description: "A clinic's front desk and waiting room as one live system.",
        start_url: '/',
        scope: '/',
        display: 'standalone',
        background_color: '#faf9f7',
        theme_color: '#0c5f5b',
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{js,css,html,svg,png,webmanifest}'],
        navigateFallback: '/index.html',
        // Only what this app draws; every other address is the API's own.
        navigateFallbackAllowlist: [/^\/$/, /^\/(display|checkin)\//],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      output: {
        // One file compresses 10 KB better than the thirty that it would be, each with headers of its own.
        codeSplitting: {
          groups: [{ name: 'app', test: firstLoad }],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/oauth', '/setup', '/healthz', '/readyz'].map((path) => [path, { target: api, ws: true }]),
    ),
  },
})
