import { buildTokenAddon } from '../bootstrap/token-addon.cjs'
import { root } from '../root.ts'

/** The driver's tests load what is built of native code: of its sources as they are now. */
export const setup = (): Promise<void> => buildTokenAddon(root, process.execPath)
