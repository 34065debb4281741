/** `node pin-pad-place.ts FOLDER`: a soft token with a PIN pad in that folder, for tests of built programs. Prints JSON. */
import { join } from 'node:path'
import { softTokenEnvironment } from '../src/index.ts'
import { buildPinPad } from './pin-pad-shim.ts'

const [folder = ''] = process.argv.slice(2)
const { library, environment } = softTokenEnvironment(join(folder, 'soft'))
process.stdout.write(JSON.stringify({ ...environment, LUX_PKCS11: buildPinPad(folder, library) }))
