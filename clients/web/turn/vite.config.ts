import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/**
 * The page behind the link in messages, apart from the staff's app: it shares no file with it, so that its first load stays small.
 * With `ssr` the same page as a function for the server, which sends it with the visit already in it.
 */
export default defineConfig(({ isSsrBuild }) => ({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [react()],
  publicDir: false,
  ssr: { noExternal: true },
  // React decides by it which of its builds to be; the server may run as anything.
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: isSsrBuild ? 'node24' : 'es2023',
    modulePreload: { polyfill: false },
    minify: true,
    rollupOptions: isSsrBuild
      ? { input: 'turn/server.tsx', output: { entryFileNames: 'turn-page.mjs' } }
      : { input: fileURLToPath(new URL('../turn.html', import.meta.url)) },
  },
}))
