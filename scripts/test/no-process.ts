import child from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { Server } from 'node:net'

/** A unit test that starts a process, listens or loads a token's library is in the wrong tier: it fails here and says so. */
const refuse = (what: string) => (): never => {
  throw new Error(`${what}: this file is a unit test by its name; name it .driver.test.ts or .flow.test.ts`)
}

const starting = ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync'] as const
for (const name of starting)
  Object.defineProperty(child, name, { value: refuse(name), configurable: true, writable: true })
syncBuiltinESMExports()

Object.defineProperty(Server.prototype, 'listen', { value: refuse('listen'), configurable: true })

// Sources load the addon as they are imported; what no unit test may is to load a token's library by it.
type Addon = { exports?: { PKCS11?: new () => object } }
const loadAddon = process.dlopen
const guarded = (module: Addon, file: string, flags?: number): void => {
  loadAddon.call(process, module, file, ...(flags === undefined ? [] : [flags]))
  const pkcs11 = module.exports?.PKCS11
  if (module.exports === undefined || pkcs11 === undefined) return
  module.exports.PKCS11 = class extends pkcs11 {
    load = refuse('a token library')
  }
}
// This runs before each file of a worker, which loads an addon once.
if (loadAddon.name !== guarded.name) process.dlopen = guarded
