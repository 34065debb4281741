import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import { libraryVariables } from '../contract/index.ts'
import type { Library } from './core-options.ts'

/** LUX_PKCS11 names a vendor's library, LUX_PKCS11_INIT what it is told; without it the store has a soft token of its own. */
export function ownLibrary(store: string): Library {
  const path = process.env.LUX_PKCS11
  if (path !== undefined && path !== '') {
    const initString = process.env.LUX_PKCS11_INIT
    return {
      path,
      environment: inheritedVariables(),
      ...(initString === undefined ? {} : { initString }),
      named: true,
    }
  }
  const { library, environment } = softTokenEnvironment(join(store, 'soft-token'))
  return { path: library, environment: { ...environment } }
}

/** Whatever known libraries read of their environment: a vendor's library may be under another name, or hand its calls on. */
export function inheritedVariables(): Record<string, string> {
  return Object.fromEntries(
    libraryVariables.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
