import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, type MeasuredFile } from './measure.ts'

const runningNode: MeasuredFile = { name: '(node)', path: process.execPath }

/** A whole package: its archive, what is unpacked beside it, Node, and the resources. Another Node makes another build. */
export function filesOfPackage(shipped: string): MeasuredFile[] {
  const files = filesBelow(shipped, shipped)
  const running = realpathSync(process.execPath)
  const own = files.some(
    ({ name, path }) => /^\.\/node(\.exe)?$/.test(name) && realpathSync(path) === running,
  )
  return own ? files : [...files, runningNode]
}

/** Native code and WebAssembly stay outside what is built. */
const nativeModules = ['better-sqlite3', 'pkcs11js', 'koffi', '@koromix', 'node-tfhe']
const sources = [
  'apps/desktop/src',
  'packages/crypto/src',
  'packages/node-files/src',
  'packages/hsm/src',
  'packages/ceremony/src',
]
const loaded = /\.([cm]?[jt]s|json|node|wasm)$/

/** What core and its children are loaded from in a checkout: the sources or what was built of them, modules, Node. */
export function filesOfCheckout(checkout: string, built: boolean): MeasuredFile[] {
  const own = built ? ['apps/desktop/out/core'] : sources
  return [
    ...[...own, ...nativeModules.map((name) => `node_modules/${name}`)]
      .map((path) => join(checkout, path))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => filesBelow(folder, checkout, loaded)),
    runningNode,
  ]
}
