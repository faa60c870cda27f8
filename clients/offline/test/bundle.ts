import { build } from 'vite'

/** A page's script with all that it needs, as a browser takes it. */
export const bundle = async (page: string): Promise<string> => {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'esnext', modulePreload: false, rolldownOptions: { input: page } },
  })
  const [chunk] = (Array.isArray(output) ? output : [output]).flatMap((one) => ('output' in one ? one.output : []))
  if (chunk?.type !== 'chunk') throw new Error('the page was not built')
  return chunk.code
}
