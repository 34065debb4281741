import { pathToFileURL } from 'node:url'
import type { Plugin } from 'vite'
import { wellKnown } from '../../packages/crypto/src/passphrase/known-words.ts'

/** A phone keeps those well-known passwords alone that the rule of new passphrases looks for, and not the library's whole list. */
export function wellKnownOnly(): Plugin {
  return {
    name: 'lux-well-known',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith('/language-common/dist/passwords.json.mjs')) return null
      const { default: passwords } = await import(pathToFileURL(id).href)
      return `export default ${JSON.stringify(wellKnown(passwords).join('\n'))}.split('\\n')`
    },
  }
}
