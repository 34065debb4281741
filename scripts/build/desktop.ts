import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'
import { checkLocales } from './check-locales.ts'
import { fingerprint, remember, remembers } from './fingerprint.ts'

export const desktop = join(root, 'apps/desktop')

const sources = [
  'apps/desktop/src',
  'apps/desktop/package.json',
  'apps/desktop/electron.vite.config.ts',
  'packages/crypto/src',
  'packages/node-files/src',
  'packages/hsm/src',
  'packages/ceremony/src',
  'packages/people/src',
  'packages/ui/src',
  'resources',
  'package-lock.json',
  'scripts/build',
]

/** Modules with native code or WebAssembly of their own: they stay in node_modules. */
export const nativeModules = ['better-sqlite3', 'pkcs11js', 'koffi', 'node-tfhe'] as const

/** Programs of the privileged side, each run by Node 24 as a process of its own. */
const programs: Readonly<Record<string, string>> = {
  main: 'apps/desktop/src/core/main.ts',
  'hsm-host': 'packages/hsm/src/host/main.ts',
  'key-child': 'apps/desktop/src/core/key-child/main.ts',
  cli: 'apps/desktop/src/cli/start.ts',
}

/** main, preload and renderer: electron-vite reads apps/desktop/electron.vite.config.ts. */
function buildShell(): Promise<void> {
  return new Promise((resolve, reject) => {
    const program = join(root, 'node_modules/.bin/electron-vite')
    // The targets are set by hand, so no Electron is asked for its version.
    const env = { ...process.env, ELECTRON_MAJOR_VER: '33', NODE_ENV: 'production' }
    const child = spawn(program, ['build', '--logLevel', 'warn'], {
      cwd: desktop,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`electron-vite build: exit ${code}`)),
    )
  })
}

async function buildCore(): Promise<void> {
  const input = Object.fromEntries(
    Object.entries(programs)
      .map(([name, path]) => [name, join(root, path)] as const)
      .filter(([, path]) => existsSync(path)),
  )
  const outDir = join(desktop, 'out/core')
  rmSync(outDir, { recursive: true, force: true })
  if (Object.keys(input).length === 0) return
  await build({
    configFile: false,
    root: desktop,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rollupOptions: {
        input,
        external: [...nativeModules, /^@koromix\//, /^node:/, ...builtinModules],
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared/[name]-[hash].js' },
      },
    },
    ssr: { noExternal: true, external: [...nativeModules], target: 'node' },
  })
}

/** Builds the desktop app into apps/desktop/out when a source is newer. Resolves true when it built. */
export async function buildDesktop(): Promise<boolean> {
  const file = join(desktop, 'out/built.txt')
  const print = fingerprint(root, sources)
  if (remembers(file, print)) return false
  rmSync(file, { force: true })
  checkLocales()
  mkdirSync(join(desktop, 'out'), { recursive: true })
  await Promise.all([buildShell(), buildCore()])
  remember(file, print)
  return true
}
