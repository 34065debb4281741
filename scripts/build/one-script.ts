import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'

/**
 * Bundles a module of the crypto package with all its imports into one script, for a host that is no page. The script sets the global
 * `name`.
 */
export async function oneScript(module: string, name: string): Promise<string> {
  const folder = join(root, 'packages/crypto')
  const result = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: {
      write: false,
      target: 'chrome130',
      lib: { entry: join(folder, module), formats: ['iife'], name },
    },
  })
  const [bundle] = [result].flat()
  if (bundle === undefined || !('output' in bundle)) throw new Error('vite made no bundle')
  return bundle.output[0].code
}
