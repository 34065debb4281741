import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'

/** The crypto package's own check as one script for Electron's JavaScript: it makes the global `luxSelfTest`. */
export async function bundleSelfTest(): Promise<string> {
  const result = await build({
    configFile: false,
    root: join(root, 'packages/crypto'),
    logLevel: 'error',
    build: {
      write: false,
      target: 'chrome130',
      lib: {
        entry: join(root, 'packages/crypto/test/run-in-electron.ts'),
        formats: ['iife'],
        name: 'luxSelfTest',
      },
    },
  })
  const [bundle] = [result].flat()
  if (bundle === undefined || !('output' in bundle)) throw new Error('vite made no bundle')
  return bundle.output[0].code
}
