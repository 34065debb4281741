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
