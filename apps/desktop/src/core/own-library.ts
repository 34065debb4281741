import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import type { Library } from './core-options.ts'

/**
 * LUX_PKCS11 names a vendor's library; without it the store has a soft token of its own. SOFTHSM2_CONF beside it is passed on, because
 * the library may be one that hands its calls on to SoftHSM.
 */
export function ownLibrary(store: string): Library {
  const path = process.env.LUX_PKCS11
  const conf = process.env.SOFTHSM2_CONF
  if (path !== undefined && path !== '') {
    return { path, environment: conf === undefined ? {} : { SOFTHSM2_CONF: conf } }
  }
  const { library, environment } = softTokenEnvironment(join(store, 'soft-token'))
  return { path: library, environment: { ...environment } }
}
