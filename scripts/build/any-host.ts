import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'

/** The page that runs threshold FHE in a browser, with tfhe's web build, written into `folder`. */
export async function buildAnyHostPage(folder: string): Promise<void> {
  await build({
    configFile: false,
    root: join(root, 'packages/crypto/test/any-host'),
    base: './',
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'chrome130', chunkSizeWarningLimit: 4096 },
  })
}

/** The same without tfhe as one script for a host that is no page: it makes the global `luxAnyHost`. */
export async function bundleAnyHost(): Promise<string> {
  const result = await build({
    configFile: false,
    root: join(root, 'packages/crypto'),
    logLevel: 'error',
    build: {
      write: false,
      target: 'chrome130',
      lib: {
        entry: join(root, 'packages/crypto/test/any-host/run.ts'),
        formats: ['iife'],
        name: 'luxAnyHost',
      },
    },
  })
  const [bundle] = [result].flat()
  if (bundle === undefined || !('output' in bundle)) throw new Error('vite made no bundle')
  return bundle.output[0].code
}
