import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import { libraryVariables } from '../contract/index.ts'
import type { Library } from './core-options.ts'

/**
 * LUX_PKCS11 names a vendor's library, LUX_PKCS11_INIT what it is told; without it the store has a soft token of its own. Whatever known
 * libraries read of their environment is passed on: this one may be under another name, or hand its calls on.
 */
export function ownLibrary(store: string): Library {
  const path = process.env.LUX_PKCS11
  if (path !== undefined && path !== '') {
    const environment: Record<string, string> = {}
    for (const name of libraryVariables) {
      const value = process.env[name]
      if (value !== undefined) environment[name] = value
    }
    const initString = process.env.LUX_PKCS11_INIT
    return { path, environment, ...(initString === undefined ? {} : { initString }) }
  }
  const { library, environment } = softTokenEnvironment(join(store, 'soft-token'))
  return { path: library, environment: { ...environment } }
}
